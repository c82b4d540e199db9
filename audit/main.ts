// `npm run audit`: checks that the windows table has exactly the archived messages' readings, on AWS or on the local cloud.

import { isRefused, notRunning } from '../commands/running-stack.ts';
import { audit } from './audit.ts';
import { AuditError } from './archive-options.ts';
import { parseAuditOptions, usage, type AuditOptions } from './options.ts';

try {
  const options = parseAuditOptions(process.argv.slice(2));
  if (options) process.exitCode = await run(options);
  else console.log(usage);
} catch (error) {
  const { name, message } = error as Error;
  console.error(error instanceof AuditError ? message : `the audit ended: ${name}: ${message}`);
  process.exitCode = 2;
}

async function run(options: AuditOptions): Promise<number> {
  try {
    return (await audit(options, (line) => console.log(line))) ? 0 : 1;
  } catch (error) {
    if (options.dataDir === undefined || !isRefused(error)) throw error;
    throw new AuditError(notRunning(options.dataDir), { cause: error });
  }
}
