// Describes what happened to an alert.

import type { HistoryEntry, Recipient } from './api-types.ts';
import { dayMinuteText, numberText } from './format.ts';

/** A short name for `arn:aws:sts::123456789012:assumed-role/Viewer/alice` or `us-east-1:<uuid>`. */
export function personText(by: string | undefined): string {
  if (by === undefined) return 'somebody';
  const name = by.split('/').at(-1)!;
  return /^[a-z]{2}-[a-z]+-\d:[0-9a-f-]{36}$/.test(name) ? `user ${name.slice(-4)}` : name;
}

const valueText = ({ value, unit }: HistoryEntry): string =>
  value === undefined ? '' : `${numberText(Number(value), unit)}${unit === undefined ? '' : ` ${unit}`}`;

const words = ({ words: text }: HistoryEntry): string => (text === undefined ? '' : `, ${text}`);

const limit = ({ limit, unit }: HistoryEntry): string =>
  limit === undefined
    ? ''
    : `, limit ${numberText(Number(limit), unit, true)}${unit === undefined ? '' : ` ${unit}`}`;

const TEXTS: Readonly<Record<string, (entry: HistoryEntry, isSilence: boolean) => string>> = {
  raised: (entry, isSilence) =>
    isSilence
      ? 'Alarm: no data'
      : `Alarm: ${valueText(entry)}${entry.words === undefined ? limit(entry) : words(entry)}`,
  worsened: (entry) => `Worse, now ${entry.severity ?? ''}: ${valueText(entry)}${words(entry)}`,
  eased: (entry) => `Better, now ${entry.severity ?? ''}: ${valueText(entry)}${words(entry)}`,
  cleared: (entry, isSilence) =>
    isSilence ? 'Over: data arrives again' : `Over: ${valueText(entry)}${words(entry)}`,
  ended: () => 'Ended: the rule was changed or removed',
  repeated: (entry, isSilence) => (isSilence ? 'Reminder' : `Reminder: ${valueText(entry)}`),
  escalated: () => 'Escalated: nobody acknowledged it',
  acknowledged: ({ by }) => `Acknowledged by ${personText(by)}`,
  commented: ({ by }) => `Note by ${personText(by)}`,
  'delivery-failed': ({ reason }) => `A notification was not delivered: ${reason ?? 'unknown reason'}`,
};

export const storyText = (entry: HistoryEntry, isSilence: boolean): string =>
  TEXTS[entry.what]?.(entry, isSilence) ?? entry.what;

/** Whether the timeline shows the entry in red. */
export const isHot = ({ what }: HistoryEntry): boolean => what === 'raised' || what === 'worsened';

const channelText = (channel: string) => (channel === 'sms' ? 'SMS' : channel);

/**
 * The recipients of an entry's notification; for one that is not sent yet, according to the current subscriptions, if
 * they are known. Undefined if the entry is not announced.
 */
export function deliveryText(
  { channels = [], sentAt, sentTo, sentToMore = 0, notBefore }: HistoryEntry,
  recipients: readonly Recipient[] | undefined,
): string | undefined {
  if (channels.length === 0) return undefined;
  const by = `by ${channels.map(channelText).join(' and ')}`;
  if (sentAt !== undefined) {
    if (!sentTo) return `${by}; the subscribers were not recorded`;
    const groups = channels.map((channel) => groupText(channel, sentTo));
    return `to ${groups.join('; ')}${sentToMore > 0 ? `; and ${sentToMore} more` : ''}`;
  }
  const now = recipients
    ?.filter(({ channel }) => channels.includes(channel))
    .map(({ address, isConfirmed }) => (isConfirmed ? address : `${address} (not confirmed)`));
  const to = now && ` to ${now.length > 0 ? now.join(', ') : 'nobody: no matching subscription'}`;
  if (notBefore !== undefined) return `Deferred until ${dayMinuteText(notBefore)}, ${by}${to ?? ''}`;
  return `Not known to be sent yet, ${by}${to ?? ''}`;
}

/** Such as `2 email subscribers (a…@example.com, b…@example.com)`. */
function groupText(channel: string, sentTo: NonNullable<HistoryEntry['sentTo']>): string {
  const own = sentTo.filter((each) => each.channel === channel).map(({ address }) => address);
  const name = `${channelText(channel)} ${own.length === 1 ? 'subscriber' : 'subscribers'}`;
  return own.length === 0 ? `no ${name}` : `${own.length} ${name} (${own.join(', ')})`;
}

export interface StoryStep {
  readonly entry: HistoryEntry;
  /** Failed deliveries of its notification, oldest first. */
  readonly failures: readonly HistoryEntry[];
}

/** The entries, each with its failed deliveries. A failure whose entry is not in the list becomes its own step. */
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
