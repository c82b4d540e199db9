// Object key prefixes of Firehose: `raw/!{timestamp:yyyy/MM/dd}/` (Firehose developer guide, "Custom prefixes").

import { compileTimeFormat, type TimeFormat } from './java-time.ts';

/** What expressions of a prefix stand for, besides the time. */
export interface PrefixValues {
  /** Gives a new random string for every expression that asks for one. */
  readonly random: () => string;
  readonly queryKeys?: Readonly<Record<string, string>>;
  readonly functionKeys?: Readonly<Record<string, string>>;
  /** Of an error prefix, such as `processing-failed`. */
  readonly errorType?: string;
}

/**
 * @param time of the oldest record of the object
 * @returns undefined where a partition key is missing
 */
export type Prefix = (time: Date, values: PrefixValues) => string | undefined;
type Piece = Prefix;

/** Appended where the prefix has no timestamp expression. */
const DEFAULT_TIME = 'yyyy/MM/dd/HH/';
const MAX_LENGTH = 1_024;
const EXPRESSION = /!\{([^:}]*):?([^}]*)\}/g;

function compileExpression(namespace: string, value: string): Piece | { readonly problem: string } {
  if (namespace === 'timestamp') {
    const format = value === '' ? { problem: 'an empty pattern' } : compileTimeFormat(value);
    return 'problem' in format
      ? { problem: `the time pattern has ${format.problem}` }
      : (time) => format(time);
  }
  if (namespace === 'firehose' && value === 'random-string') return (_time, { random }) => random();
  if (namespace === 'firehose' && value === 'error-output-type')
    return (_time, { errorType = '' }) => errorType;
  if (namespace === 'partitionKeyFromQuery' && value !== '')
    return (_time, { queryKeys }) => queryKeys?.[value];
  if (namespace === 'partitionKeyFromLambda' && value !== '')
    return (_time, { functionKeys }) => functionKeys?.[value];
  return { problem: `!{${namespace}:${value}}` };
}

/**
 * Compiles the Prefix of an S3 destination.
 * @returns what the local cloud does not support, as `{ problem }`, else the prefix as a function
 */
export function compilePrefix(
  prefix: string,
  /** For what is written into the error prefix, which gets no time of its own. */
  { isTimed = true }: { readonly isTimed?: boolean } = {},
): Prefix | { readonly problem: string } {
  if (prefix.length > MAX_LENGTH) return { problem: `more than ${MAX_LENGTH} characters` };
  const parts: Piece[] = [];
  let end = 0;
  let timed = !isTimed;
  const literal = (text: string) => {
    if (text !== '') parts.push(() => text);
  };
  for (const found of prefix.matchAll(EXPRESSION)) {
    const [whole, namespace = '', value = ''] = found;
    const part = compileExpression(namespace, value);
    if (typeof part !== 'function') return part;
    timed ||= namespace === 'timestamp';
    literal(prefix.slice(end, found.index));
    parts.push(part);
    end = found.index + whole.length;
  }
  const rest = prefix.slice(end);
  if (rest.includes('!{')) return { problem: 'an expression without }' };
  literal(rest);
  if (!timed) parts.push(compileTimeFormat(DEFAULT_TIME) as TimeFormat);
  return (time, values) => {
    const found = parts.map((part) => part(time, values));
    return found.includes(undefined) ? undefined : found.join('');
  };
}
