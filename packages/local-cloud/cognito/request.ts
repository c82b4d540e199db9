// Reads the JSON of a Cognito call field by field, and refuses other shapes.

import { AwsError } from '../aws-error.ts';
import type { Input } from '../aws/json-protocol.ts';

const invalid = (message: string) => new AwsError('InvalidParameterException', message);

const LONGEST_ID = 55;
const MOST_LOGINS = 10;

/** An identity or pool ID. @throws AwsError InvalidParameterException */
export function idOf(input: Input, name: string): string {
  const value = input[name];
  if (typeof value === 'string' && value.length <= LONGEST_ID && /^[\w-]+:[0-9a-f-]+$/.test(value))
    return value;
  const shown = value === undefined ? 'null' : `'${JSON.stringify(value).slice(0, 100)}'`;
  throw invalid(
    `1 validation error detected: Value ${shown} at '${name}' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w-]+:[0-9a-f-]+`,
  );
}

/** Provider and token of each login, in their order. @throws AwsError InvalidParameterException */
export function loginsOf(input: Input): readonly (readonly [provider: string, token: string])[] {
  const value = input['Logins'] ?? {};
  if (typeof value !== 'object' || Array.isArray(value)) throw invalid('Logins must be a map');
  const logins = Object.entries(value);
  if (logins.length > MOST_LOGINS) throw invalid(`Logins must have at most ${MOST_LOGINS} entries`);
  return logins.map(([provider, token]) => {
    if (provider.length < 1 || provider.length > 128)
      throw invalid('A login provider has 1 to 128 characters');
    if (typeof token !== 'string' || token.length < 1 || token.length > 50_000) {
      throw invalid('A login token is a text of 1 to 50000 characters');
    }
    return [provider, token];
  });
}

/** @throws AwsError InvalidParameterException */
export function numberOf(input: Input, name: string, least: number, most: number): number | undefined {
  const value = input[name];
  if (value === undefined) return undefined;
  if (Number.isInteger(value) && Number(value) >= least && Number(value) <= most) return Number(value);
  throw invalid(`${name} must be a whole number from ${least} to ${most}`);
}
