// The alerting code in environments that may fail or crash at any action, with a list instead of SNS.

import assert from 'node:assert/strict';
import { createAlerting, type JudgeWindows } from '../../pipeline/judge.ts';
import { createOutbox } from '../../pipeline/deliver.ts';
import { createSweeping, type Sweep } from '../../pipeline/sweep.ts';
import type { AlertState, HistoryEntry, Notification, Refusal } from '../../core/alert-state.ts';
import { acknowledge } from '../../core/alert-step.ts';
import { decimalOf } from '../../core/decimal.ts';
import { fingerprint } from '../../core/fingerprint.ts';
import { compileRule, type RuleData } from '../../core/rule-data.ts';
import { deltaOf, type Window } from '../../core/window.ts';
import { servicesInMemory, type AlertServices } from '../http-api/alert-services.ts';
import type { UnreadableRule } from '../../pipeline/ports.ts';
import { memoryLearned, type MemoryLearned } from '../support/memory-learned.ts';

export const START = 1_790_000_000_000;
export const MINUTE = 60_000;
export const WINDOW_SECONDS = 10;

export interface Sent {
  readonly notification: Notification;
  /** Publishes are counted from 1; those of one digest have the same number. */
  readonly publish: number;
  readonly inDigest: boolean;
}

export type Action = 'read' | 'write' | 'file' | 'publish';

/** What goes wrong: the action does not happen, or it does and its answer is lost, or the environment ends before it. */
export type Fault = 'refused' | 'lost' | 'crashed';

/** What goes wrong with the n-th action, from 1. */
export type FaultOf = (n: number, action: Action) => Fault | undefined;

/** An environment of the functions. After a crash nothing that it does has an effect. */
export interface Environment {
  /** Judges the windows, as the event of this name does. */
  readonly judge: JudgeWindows;
  readonly sweep: Sweep;
  /** How many actions it took so far. */
  readonly actions: () => number;
  readonly hasCrashed: () => boolean;
}

export interface WorldOptions {
  readonly rules: readonly Omit<RuleData, 'id'>[];
  readonly services?: AlertServices;
  /** Notifications that may be sent on their own; without it all may. */
  readonly perMinute?: number;
  /** Lets each action wait for its turn; without it each goes at once. */
  readonly turn?: () => Promise<void>;
  /** What SNS does not take. */
  readonly refusalOf?: (notifications: readonly Notification[]) => Refusal | undefined;
  /** What rules have learned; without it each environment has its own. */
  readonly learned?: MemoryLearned;
}

export function createAlertWorld({
  rules: data,
  services = servicesInMemory(),
  perMinute = Infinity,
  turn,
  refusalOf = () => undefined,
  learned: given,
}: WorldOptions) {
  const clock = { time: START };
  const rules = {
    data: data.map((each, n): RuleData => ({ id: `rule-${n}`, ...each })),
    unreadable: [] as readonly UnreadableRule[],
  };
  const sent: Sent[] = [];
  /** What was decided, whether or not the history has it yet, with the version of its state. */
  const decided: { readonly version: number; readonly entry: HistoryEntry }[] = [];
  /** Transitions that are not announced, since the alert ended within quiet hours or a snooze. */
  const untold = new Set<string>();
  /** Transitions that another notification covers, by its ID. */
  const folded = new Map<string, string>();
  /** Notifications that went out before anybody could note it: only these may go out again. */
  const unnoted = new Set<string>();
  let publishes = 0;

  function noteWritten(previous: AlertState | undefined, next: AlertState): void {
    const known = new Set(previous?.unrecorded.map(({ entryId }) => entryId));
    const fresh = next.unrecorded.filter(({ entryId }) => !known.has(entryId));
    decided.push(...fresh.map((entry) => ({ version: next.version, entry })));
    const pendingIds = new Set(next.pending.map(({ notification }) => notification.alertId));
    const gone = previous?.pending.at(-1)?.notification;
    const taker = next.pending.at(-1)?.notification;
    // Folded into the newest, which counts it.
    if (gone && taker?.folded && !pendingIds.has(gone.alertId)) folded.set(gone.alertId, taker.alertId);
    const quiet = fresh.filter(({ entryId }) => !pendingIds.has(entryId));
    if (quiet.length === 0) return;
    const dropped = (previous?.pending ?? []).filter(
      ({ notification }) => !pendingIds.has(notification.alertId),
    );
    for (const { entryId } of quiet) untold.add(entryId);
    for (const { notification } of dropped) untold.add(notification.alertId);
  }

  /** `skew`: by how many milliseconds its clock is fast; `calmFor` as in production. */
  function environment(
    faultOf: FaultOf = () => undefined,
    { skew = 0, calmFor = 0 }: { readonly skew?: number; readonly calmFor?: number } = {},
  ): Environment {
    const now = () => clock.time + skew;
    let actions = 0;
    let isDead = false;
    /** Sent, and not yet noted: of which device. */
    const going = new Map<string, string>();

    async function act<Result>(
      action: Action,
      effect: () => Promise<Result>,
      ids: readonly string[] = [],
    ): Promise<Result> {
      await turn?.();
      if (isDead) throw new Error('this environment has crashed');
      actions += 1;
      const fault = faultOf(actions, action);
      if (fault === undefined) return effect();
      if (fault === 'lost') await effect();
      isDead = fault === 'crashed';
      for (const id of isDead ? going.keys() : ids) if (going.has(id)) unnoted.add(id);
      throw new Error(`${action} ${actions}: ${fault}`);
    }

    const publish = async (
      notifications: readonly Notification[],
      inDigest: boolean,
    ): Promise<Refusal | undefined> => {
      const refusal = refusalOf(notifications);
      if (refusal) return refusal;
      const ids = notifications.map(({ alertId }) => alertId);
      const send = async () => {
        publishes += 1;
        for (const notification of notifications) {
          sent.push({ notification, publish: publishes, inDigest });
          going.set(notification.alertId, notification.deviceId);
        }
      };
      await act('publish', send, ids);
      return undefined;
    };
    const alerts: AlertServices['alerts'] = {
      async load(deviceId) {
        // Who lost a race when noting what was sent reads what there is now.
        const unsettled = [...going].filter(([, of]) => of === deviceId).map(([id]) => id);
        return act('read', async () => services.alerts.load(deviceId), unsettled);
      },
      snooze: async (deviceId, snooze) => services.alerts.snooze(deviceId, snooze),
      listSnoozes: () => services.alerts.listSnoozes(),
      async *listOpen() {
        const open: AlertState[] = [];
        const faults: unknown[] = [];
        try {
          for await (const state of services.alerts.listOpen()) open.push(state);
        } catch (error) {
          faults.push(error); // of one that cannot be read, after all others
        }
        yield* await act('read', async () => open);
        if (faults.length > 0) throw faults[0];
      },
      async transition(previous, next) {
        const pendingIds = new Set(next.pending.map(({ notification }) => notification.alertId));
        const sentIds = (previous?.pending ?? [])
          .map(({ notification }) => notification.alertId)
          .filter((id) => !pendingIds.has(id));
        const write = async () => {
          assertInTime(previous, next, now());
          const isWritten = await services.alerts.transition(previous, next);
          if (isWritten) noteWritten(previous, next);
          if (isWritten) for (const id of sentIds) going.delete(id);
          return isWritten;
        };
        return act('write', write, sentIds);
      },
    };
    const file = async (entries: readonly HistoryEntry[]) =>
      entries.length > 0 ? act('file', async () => services.history.record(entries)) : undefined;
    const outbox = createOutbox({
      alerts,
      history: {
        record: file,
        noteSent: async (sent, at) => {
          if (sent.length > 0) await act('file', async () => services.history.noteSent(sent, at));
        },
      },
      notifier: {
        notify: async (notification) => publish([notification], false),
        // The text message beside the mails names nobody that they do not.
        notifyAll: async ({ notifications, isSummary }) =>
          isSummary ? undefined : publish(notifications, true),
      },
      listRecipients: async () => [],
      rateLimit: services.guarding(perMinute, now),
      windows: services.windows,
      now,
    });
    const { windows, devices } = services;
    const parts = { alerts, outbox, windows, now };
    const readable = () => rules.data.map(compileRule);
    const judge = createAlerting({
      ...parts,
      rules: async () => readable(),
      device: async (deviceId) => devices.load(deviceId),
      calmFor,
    });
    const sweepProgress = services.watching(now);
    const learned = given ?? memoryLearned();
    const sweep = createSweeping({
      ...parts,
      ...{
        devices,
        sweepProgress,
        windowSeconds: WINDOW_SECONDS,
        learnedStore: learned,
        learnedItems: learned,
      },
      rules: async () => ({ rules: readable(), unreadable: rules.unreadable }),
    });
    return {
      judge,
      sweep,
      actions: () => actions,
      hasCrashed: () => isDead,
    };
  }

  return {
    ...{ clock, rules, sent, decided, untold, folded, unnoted, services, environment },

    /** Counts one reading in the n-th window of a device, of which a message comes now. */
    measure: async (n: number, temperature: number, deviceId = 'device'): Promise<Window> => {
      await turn?.();
      const timestamp = START + n * WINDOW_SECONDS * 1000;
      const metrics = [{ name: 'temperature', value: decimalOf(temperature)! }];
      const print = fingerprint(`${n}/${temperature}`);
      const reading = { deviceId, site: 'seattle', timestamp, metrics, fingerprint: print };
      await services.devices.noteSeen(deviceId, 'seattle', clock.time);
      return (await services.windows.apply(deltaOf(reading, WINDOW_SECONDS))).window;
    },

    /** Acknowledges the active alerts of a device. */
    acknowledge: async (deviceId: string): Promise<void> => {
      await turn?.();
      for (const state of (await services.alerts.load(deviceId)).states.values()) {
        const next = acknowledge(state, { by: 'ann', at: clock.time });
        if (next && (await services.alerts.transition(state, next))) noteWritten(state, next);
      }
    },

    /** What was sent, each as its transition and value. */
    log: () => sent.map(({ notification: { transition, value } }) => `${transition} ${value}`),
  };
}

export type AlertWorld = ReturnType<typeof createAlertWorld>;

/**
 * Every transition was announced and is in the history. Only notifications that were sent before that could be
 * recorded were sent twice. Those of one rule and device are in order.
 */
export async function assertAnnounced({
  sent,
  decided,
  untold,
  folded,
  unnoted,
  services,
}: AlertWorld): Promise<void> {
  const publishesOf = Map.groupBy(sent, ({ notification }) => notification.alertId);
  for (const [id, copies] of publishesOf)
    assert.ok(copies.length === 1 || unnoted.has(id), `${id} was sent ${copies.length} times`);
  const ids = new Set(decided.map(({ entry }) => entry.entryId));
  assert.equal(ids.size, decided.length, 'decided twice');
  const strange = [...publishesOf.keys()].filter((id) => !ids.has(id) || untold.has(id));
  assert.deepEqual(strange, [], 'announced without a transition, or not to be announced');
  for (const steps of Map.groupBy(decided, ({ entry }) => `${entry.deviceId}/${entry.ruleId}`).values()) {
    const inOrder = steps.sort((a, b) => a.version - b.version).map(({ entry }) => entry);
    const { deviceId, ruleId } = inOrder[0]!;
    const name = `${deviceId}/${ruleId}`;
    const announced = inOrder.filter(({ entryId }) => !untold.has(entryId) && !folded.has(entryId));
    const first = announced.map(({ entryId, what }) => {
      const publish = publishesOf.get(entryId)?.[0]?.publish;
      assert.ok(publish !== undefined, `${name}: ${what} was never announced`);
      return publish;
    });
    const ordered = [...first].sort((a, b) => a - b);
    assert.deepEqual(first, ordered, `${name} was announced out of order`);
    assertLife(inOrder, name);
    const span = { from: 0, to: START * 2, limit: 10_000 };
    const { entries } = await services.history.read({ deviceId, ...span });
    const withoutRecorded = entries.filter((entry) => entry.ruleId === ruleId).map(({ entryId }) => entryId);
    assert.deepEqual(
      withoutRecorded.sort(),
      inOrder.map(({ entryId }) => entryId).sort(),
      `${name} in the history`,
    );
    const state = (await services.alerts.load(deviceId)).states.get(ruleId);
    assert.deepEqual([state?.pending, state?.unrecorded], [[], []], `${name} still has something pending`);
  }
}

/** No claim takes a notification that has to wait. */
function assertInTime(previous: AlertState | undefined, next: AlertState, now: number): void {
  const senders = new Map(previous?.pending.map((queued) => [queued.notification.alertId, queued.sender]));
  for (const { notification, sender, notBefore = 0 } of next.pending) {
    const isTaken = sender !== '' && senders.get(notification.alertId) !== sender;
    assert.ok(!isTaken || notBefore <= now, `${notification.alertId} taken before its time`);
  }
}

/** An alarm begins once, ends once, and nothing happens to one that is over. */
function assertLife(entries: readonly HistoryEntry[], name: string): void {
  let isActive = false;
  for (const { what } of entries.filter((entry) => entry.what !== 'acknowledged')) {
    assert.equal(isActive, what !== 'raised', `${name}: ${entries.map((entry) => entry.what).join()}`);
    isActive = what !== 'cleared' && what !== 'ended';
  }
}
