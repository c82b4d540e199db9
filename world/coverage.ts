// Counts which faults of a trusted system some world has reached, so that what no seed reaches is seen.

import type { FaultKind } from './plan.ts';

export interface Reached {
  /** Faults injected, by kind. */
  readonly faults: Readonly<Record<string, number>>;
  /** Rejections of messages and readings, by reason. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly figures: Readonly<Record<string, number>>;
}

type Count = (reached: Reached) => number;

const fault =
  (...kinds: readonly FaultKind[]): Count =>
  ({ faults }) =>
    kinds.reduce((sum, kind) => sum + (faults[kind] ?? 0), 0);
const reason =
  (...names: readonly string[]): Count =>
  ({ reasons }) =>
    names.reduce((sum, name) => sum + (reasons[name] ?? 0), 0);
const figure =
  (...names: readonly string[]): Count =>
  ({ figures }) =>
    names.reduce((sum, name) => sum + (figures[name] ?? 0), 0);
/** Messages by kind, see messages.ts. */
const sent = (...kinds: readonly string[]) => figure(...kinds.map((kind) => `sent ${kind}`));
/** The tests of tests/fault-cases.test.ts hold it. */
const ELSEWHERE = undefined;

/** The cases of tests/fault-cases.test.ts, by their numbers. Each is counted by something that happened. */
const CASES: readonly (readonly [number: number, text: string, count: Count | undefined])[] = [
  [1, 'a message sent again, with DUP', figure('resent')],
  [2, 'a batch of the stream that comes again', figure('environments lost in stream mode')],
  [3, 'a reading that arrives twice', figure('readings repeated')],
  [4, 'readings in another order than their times', sent('backlog', 'late')],
  [5, 'a late reading', sent('late')],
  [6, 'a reading that is too late', reason('too-late')],
  [7, 'readings on both sides of a boundary of windows', sent('longPack', 'backlog')],
  [8, 'a device that falls silent', figure('devices')],
  [9, 'a client ID that connects twice', fault('twin')],
  [10, 'many devices that connect at once', fault('storm')],
  [11, 'a time in seconds', sent('single')],
  [12, 'a clock that is ahead', reason('too-far-ahead')],
  [13, 'a clock that is behind', reason('too-late')],
  [14, "a step of the machine's clock", fault('clock-step')],
  [15, 'a time of zero or before', reason('timestamp-not-positive')],
  [16, 'a time as text', sent('single')],
  [17, 'a message that is not JSON', reason('not-json-object')],
  [18, 'an empty message', sent('empty')],
  [19, 'a message of 128 KB and one byte', ELSEWHERE],
  [20, 'a message of 10,000 levels', sent('deep')],
  [21, 'a message that is not UTF-8', sent('invalidUtf8')],
  [22, 'a number that no table can hold', sent('badValues')],
  [23, 'an integer beyond 2^53', sent('badValues')],
  [24, 'negative zero', sent('badValues')],
  [25, 'a metric with the name of a member of every object', sent('builtIn')],
  [26, 'a name that is there twice', sent('twice')],
  [27, 'a metric that is null', sent('badValues')],
  [28, 'the ID of another device in a payload', sent('claimed')],
  [29, 'a reserved word as the name of a metric', sent('reserved')],
  [30, 'a name that is too long', sent('longName')],
  [31, 'binary where JSON is expected', sent('binary')],
  [32, 'one record of a batch that always fails', ELSEWHERE],
  [33, 'a batch that always fails', ELSEWHERE],
  [34, 'a function that exceeds its time limit', fault('freeze-environment')],
  [35, 'an environment that dies in an event', fault('crash-environment')],
  [36, 'a crash between the write and the answer', fault('crash-environment', 'lost-answers')],
  [37, 'a partial failure that names no record', ELSEWHERE],
  [38, 'a stream that is split', ELSEWHERE],
  [39, 'a function that is throttled', fault('throttle')],
  [40, 'an event whose attempts all fail', figure('other error objects')],
  [41, 'a table that throttles', fault('throttle')],
  [42, 'a write that loses against another', figure('conditions that failed')],
  [43, 'a batch of which items are not processed', ELSEWHERE],
  [44, 'an answer lost after the commit', fault('lost-answers')],
  [45, 'SNS is down', fault('sns-outage')],
  [46, 'a notification sent again', figure('mails sent again after a crash')],
  [47, 'a window that cleared and raises again', figure('raised again by the window that cleared')],
  [48, 'S3 refuses a delivery', ELSEWHERE],
  [49, 'Firehose refuses some records', ELSEWHERE],
  [50, 'a reading for a window that has expired', ELSEWHERE],
  [51, 'kill -9', fault('kill')],
  [52, 'a full disk', fault('full-disk')],
  [53, 'a power cut that loses or tears what was not synced', fault('power-cut')],
  [54, 'no descriptors left', ELSEWHERE],
  [55, 'a port in use', ELSEWHERE],
  [56, 'a subscriber that does not read', fault('half-open')],
  [57, 'TLS in pieces of one byte', ELSEWHERE],
  [58, 'a stop in order', fault('restart')],
  [59, 'two processes on one data directory', ELSEWHERE],
  [60, 'malformed MQTT', ELSEWHERE],
];

/** What has no number there. */
const MORE: readonly (readonly [text: string, count: Count])[] = [
  [
    'a pack that is empty, too long or not a list',
    reason('no-readings', 'too-many-readings', 'readings-not-array'),
  ],
  ['a part of a pack that is not a reading', reason('reading-not-object')],
  ['a reading without a number', reason('no-metrics')],
  ['a time that is not one', reason('timestamp-type', 'timestamp-format', 'timestamp-out-of-range')],
  ['a connection breaks', fault('cut')],
  ['the process is frozen', fault('freeze')],
  ['a certificate is revoked', figure('certificates revoked')],
  ['a device hears a message', figure('messages heard')],
  ['a window above the limit', figure('windows above the limit')],
];

function lineOf(text: string, count: number): string {
  return `${String(count).padStart(10)}  ${text}${count === 0 ? ' (not reached)' : ''}`;
}

/** The numbers of the cases that a world can reach and none did. */
export const unreached = (reached: Reached): readonly number[] =>
  CASES.filter(([, , count]) => count !== ELSEWHERE && count(reached) === 0).map(([number]) => number);

/** A line for each, with how often it was reached. */
export function coverageLines(reached: Reached): readonly string[] {
  const counted = CASES.map(([number, text, count]) => [number, text, count?.(reached)] as const);
  const covered = counted.filter(([, , count]) => count !== undefined && count > 0).length;
  const elsewhere = counted.filter(([, , count]) => count === undefined);
  return [
    `${covered} of ${CASES.length} cases of tests/fault-cases.test.ts reached:`,
    ...counted.flatMap(([number, text, count]) =>
      count === undefined ? [] : [lineOf(`${String(number).padStart(2)} ${text}`, count)],
    ),
    ...MORE.map(([text, count]) => lineOf(`   ${text}`, count(reached))),
    `Not in the world, but in other tests: ${elsewhere.map(([number, text]) => `${number} ${text}`).join(', ')}.`,
  ];
}
