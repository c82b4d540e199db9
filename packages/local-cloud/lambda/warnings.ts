// Shows on the terminal what a function logs as a warning or an error, since nobody watches its log file meanwhile.

import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { createLogThrottle } from '../log-throttle.ts';
import { parseJsonLine } from './json-line.ts';

/** Of one function and level: what repeats comes once a minute, and a flood of different lines ends here. */
const LIMITS = { pauseMs: 60_000, maxLines: 20 };
const MAX_FIELDS = 12;
const MAX_VALUE_LENGTH = 160;
const MAX_TEXT_LENGTH = 480;

const LEVELS = new Map<unknown, 'warn' | 'error'>([
  ['warn', 'warn'],
  ['warning', 'warn'],
  ['error', 'error'],
  ['critical', 'error'],
  ['fatal', 'error'],
]);
/** Most lines have none of them, and cost one search. */
const ANY_LEVEL = new RegExp(`"level":\\s*"(?:${[...LEVELS.keys()].join('|')})"`, 'i');

/** What loggers put on every line: Powertools, Lambda's own JSON format, pino. */
const LOGGERS_OWN = new Set([
  ...['level', 'message', 'msg', 'timestamp', 'time', 'service', 'location', 'cold_start', 'sampling_rate'],
  ...['tenant_id', 'pid', 'hostname', 'stack', 'errorType', 'errorMessage', 'stackTrace'],
  ...['function', 'notShown'], // ours
]);
/** The function, and what names one event of many: neither is news, and the second would make each line a new one. */
const OF_FUNCTION_OR_EVENT = /^function_|(?:trace|span|request|correlation|event|message)[-_]?id$/i;

type Value = string | number | boolean;
type Field = readonly [name: string, value: Value];

const cut = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length - 1).toWellFormed()}…` : text;

/** An error is said by its name and message; other objects and arrays are for the log file. */
function valueOf(value: unknown): Value | undefined {
  if (typeof value === 'string') return value === '' ? undefined : cut(value, MAX_VALUE_LENGTH);
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value !== 'object' || value === null) return undefined;
  const { name, message } = value as { name?: unknown; message?: unknown };
  if (typeof message !== 'string') return undefined;
  return cut(typeof name === 'string' ? `${name}: ${message}` : message, MAX_VALUE_LENGTH);
}

const fieldsOf = (document: Readonly<Record<string, unknown>>): Field[] =>
  Object.entries(document)
    .filter(([name]) => !LOGGERS_OWN.has(name) && !OF_FUNCTION_OR_EVENT.test(name))
    .map(([name, value]) => [cut(name, MAX_VALUE_LENGTH), valueOf(value)] as const)
    .filter((field): field is Field => field[1] !== undefined)
    .slice(0, MAX_FIELDS);

/** The texts by their value, in the order they were logged, the others in brackets behind them: `a: b (readings 3): c`. */
function inWords(functionId: string, message: string, fields: readonly Field[], leftOut: number): string {
  const said = fields.map(([name, value]) =>
    typeof value === 'string' ? `: ${value}` : ` (${name} ${value})`,
  );
  const more = leftOut > 0 ? ` (${leftOut} more not shown)` : '';
  return cut(`${functionId}: ${message}${said.join('')}`, MAX_TEXT_LENGTH) + more;
}

/**
 * @param functionId as the template calls it.
 * @param logFile where everything is.
 * @returns a function that takes every line of the function's output
 */
export function createWarnings(
  functionId: string,
  logFile: string,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): (line: string) => void {
  const throttles = { warn: createLogThrottle(clock, LIMITS), error: createLogThrottle(clock, LIMITS) };
  return (line) => {
    if (!ANY_LEVEL.test(line)) return;
    const document = parseJsonLine(line);
    const level = LEVELS.get(String(document?.['level']).toLowerCase());
    if (!document || !level) return; // the level of something nested
    const said = document['message'] ?? document['msg'];
    const message = typeof said === 'string' ? cut(said, MAX_VALUE_LENGTH) : 'no message';
    const fields = fieldsOf(document);
    const cause = JSON.stringify([message, ...fields.filter(([, value]) => typeof value !== 'number')]);
    const leftOut = throttles[level](cause);
    if (!leftOut) return;
    const { ofCause, ofOthers } = leftOut;
    if (ofOthers > 0) {
      log[level]('lines of a function not shown here', {
        function: functionId,
        lines: ofOthers,
        file: logFile,
      });
    }
    log[level](
      message,
      { function: functionId, ...Object.fromEntries(fields), notShown: ofCause || undefined },
      inWords(functionId, message, fields, ofCause),
    );
  };
}
