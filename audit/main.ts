// `npm run audit`: whether the windows table has exactly what the archived messages amount to, on AWS or on the local cloud.

import { audit } from './audit.ts';
import { AuditError, parseAuditOptions, usage } from './options.ts';

try {
  const options = parseAuditOptions(process.argv.slice(2));
  if (options) process.exitCode = (await audit(options, (line) => console.log(line))) ? 0 : 1;
  else console.log(usage);
} catch (error) {
  const { name, message, code } = error as NodeJS.ErrnoException;
  const remedy = code === 'ECONNREFUSED' ? '; for the local cloud run npm start first' : '';
  console.error(error instanceof AuditError ? message : `the audit ended: ${name}: ${message}${remedy}`);
  process.exitCode = 2;
}
