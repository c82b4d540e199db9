// `npm run rebuild`: rebuilds windows from archived messages, into a new table or the stack's, on AWS or on the local cloud.

import { isRefused, notRunning } from '../commands/running-stack.ts';
import { AuditError } from './archive-options.ts';
import { parseRebuildOptions, usage, type RebuildOptions } from './rebuild-options.ts';
import { rebuild } from './rebuild.ts';

try {
  const options = parseRebuildOptions(process.argv.slice(2));
  if (options) process.exitCode = await run(options);
  else console.log(usage);
} catch (error) {
  const { name, message } = error as Error;
  console.error(
    error instanceof AuditError
      ? message
      : `the rebuild ended before it was done; run it again once the cause is fixed: ${name}: ${message}`,
  );
  process.exitCode = 2;
}

async function run(options: RebuildOptions): Promise<number> {
  const output = {
    say: (line: string) => console.log(line),
    progress: (line: string) => console.error(line),
  };
  try {
    const isWhole = await rebuild(options, output);
    if (!options.isDryRun)
      console.log('the rebuild judged no alerts; npm run audit compares the table with the archive');
    return isWhole ? 0 : 1;
  } catch (error) {
    if (options.dataDir === undefined || !isRefused(error)) throw error;
    throw new AuditError(notRunning(options.dataDir), { cause: error });
  }
}
