// Refuses by name what means something else in SQL version 2015-10-08 than in 2016-03-23, or does not exist there.
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

/** The part of an expression that the old version interprets differently. */
function differs({ kind, name }: Found): string | undefined {
  if (kind === 'query' || kind === 'exists') return 'a nested query';
  if (kind === 'call' && ['encode', 'decode'].includes(String(name).toLowerCase()))
    return `${String(name)}()`;
  return undefined;
}

/** @throws SqlError with the position of what the old version interprets differently */
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

/** Why the old version has no output for a payload: it does not support an array at the top level. */
export const ARRAY_REASON = `the payload is an array, which SQL version 2015-10-08 does not output: ${REMEDY}`;
