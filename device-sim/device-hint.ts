// The command that publishes a first reading with a device's new files, ready to paste.

import type { DeviceFiles } from './device-files.ts';

export type Say = (line: string) => void;

const quote = (text: string) =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** @param broker at `mqtts://host:port`, and names that it has a certificate for, wherever DNS leads them */
export function sayHowToPublish(
  { url, domains }: { readonly url: string; readonly domains: readonly string[] },
  { name, group }: { readonly name: string; readonly group: string | undefined },
  files: DeviceFiles,
  say: Say,
): void {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const credentials = `--cafile ${quote(files.ca)} --cert ${quote(files.cert)} --key ${quote(files.key)}`;
  const topic = `telemetry/${(group ?? 'default').toLowerCase()}/${name}`;
  say('');
  say('publish a reading:');
  say(`  mosquitto_pub -h ${host} -p ${port} ${credentials} \\`);
  say(`    -i ${name} -q 1 -t ${topic} -m '{"temperature": 4.2, "humidity": 51}'`);
  for (const domain of domains)
    say(`or, where DNS leads ${domain} to this machine, with -h ${domain} in the place of -h ${host}`);
}
