// Writes and reads the item of the alerts table for the state of one rule and one device.

import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { SEVERITIES, type Severity } from '../core/alert-rule.ts';
import {
  ALERT_STATES,
  TRANSITIONS,
  type Acknowledgement,
  type Alarm,
  type AlertState,
  type HistoryEntry,
  type Notification,
  type PendingNotification,
} from '../core/alert-state.ts';
import { UnreadableStateError } from '../core/unreadable-state.ts';
import type { Snooze } from '../pipeline/ports.ts';

type Item = Record<string, AttributeValue>;

/** Members of the stored JSON before version 0.2.0, with their names since. */
const EARLIER_NAMES: Readonly<Record<string, string>> = {
  told: 'announced',
  toldAt: 'notifiedAt',
  firstToldAt: 'firstNotifiedAt',
  payer: 'sender',
  absence: 'silence',
};

/** The item to store; `stateOf` reads it. */
export function itemOf(state: AlertState): Item {
  return {
    deviceId: { S: state.deviceId },
    ruleId: { S: state.ruleId },
    state: { S: state.state },
    ...(state.severity && { severity: { S: state.severity } }),
    ...(state.acknowledged && { acknowledged: { S: JSON.stringify(state.acknowledged) } }),
    version: { N: String(state.version) },
    windowStart: { N: String(state.windowStart) },
    value: { N: state.value },
    ...(state.cleared && { cleared: { S: state.cleared } }),
    ...(state.newerUnjudged && { newerUnjudged: { BOOL: true } }),
    ...(state.pendingBy !== undefined && { pendingBy: { N: String(state.pendingBy) } }),
    ...(state.alarm && { alarm: { S: JSON.stringify(state.alarm) } }),
    // Absent when nothing is pending, so that the sweep finds what is.
    ...(state.pending.length > 0 && { pending: { S: JSON.stringify(state.pending) } }),
    ...(state.unrecorded.length > 0 && { unrecorded: { S: JSON.stringify(state.unrecorded) } }),
  };
}

/** The state of an item, also of one written before version 0.2.0; an error that names what cannot be read. */
export function stateOf(item: Item): AlertState | Error {
  try {
    const state = readState(item);
    const problem = problemOf(state);
    return problem === undefined ? state : unreadableError(item, problem);
  } catch (cause) {
    return unreadableError(item, 'an attribute is not valid JSON', cause);
  }
}

/** A snooze that cannot be read silences nothing, which is the safer failure. */
export function snoozeOf(item: Item): Snooze | Error {
  try {
    const snooze = JSON.parse(item['snooze']?.S ?? '') as Snooze;
    return typeof snooze?.until === 'number' ? snooze : unreadableError(item, 'it has no until');
  } catch (cause) {
    return unreadableError(item, 'it is not valid JSON', cause);
  }
}

function unreadableError(item: Item, problem: string, cause?: unknown): Error {
  const [deviceId, ruleId] = [item['deviceId']?.S, item['ruleId']?.S];
  const remedy = 'delete the item in the alerts table to start again';
  return new UnreadableStateError(
    `The state of rule ${ruleId} and device ${deviceId} cannot be read: ${problem}; ${remedy}`,
    ...(cause === undefined ? [] : [{ cause }]),
  );
}

function readState(item: Item): AlertState {
  return {
    deviceId: item['deviceId']?.S ?? '',
    ruleId: item['ruleId']?.S ?? '',
    state: item['state']?.S as AlertState['state'],
    ...(item['severity']?.S && { severity: item['severity'].S as Severity }),
    ...(item['acknowledged']?.S && {
      acknowledged: JSON.parse(item['acknowledged'].S) as Acknowledgement,
    }),
    ...(item['alarm']?.S && { alarm: parsed(item['alarm'].S) as Alarm }),
    version: Number(item['version']?.N),
    windowStart: Number(item['windowStart']?.N),
    value: item['value']?.N ?? '0',
    ...(item['cleared']?.S && { cleared: item['cleared'].S as Severity }),
    ...(item['newerUnjudged']?.BOOL && { newerUnjudged: true as const }),
    ...(item['pendingBy']?.N !== undefined && { pendingBy: Number(item['pendingBy'].N) }),
    pending: parsed(item['pending']?.S ?? '[]') as PendingNotification[],
    unrecorded: JSON.parse((item['unrecorded'] ?? item['unfiled'])?.S ?? '[]') as HistoryEntry[],
  };
}

/** Parses stored JSON, and gives its members their present names. */
function parsed(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).map(([name, each]) => [EARLIER_NAMES[name] ?? name, each]))
      : value,
  );
}

/** Checks what later steps rely on. */
function problemOf(read: AlertState): string | undefined {
  const { state, severity, cleared, version, windowStart, alarm, pending, unrecorded } = read;
  if (!ALERT_STATES.includes(state)) return 'state is unknown';
  const severities = [severity, cleared].filter((each) => each !== undefined);
  if (!severities.every((each) => SEVERITIES.includes(each))) return 'severity is unknown';
  if (!Number.isSafeInteger(version) || !Number.isSafeInteger(windowStart))
    return 'version or windowStart is not a whole number';
  if (alarm !== undefined && !isNotification(alarm?.announced)) return 'alarm has no notification';
  if (!Array.isArray(pending) || !pending.every((queued) => isNotification(queued?.notification)))
    return 'pending is not a list of notifications';
  if (!Array.isArray(unrecorded) || !unrecorded.every((entry) => typeof entry?.entryId === 'string'))
    return 'unrecorded is not a list of history entries';
  return undefined;
}

const isNotification = (announced: Notification | undefined | null) =>
  typeof announced?.alertId === 'string' &&
  TRANSITIONS.includes(announced.transition) &&
  SEVERITIES.includes(announced.severity) &&
  Array.isArray(announced.channels) &&
  [announced.windowStart, announced.since, announced.decidedAt].every(Number.isFinite);
