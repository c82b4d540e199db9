// What happened to an alert, as people say it.

import type { HistoryEntry, Recipient } from './api-types.ts';
import { dayMinuteText, numberText } from './format.ts';

/** `arn:aws:sts::123456789012:assumed-role/Viewer/alice` and `us-east-1:<uuid>` in few letters. */
export function personText(by: string | undefined): string {
  if (by === undefined) return 'somebody';
  const name = by.split('/').at(-1)!;
  return /^[a-z]{2}-[a-z]+-\d:[0-9a-f-]{36}$/.test(name) ? `user ${name.slice(-4)}` : name;
}

const figure = ({ value, unit }: HistoryEntry): string =>
  value === undefined ? '' : `${numberText(Number(value), unit)}${unit === undefined ? '' : ` ${unit}`}`;

const words = ({ words: said }: HistoryEntry): string => (said === undefined ? '' : `, ${said}`);

const limit = ({ limit, unit }: HistoryEntry): string =>
  limit === undefined
    ? ''
    : `, limit ${numberText(Number(limit), unit, true)}${unit === undefined ? '' : ` ${unit}`}`;

const TEXTS: Readonly<Record<string, (entry: HistoryEntry, isSilence: boolean) => string>> = {
  raised: (entry, isSilence) =>
    isSilence
      ? 'Alarm: nothing was heard'
      : `Alarm: ${figure(entry)}${entry.words === undefined ? limit(entry) : words(entry)}`,
  worsened: (entry) => `Worse, now ${entry.severity ?? ''}: ${figure(entry)}${words(entry)}`,
  eased: (entry) => `Better, now ${entry.severity ?? ''}: ${figure(entry)}${words(entry)}`,
  cleared: (entry, isSilence) => (isSilence ? 'Over: heard again' : `Over: ${figure(entry)}${words(entry)}`),
  ended: () => 'Ended: the rule was changed or removed',
  repeated: (entry, isSilence) => (isSilence ? 'Reminder' : `Reminder: ${figure(entry)}`),
  escalated: () => 'Nobody had acknowledged it: escalated',
  acknowledged: ({ by }) => `Acknowledged by ${personText(by)}`,
  commented: ({ by }) => `Note by ${personText(by)}`,
  'delivery-failed': ({ reason }) => `A notification was not delivered: ${reason ?? 'unknown reason'}`,
};

export const storyText = (entry: HistoryEntry, isSilence: boolean): string =>
  TEXTS[entry.what]?.(entry, isSilence) ?? entry.what;

/** How an entry looks in the line of times: red is what was wrong. */
export const isHot = ({ what }: HistoryEntry): boolean => what === 'raised' || what === 'worsened';

const channelText = (channel: string) => (channel === 'sms' ? 'SMS' : channel);

/** To whom a change was sent, or will be as the subscriptions are now, if they are known; undefined of what is not announced. */
export function tellingText(
  { channels = [], sentAt, sentTo, sentToMore = 0, notBefore }: HistoryEntry,
  recipients: readonly Recipient[] | undefined,
): string | undefined {
  if (channels.length === 0) return undefined;
  const by = `by ${channels.map(channelText).join(' and ')}`;
  if (sentAt !== undefined) {
    if (!sentTo) return `${by}; who subscribed then was not recorded`;
    const groups = channels.map((channel) => groupText(channel, sentTo));
    return `to ${groups.join('; ')}${sentToMore > 0 ? `; and ${sentToMore} more` : ''}`;
  }
  const now = recipients
    ?.filter(({ channel }) => channels.includes(channel))
    .map(({ address, isConfirmed }) => (isConfirmed ? address : `${address} (not confirmed)`));
  const to = now && ` to ${now.length > 0 ? now.join(', ') : 'nobody: no subscription takes it'}`;
  if (notBefore !== undefined) return `Deferred until ${dayMinuteText(notBefore)}, ${by}${to ?? ''}`;
  return `Not known to be sent yet, ${by}${to ?? ''}`;
}

/** `2 email subscribers (a…@example.com, b…@example.com)`. */
function groupText(channel: string, sentTo: NonNullable<HistoryEntry['sentTo']>): string {
  const own = sentTo.filter((each) => each.channel === channel).map(({ address }) => address);
  const name = `${channelText(channel)} ${own.length === 1 ? 'subscriber' : 'subscribers'}`;
  return own.length === 0 ? `no ${name}` : `${own.length} ${name} (${own.join(', ')})`;
}

export interface StoryStep {
  readonly entry: HistoryEntry;
  /** Deliveries of its notification that failed, oldest first. */
  readonly failures: readonly HistoryEntry[];
}

/** The entries, each with what of its notification was not delivered. A failure whose entry is not here is a step of its own. */
export function stepsOf(entries: readonly HistoryEntry[]): StoryStep[] {
  const ids = new Set(entries.map(({ entryId }) => entryId));
  const failures = Map.groupBy(entries, ({ about }) => about);
  return entries
    .filter(({ about }) => about === undefined || !ids.has(about))
    .map((entry) => ({
      entry,
      failures: (failures.get(entry.entryId) ?? []).toSorted((a, b) => a.at - b.at),
    }));
}
