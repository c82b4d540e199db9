// The states of the alarms and their history, on disk, so that a restart announces nothing twice.

import type { AlarmState } from './alarm-spec.ts';
import type { MetricFile } from './metric-file.ts';

export interface StateRecord {
  readonly state: AlarmState;
  readonly reason: string;
  /** JSON text. */
  readonly reasonData: string | undefined;
  /** Epoch milliseconds. */
  readonly updatedAt: number;
  /** Set by the API; if absent, the template's value holds. */
  readonly actionsEnabled?: boolean;
}

export interface HistoryItem {
  readonly alarm: string;
  readonly at: number;
  readonly type: 'StateUpdate' | 'Action';
  readonly summary: string;
  /** JSON text. */
  readonly data: string;
}

export interface AlarmStates {
  of(alarm: string): StateRecord;
  /** Whether its state was ever evaluated. */
  isKnown(alarm: string): boolean;
  set(alarm: string, record: StateRecord): void;
  /** Newest first. */
  history(): readonly HistoryItem[];
  note(items: readonly HistoryItem[]): void;
}

const MOST_ITEMS = 1_000;
const HISTORY = 'history';
const keyOf = (alarm: string) => `alarm/${alarm}`;

/** @param startedAt when an alarm without a state was made, in epoch milliseconds */
export function createAlarmStates({ texts }: MetricFile, startedAt: number): AlarmStates {
  const stored = texts.all();
  const initial: StateRecord = {
    ...{ state: 'INSUFFICIENT_DATA', reason: 'Unchecked: Initial alarm creation' },
    ...{ reasonData: undefined, updatedAt: startedAt },
  };
  const records = new Map<string, StateRecord>();
  for (const [key, text] of stored)
    if (key.startsWith(keyOf(''))) records.set(key.slice(keyOf('').length), JSON.parse(text) as StateRecord);
  let history = JSON.parse(stored.get(HISTORY) ?? '[]') as HistoryItem[];
  return {
    of: (alarm) => records.get(alarm) ?? initial,
    isKnown: (alarm) => records.has(alarm),
    set(alarm, record) {
      texts.put(keyOf(alarm), JSON.stringify(record));
      records.set(alarm, record);
    },
    history: () => history,
    note(items) {
      history = [...items.toReversed(), ...history].slice(0, MOST_ITEMS);
      texts.put(HISTORY, JSON.stringify(history));
    },
  };
}
