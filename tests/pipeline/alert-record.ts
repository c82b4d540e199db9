// What the environments of an alert world decided and sent, and the checks of it at the end.

import assert from 'node:assert/strict';
import type { AlertState, HistoryEntry, Notification } from '../../core/alert-state.ts';
import type { AlertServices } from '../http-api/alert-services.ts';

const FAR_FUTURE = 4_000_000_000_000;

export interface Sent {
  readonly notification: Notification;
  /** Publishes are counted from 1; those of one digest have the same number. */
  readonly publish: number;
  readonly inDigest: boolean;
}

export type AlertRecord = ReturnType<typeof createAlertRecord>;

export function createAlertRecord() {
  const sent: Sent[] = [];
  /** Every decision, whether or not the history has it yet, with the version of its state. */
  const decided: { readonly version: number; readonly entry: HistoryEntry }[] = [];
  /** Transitions that are not announced, because the alert ended within quiet hours or a snooze. */
  const unannounced = new Set<string>();
  /** Transitions that another notification covers, by its ID. */
  const folded = new Map<string, string>();
  /** Notifications that went out before they could be noted: only these may go out again. */
  const unnoted = new Set<string>();
  let publishes = 0;

  return {
    ...{ sent, decided, unannounced, folded, unnoted },

    noteSent(notifications: readonly Notification[], inDigest: boolean): void {
      publishes += 1;
      for (const notification of notifications) sent.push({ notification, publish: publishes, inDigest });
    },

    noteWritten(previous: AlertState | undefined, next: AlertState): void {
      const known = new Set(previous?.unrecorded.map(({ entryId }) => entryId));
      const fresh = next.unrecorded.filter(({ entryId }) => !known.has(entryId));
      decided.push(...fresh.map((entry) => ({ version: next.version, entry })));
      const pendingIds = pendingIdsOf(next);
      const gone = previous?.pending.at(-1)?.notification;
      const taker = next.pending.at(-1)?.notification;
      // Folded into the newest, which counts it.
      if (gone && taker?.folded && !pendingIds.has(gone.alertId)) folded.set(gone.alertId, taker.alertId);
      const quiet = fresh.filter(({ entryId }) => !pendingIds.has(entryId));
      if (quiet.length === 0) return;
      for (const { entryId } of quiet) unannounced.add(entryId);
      for (const alertId of pendingIdsOf(previous)) if (!pendingIds.has(alertId)) unannounced.add(alertId);
    },
  };
}

/** IDs of the notifications that a state has pending. */
export const pendingIdsOf = (state: AlertState | undefined): ReadonlySet<string> =>
  new Set(state?.pending.map(({ notification }) => notification.alertId));

/**
 * Every transition was announced and is in the history. Only notifications that were sent before that could be
 * recorded were sent twice. Those of one rule and device are in order.
 */
export async function assertAnnounced(record: AlertRecord & { services: AlertServices }): Promise<void> {
  const { sent, decided, unannounced, unnoted } = record;
  const publishesOf = Map.groupBy(sent, ({ notification }) => notification.alertId);
  for (const [id, copies] of publishesOf)
    assert.ok(copies.length === 1 || unnoted.has(id), `${id} was sent ${copies.length} times`);
  const ids = new Set(decided.map(({ entry }) => entry.entryId));
  assert.equal(ids.size, decided.length, 'decided twice');
  const strange = [...publishesOf.keys()].filter((id) => !ids.has(id) || unannounced.has(id));
  assert.deepEqual(strange, [], 'announced without a transition, or not to be announced');
  for (const steps of Map.groupBy(decided, ({ entry }) => `${entry.deviceId}/${entry.ruleId}`).values()) {
    const inOrder = steps.sort((a, b) => a.version - b.version).map(({ entry }) => entry);
    assertOrder(inOrder, publishesOf, record);
    assertLife(inOrder);
    await assertRecorded(inOrder, record.services);
  }
}

const nameOf = ([first]: readonly HistoryEntry[]) => `${first!.deviceId}/${first!.ruleId}`;

function assertOrder(
  entries: readonly HistoryEntry[],
  publishesOf: ReadonlyMap<string, readonly Sent[]>,
  { unannounced, folded }: AlertRecord,
): void {
  const announced = entries.filter(({ entryId }) => !unannounced.has(entryId) && !folded.has(entryId));
  const first = announced.map(({ entryId, what }) => {
    const publish = publishesOf.get(entryId)?.[0]?.publish;
    assert.ok(publish !== undefined, `${nameOf(entries)}: ${what} was never announced`);
    return publish;
  });
  const ordered = [...first].sort((a, b) => a - b);
  assert.deepEqual(first, ordered, `${nameOf(entries)} was announced out of order`);
}

/** An alarm begins once, ends once, and nothing happens to one that is over. */
function assertLife(entries: readonly HistoryEntry[]): void {
  let isActive = false;
  for (const { what } of entries.filter((entry) => entry.what !== 'acknowledged')) {
    const life = entries.map((entry) => entry.what).join();
    assert.equal(isActive, what !== 'raised', `${nameOf(entries)}: ${life}`);
    isActive = what !== 'cleared' && what !== 'ended';
  }
}

async function assertRecorded(entries: readonly HistoryEntry[], services: AlertServices): Promise<void> {
  const { deviceId, ruleId } = entries[0]!;
  const span = { from: 0, to: FAR_FUTURE, limit: 10_000 };
  const read = (await services.history.read({ deviceId, ...span })).entries;
  const recorded = read.filter((entry) => entry.ruleId === ruleId).map(({ entryId }) => entryId);
  assert.deepEqual(
    recorded.sort(),
    entries.map(({ entryId }) => entryId).sort(),
    `${nameOf(entries)} in the history`,
  );
  const state = (await services.alerts.load(deviceId)).states.get(ruleId);
  assert.deepEqual(
    [state?.pending, state?.unrecorded],
    [[], []],
    `${nameOf(entries)} still has something pending`,
  );
}
