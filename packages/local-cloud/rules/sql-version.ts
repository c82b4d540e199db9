// Refuses by name what SQL version 2015-10-08 gives otherwise than 2016-03-23, or does not know: the rest both mean alike.
// https://docs.aws.amazon.com/iot/latest/developerguide/iot-rule-sql-version.html

import { SqlError } from './sql-error.ts';
import { someExpression, type Statement } from './syntax.ts';

export type SqlVersion = '2015-10-08' | '2016-03-23';

/** AWS's default where a rule names none. */
export const OLD_VERSION: SqlVersion = '2015-10-08';

const REMEDY = "set AwsIotSqlVersion: '2016-03-23'";

interface Found {
  readonly kind?: unknown;
  readonly name?: unknown;
  readonly at?: unknown;
}

/** What of an expression the old version has otherwise. */
function differs({ kind, name }: Found): string | undefined {
  if (kind === 'query' || kind === 'exists') return 'a nested query';
  if (kind === 'call' && ['encode', 'decode'].includes(String(name).toLowerCase()))
    return `${String(name)}()`;
  return undefined;
}

/** @throws SqlError with the position of what the old version has otherwise */
export function requireAlike(statement: Statement, sql: string): void {
  const refuse = (what: string, at: number): never => {
    throw new SqlError(
      sql,
      at,
      `${what} is of SQL version 2016-03-23, and this rule has 2015-10-08, which AWS takes where AwsIotSqlVersion is left out: ${REMEDY}`,
    );
  };
  const { select } = statement;
  if (select.kind === 'value') refuse('SELECT VALUE', select.of.at);
  someExpression(statement, (found: Found) => {
    const what = differs(found);
    if (what !== undefined) refuse(what, typeof found.at === 'number' ? found.at : 0);
    return false;
  });
}

/** Why the old version gives no output for a payload; at its top level it knows no arrays. */
export const ARRAY_REASON = `the payload is an array, which SQL version 2015-10-08 does not output: ${REMEDY}`;
