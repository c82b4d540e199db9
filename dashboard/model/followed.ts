// A message's path through the stack as the API reports it: the steps with their times, including steps without a known time.

import type { HistoryEntry } from './api-types.ts';
import { numberText, plural, secondText } from './format.ts';
import { storyText } from './story.ts';

export interface Followed {
  readonly deviceId?: string;
  readonly site?: string;
  readonly receivedAt?: number;
  readonly traceId?: string;
  readonly format?: string;
  readonly readings: readonly FollowedReading[];
  readonly rejected: readonly {
    readonly index?: number;
    readonly reason: string;
    readonly detail: string;
    readonly remedy: string;
  }[];
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
  readonly rounded: number;
  readonly judged: readonly string[];
  readonly hints: readonly string[];
  readonly alerts: readonly HistoryEntry[];
}

export interface FollowedReading {
  readonly deviceId: string;
  readonly timestamp: number;
  readonly isOwnTime: boolean;
  readonly metrics: readonly { readonly name: string; readonly value: string; readonly unit?: string }[];
  readonly window: { readonly start: number; readonly end: number };
  readonly counted: 'counted' | 'absent' | 'unknown';
}

export interface ArchivedMessage extends Followed {
  readonly payload: string;
  readonly archive: { readonly key: string; readonly storedAt: number };
}

export interface Step {
  readonly name: string;
  /** Epoch milliseconds; absent if the time is not known. */
  readonly at?: number;
  readonly text: string;
  /** `hot` for an alarm, `open` for a step that is not done or not known. */
  readonly look?: 'hot' | 'open';
}

const COUNTED = {
  counted: 'counted',
  absent: 'not counted',
  unknown: 'probably counted',
} as const;

/** Formats a value, with a true minus sign. */
export const valueText = ({ name, value, unit }: FollowedReading['metrics'][number]) =>
  `${name} ${value.replace('-', '\u2212')}${unit === undefined ? '' : ` ${unit}`}`;

function windowSteps(readings: readonly FollowedReading[]): Step[] {
  const windows = Map.groupBy(readings, ({ deviceId, window }) => `${window.start} ${deviceId}`);
  return [...windows.values()].map((own) => {
    const [{ deviceId, window, counted } = own[0]!] = own;
    const isOpen = own.some((each) => each.counted !== 'counted');
    const count = own.length === 1 ? '' : `${plural(own.length, 'reading')}, `;
    return {
      name: 'Window',
      text: `${deviceId}, ${secondText(window.start)} to ${secondText(window.end)}: ${count}${COUNTED[isOpen ? own.find((each) => each.counted !== 'counted')!.counted : counted]}`,
      ...(isOpen && { look: 'open' as const }),
    };
  });
}

function alertSteps(alerts: readonly HistoryEntry[]): Step[] {
  return alerts.toReversed().flatMap((entry): Step[] => {
    const { at, ruleId, what, channels = [], sentAt, notBefore } = entry;
    const isHot = what === 'raised' || what === 'worsened';
    const decided: Step = {
      name: 'Alert',
      at,
      text: `${ruleId}: ${storyText(entry, false)}`,
      ...(isHot && { look: 'hot' as const }),
    };
    if (channels.length === 0) return [decided];
    const to = channels.join(' and ');
    if (sentAt !== undefined)
      return [decided, { name: 'Sent', at: sentAt, text: `accepted by SNS for ${to}` }];
    const text =
      notBefore === undefined
        ? `for ${to}: not sent, or the time was not recorded`
        : `for ${to}: deferred until ${secondText(notBefore)}`;
    return [decided, { name: 'Sent', text, look: 'open' }];
  });
}

/** The steps from publishing to email. A live message has no archive step yet. */
export function messageSteps(message: Followed & { readonly archive?: ArchivedMessage['archive'] }): Step[] {
  const { receivedAt, archive, readings, rejected, skipped, alerts } = message;
  const own = readings.find(({ isOwnTime }) => isOwnTime);
  const read = [
    readings.length > 0 && plural(readings.length, 'reading'),
    rejected.length > 0 && `${rejected.length} rejected`,
    skipped.length > 0 && plural(skipped.length, 'member skipped', 'members skipped'),
  ].filter(Boolean);
  return [
    ...(own ? [{ name: 'Measured', at: own.timestamp, text: "by the device's clock" }] : []),
    ...(receivedAt === undefined ? [] : [{ name: 'Received', at: receivedAt, text: 'by the rule' }]),
    ...(archive ? [{ name: 'Archived', at: archive.storedAt, text: archive.key }] : []),
    {
      name: 'Read',
      text: read.length > 0 ? read.join(', ') : 'no measurements',
      ...(rejected.length > 0 && { look: 'open' as const }),
    },
    ...windowSteps(readings),
    ...alertSteps(alerts),
  ];
}

/** The time from the rule to SNS; undefined if either time is not known. */
export function delayText(steps: readonly Step[]): string | undefined {
  const from = steps.find(({ name }) => name === 'Received')?.at;
  const to = steps.findLast(({ name, at }) => name === 'Sent' && at !== undefined)?.at;
  if (from === undefined || to === undefined) return undefined;
  return `${numberText((to - from) / 1000)} s from the rule to SNS`;
}
