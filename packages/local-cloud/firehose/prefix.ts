// Object key prefixes of Firehose: `raw/!{timestamp:yyyy/MM/dd}/` (Firehose developer guide, "Custom prefixes").
import type { TimeFormat } from './java-time.ts';
import { compileTimeFormat } from './java-time.ts';

/**
 * @param time of the oldest record of the object
 * @param random gives a new random string for every expression that asks for one
 */
export type Prefix = (time: Date, random: () => string) => string;

/** Appended where the prefix has no timestamp expression. */
const DEFAULT_TIME = 'yyyy/MM/dd/HH/';
const MAX_LENGTH = 1_024;
const expression = /!\{([^:}]*):?([^}]*)\}/g;

function compileExpression(namespace: string, value: string): Prefix | { readonly problem: string } {
  if (namespace === 'timestamp') {
    const format = value === '' ? { problem: 'an empty pattern' } : compileTimeFormat(value);
    return 'problem' in format
      ? { problem: `the time pattern has ${format.problem}` }
      : (time) => format(time);
  }
  if (namespace === 'firehose' && value === 'random-string') return (_time, random) => random();
  return { problem: `!{${namespace}:${value}}` };
}

/**
 * Compiles the Prefix of an S3 destination.
 * @returns what the local cloud does not support, as `{ problem }`, else the prefix as a function
 */
export function compilePrefix(prefix: string): Prefix | { readonly problem: string } {
  if (prefix.length > MAX_LENGTH) return { problem: `more than ${MAX_LENGTH} characters` };
  const parts: Prefix[] = [];
  let end = 0;
  let timed = false;
  const literal = (text: string) => {
    if (text !== '') parts.push(() => text);
  };
  for (const found of prefix.matchAll(expression)) {
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
  return (time, random) => parts.map((part) => part(time, random)).join('');
}
