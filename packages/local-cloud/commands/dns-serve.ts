// `dns serve`: the DNS port, the health checkers and the Route 53 API of a template, until a signal stops them.

import { systemClock } from '../clock.ts';
import type { DnsModel } from '../dns/model.ts';
import { openDns } from '../dns/open.ts';
import { createLog, printable } from '../log.ts';
import type { ServeOptions } from './dns-options.ts';

/** Resolves when it serves. @throws StartError for what the user can fix. */
export async function serve(options: ServeOptions, model: DnsModel): Promise<void> {
  process.umask(0o077);
  const log = createLog(process.stdout, () => systemClock.now());
  const dns = await openDns({ ...options, model, clock: systemClock, log, random: Math.random });
  let isStopping = false;
  const stop = () => {
    if (isStopping) return;
    isStopping = true;
    dns.close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${printable((error as Error).stack ?? String(error))}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.stdout.on('error', stop); // the reader has ended
  for (const { zone, records } of model.zones)
    process.stdout.write(`${zone.name} has ${records.length} records\n`);
  const address = options.host.includes(':') ? `[${options.host}]` : options.host;
  process.stdout.write(`ready dns://${address}:${dns.port} ${dns.url}\n`);
}
