// Prints the command that publishes a first reading with a device's new files.

import type { DeviceFiles } from './device-files.ts';

export type Say = (line: string) => void;

const quote = (text: string) =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** @param broker its address `mqtts://host:port`, and domain names for which it has a certificate */
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
    say(`or, if DNS resolves ${domain} to this machine, with -h ${domain} instead of -h ${host}`);
}
