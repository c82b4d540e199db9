// An environment of the alerting functions that may fail or crash at any action.

import assert from 'node:assert/strict';
import { createAlerting, type JudgeWindows } from '../../pipeline/judge.ts';
import { createOutbox, type Outbox } from '../../pipeline/deliver.ts';
import { createSweeping, type Sweep } from '../../pipeline/sweep.ts';
import type { AlertState, HistoryEntry, Notification, Refusal } from '../../core/alert-state.ts';
import { compileRule, type RuleData } from '../../core/rule-data.ts';
import type { AlertServices } from '../http-api/alert-services.ts';
import type { UnreadableRule } from '../../pipeline/ports.ts';
import type { MemoryLearned } from '../support/memory-learned.ts';
import { pendingIdsOf, type AlertRecord } from './alert-record.ts';

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

/** What all environments of a world share. */
export interface SharedWorld {
  readonly services: AlertServices;
  readonly record: AlertRecord;
  readonly rules: { readonly data: readonly RuleData[]; readonly unreadable: readonly UnreadableRule[] };
  readonly windowSeconds: number;
  readonly perMinute: number;
  /** Lets each action wait for its turn; without it each goes at once. */
  readonly turn: (() => Promise<void>) | undefined;
  /** Notifications that SNS refuses. */
  readonly refusalOf: (notifications: readonly Notification[]) => Refusal | undefined;
}

interface EnvironmentOptions {
  readonly now: () => number;
  readonly faultOf: FaultOf;
  /** As in production. */
  readonly calmFor: number;
  readonly learned: MemoryLearned;
}

type Actor = ReturnType<typeof createActor>;

/** Takes one action after the other, until one crashes it. */
function createActor({ record, turn }: SharedWorld, faultOf: FaultOf) {
  let actions = 0;
  let isDead = false;
  /** Sent, and not yet noted: of which device. */
  const going = new Map<string, string>();
  return {
    going,
    actions: () => actions,
    hasCrashed: () => isDead,

    act: async <Result>(
      action: Action,
      effect: () => Promise<Result>,
      ids: Iterable<string> = [],
    ): Promise<Result> => {
      await turn?.();
      if (isDead) throw new Error('this environment has crashed');
      actions += 1;
      const fault = faultOf(actions, action);
      if (fault === undefined) return effect();
      if (fault === 'lost') await effect();
      isDead = fault === 'crashed';
      for (const id of isDead ? going.keys() : ids) if (going.has(id)) record.unnoted.add(id);
      throw new Error(`${action} ${actions}: ${fault}`);
    },
  };
}

function alertsOf(
  { services, record }: SharedWorld,
  { act, going }: Actor,
  now: () => number,
): AlertServices['alerts'] {
  return {
    async load(deviceId) {
      // A caller that lost a race when noting what was sent reads the present state.
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
      const pendingIds = pendingIdsOf(next);
      const sentIds = [...pendingIdsOf(previous)].filter((id) => !pendingIds.has(id));
      const write = async () => {
        assertInTime(previous, next, now());
        const isWritten = await services.alerts.transition(previous, next);
        if (isWritten) record.noteWritten(previous, next);
        if (isWritten) for (const id of sentIds) going.delete(id);
        return isWritten;
      };
      return act('write', write, sentIds);
    },
  };
}

function outboxOf(
  world: SharedWorld,
  { act, going }: Actor,
  alerts: AlertServices['alerts'],
  now: () => number,
): Outbox {
  const { services, record, refusalOf } = world;
  const publish = async (
    notifications: readonly Notification[],
    inDigest: boolean,
  ): Promise<Refusal | undefined> => {
    const refusal = refusalOf(notifications);
    if (refusal) return refusal;
    const send = async () => {
      record.noteSent(notifications, inDigest);
      for (const { alertId, deviceId } of notifications) going.set(alertId, deviceId);
    };
    await act(
      'publish',
      send,
      notifications.map(({ alertId }) => alertId),
    );
    return undefined;
  };
  return createOutbox({
    alerts,
    history: {
      record: async (entries: readonly HistoryEntry[]) =>
        entries.length > 0 ? act('file', async () => services.history.record(entries)) : undefined,
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
    rateLimit: services.guarding(world.perMinute, now),
    windows: services.windows,
    now,
  });
}

export function createEnvironment(
  world: SharedWorld,
  { now, faultOf, calmFor, learned }: EnvironmentOptions,
): Environment {
  const { services, rules, windowSeconds } = world;
  const actor = createActor(world, faultOf);
  const alerts = alertsOf(world, actor, now);
  const { windows, devices } = services;
  const parts = { alerts, outbox: outboxOf(world, actor, alerts, now), windows, now };
  const readable = () => rules.data.map(compileRule);
  return {
    judge: createAlerting({
      ...parts,
      rules: async () => readable(),
      device: async (deviceId) => devices.load(deviceId),
      calmFor,
    }),
    sweep: createSweeping({
      ...parts,
      ...{ devices, windowSeconds, sweepProgress: services.watching(now) },
      ...{ learnedStore: learned, learnedItems: learned },
      rules: async () => ({ rules: readable(), unreadable: rules.unreadable }),
    }),
    actions: actor.actions,
    hasCrashed: actor.hasCrashed,
  };
}

/** No claim takes a notification that has to wait. */
function assertInTime(previous: AlertState | undefined, next: AlertState, now: number): void {
  const senders = new Map(previous?.pending.map((queued) => [queued.notification.alertId, queued.sender]));
  for (const { notification, sender, notBefore = 0 } of next.pending) {
    const isTaken = sender !== '' && senders.get(notification.alertId) !== sender;
    assert.ok(!isTaken || notBefore <= now, `${notification.alertId} taken before its time`);
  }
}
