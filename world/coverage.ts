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

/** Each is counted by something that happened, not by what was meant to happen. */
const ROWS: readonly (readonly [fault: string, count: Count])[] = [
  ['a message sent again, with DUP', figure('resent')],
  ['a reading that arrives twice', figure('readings repeated')],
  ['an archived line written twice', figure('archive lines repeated')],
  ['a reading that is too late', reason('too-late')],
  ['a reading from the future', reason('too-far-ahead')],
  ['a time that is not one', reason('timestamp-type', 'timestamp-format', 'timestamp-out-of-range')],
  ['a time of zero or before', reason('timestamp-not-positive')],
  ['a message that is not JSON', reason('not-json-object')],
  ['a reading without a number', reason('no-metrics')],
  [
    'a pack that is empty, too long or not a list',
    reason('no-readings', 'too-many-readings', 'readings-not-array'),
  ],
  ['a part of a pack that is not a reading', reason('reading-not-object')],
  ['many devices connect at once', fault('storm')],
  ['the clock steps', fault('clock-step')],
  ['a connection breaks', fault('cut')],
  ['a connection is half open', fault('half-open')],
  ['an environment dies in an event', fault('crash-environment')],
  ['an environment or the process is frozen', fault('freeze', 'freeze-environment')],
  ['DynamoDB throttles', fault('throttle')],
  ['an answer is lost after the commit', fault('lost-answers')],
  ['SNS is down', fault('sns-outage')],
  ['kill -9', fault('kill')],
  ['a power cut loses or tears what was not synced', fault('power-cut')],
  ['the disk is full', fault('full-disk')],
  ['a stop in order', fault('restart')],
  ['a window above the limit', figure('windows above the limit')],
  ['a window that cleared raises again', figure('raised again by the window that cleared')],
  ['a notification sent again after a crash', figure('mails sent again after a crash')],
];

/** A line for each, with how often it was reached. */
export function coverageLines(reached: Reached): readonly string[] {
  const counted = ROWS.map(([text, count]) => [text, count(reached)] as const);
  const covered = counted.filter(([, count]) => count > 0).length;
  return [
    `${covered} of ${ROWS.length} kinds of faults reached:`,
    ...counted.map(
      ([text, count]) => `${String(count).padStart(10)}  ${text}${count === 0 ? ' (not reached)' : ''}`,
    ),
  ];
}
