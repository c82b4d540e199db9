// InfluxDB line protocol, which Telegraf sends by default: one point per line.
//
// @see https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/

import type { Draft, Format } from './draft.ts';
import { draftsOfPoints, type Point } from './points.ts';
import { measuredAt } from './samples.ts';

/** A name or a tag's value: `\` escapes a mark in it. */
const NAME = /(?:\\.|[^\\\s,=])+/y;
const MEASUREMENT = /(?:\\.|[^\\\s,])+/y;
const FIELD_VALUE = /"(?:\\.|[^"\\])*"|[^\s,"]+/y;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const INTEGER = /^([+-]?\d+)[iu]$/;
const TRUE = new Set(['t', 'T', 'true', 'True', 'TRUE']);
const FALSE = new Set(['f', 'F', 'false', 'False', 'FALSE']);

/** Words that begin a log line, such as `ERROR code=5`, which has the form of a point. */
const LOG_WORD =
  /^\W*(?:err(?:or)?|warn(?:ing)?|info|notice|debug|trace|fatal|crit(?:ical)?|panic|alert|fail(?:ed|ure)?|exception|ok|ack|nack|log|msg|message|status|result)\W*$/i;

/** Text with at least one line that is a point. Other lines, except comments, are named by their numbers, from 0. */
export const lineProtocol: Format = {
  name: 'line-protocol',
  read(payload) {
    if (typeof payload !== 'string') return undefined;
    const points: Point[] = [];
    const unread: string[][] = [];
    for (const [index, line] of linesOf(payload).entries()) {
      if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
      const point = pointOf(line.trim(), String(index));
      if (point) points.push(point);
      else unread.push([String(index)]);
    }
    if (points.length === 0) return undefined;
    const [first, ...rest] = draftsOfPoints(points).map((draft): Draft => ({ ...draft, at: [] }));
    return [{ ...first!, unmeasured: unread }, ...rest];
  },
};

/** Quoted text may contain line breaks. */
function linesOf(text: string): string[] {
  const lines: string[][] = [];
  let isOpen = false;
  for (const line of text.split(/\r?\n/)) {
    if (isOpen) lines.at(-1)!.push(line);
    else lines.push([line]);
    const quotes = line.startsWith('#') ? 0 : (line.match(/(?<!\\)"/g)?.length ?? 0);
    if (quotes % 2 === 1) isOpen = !isOpen;
  }
  return lines.map((parts) => parts.join('\n'));
}

function pointOf(line: string, number: string): Point | undefined {
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(line)?.[0];
    at += found?.length ?? 0;
    return found;
  };
  const pairs = (value: RegExp): [string, string][] | undefined => {
    const found: [string, string][] = [];
    do {
      const name = take(NAME);
      if (name === undefined || take(/=/y) === undefined) return undefined;
      const text = take(value);
      if (text === undefined) return undefined;
      found.push([plain(name), text]);
    } while (take(/,/y));
    return found;
  };
  const measurement = take(MEASUREMENT);
  const tags = take(/,/y) ? pairs(NAME) : [];
  if (measurement === undefined || !tags || !take(/ +/y)) return undefined;
  const fields = pairs(FIELD_VALUE);
  const time = take(/ +/y) ? take(/\d+$/y) : undefined;
  if (!fields || at < line.length) return undefined;
  if (tags.length === 0 && time === undefined && LOG_WORD.test(measurement)) return undefined;
  return {
    at: [number],
    measurement: plain(measurement),
    tags: new Map(tags.map(([name, value]) => [name, plain(value)])),
    fields: fields.map(([name, value]) => ({ path: [number, name], name, value: valueOf(value) })),
    times: time === undefined ? [] : [measuredAt([number, 'time'], time)],
  };
}

const plain = (text: string) => text.replaceAll(/\\([,= \\])/g, '$1');

/** Integers and nanoseconds stay text: they may have more digits than a double holds. Text of no known type has no value. */
function valueOf(text: string): unknown {
  if (text.startsWith('"')) return text.slice(1, -1).replaceAll(/\\(["\\])/g, '$1');
  if (TRUE.has(text)) return true;
  if (FALSE.has(text)) return false;
  const integer = INTEGER.exec(text)?.[1];
  if (integer !== undefined) return integer;
  return NUMBER.test(text) ? Number(text) : null;
}
