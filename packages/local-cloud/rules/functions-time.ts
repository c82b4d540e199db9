// parse_time() and time_to_epoch(): times to text and back.

import type { SqlFunction } from './sql-function.ts';
import { SqlFailure } from './sql-error.ts';
import type { Expression } from './syntax.ts';
import { compileTimeFormat } from './time-format.ts';
import { compileTimeParser } from './time-parse.ts';
import { timeZone } from './time-zone.ts';
import { toInt, toText, type Value } from '../json/value.ts';

/** The range of a Date. */
const MAX_TIME = 8.64e15;
const MAX_CACHED = 100;

/** Compiled patterns that are kept. Patterns are nearly always literals; those from payloads replace each other. */
function remember<Compiled extends object>(
  compile: (pattern: string) => Compiled,
): (pattern: string) => Compiled {
  const cache = new Map<string, Compiled>();
  return (pattern) => {
    const known = cache.get(pattern);
    if (known) return known;
    const found = compile(pattern);
    if (cache.size >= MAX_CACHED) cache.clear();
    cache.set(pattern, found);
    return found;
  };
}

const formatOf = remember(compileTimeFormat);
const parserOf = remember(compileTimeParser);

/** @throws SqlFailure for an unknown pattern in a payload */
function usable<Compiled>(found: Compiled | { readonly problem: string }): Compiled {
  if (typeof found === 'object' && found !== null && 'problem' in found) {
    throw new SqlFailure(`the local cloud does not know the time pattern: ${found.problem}`);
  }
  return found;
}

const textOf = (node: Expression | undefined) =>
  node?.kind === 'literal' && typeof node.value === 'string' ? node.value : undefined;

function checkPattern(compile: (pattern: string) => object, index: number) {
  return (args: readonly Expression[]) => {
    const pattern = textOf(args[index]);
    const found = pattern === undefined ? {} : compile(pattern);
    return 'problem' in found ? { at: args[index]!.at, problem: String(found.problem) } : undefined;
  };
}

const checkFormat = checkPattern(formatOf, 0);

function checkFormatAndZone(args: readonly Expression[]) {
  const zone = textOf(args[2]);
  if (zone === undefined || timeZone(zone)) return checkFormat(args);
  return { at: args[2]!.at, problem: `there is no time zone ${JSON.stringify(zone)}` };
}

function parseTime(_message: unknown, pattern: Value, timestamp: Value, ...zoneId: Value[]): Value {
  const [format, time, id] = [
    toText(pattern),
    toInt(timestamp),
    zoneId.length === 0 ? 'UTC' : toText(zoneId[0]),
  ];
  if (format === undefined || time === undefined || id === undefined || Math.abs(time) > MAX_TIME)
    return undefined;
  const zone = timeZone(id);
  return zone && usable(formatOf(format))(time, zone);
}

function timeToEpoch(_message: unknown, timestamp: Value, pattern: Value): Value {
  const [text, form] = [toText(timestamp), toText(pattern)];
  return text === undefined || form === undefined ? undefined : usable(parserOf(form))(text);
}

export const timeFunctions: Readonly<Record<string, SqlFunction>> = {
  parse_time: { minimum: 2, maximum: 3, evaluate: parseTime, check: checkFormatAndZone },
  time_to_epoch: { minimum: 2, maximum: 2, evaluate: timeToEpoch, check: checkPattern(parserOf, 1) },
};
