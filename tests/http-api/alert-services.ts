// The services of alerting, in memory or in tables. In memory, thousands of histories can run in any chosen order of actions.

import { createAlertHistory } from '../../adapters/alert-history.ts';
import { createAlertStore } from '../../adapters/alert-store.ts';
import { createDeviceStore } from '../../adapters/device-store.ts';
import { createRateLimit } from '../../adapters/rate-limit.ts';
import { createSweepProgress } from '../../adapters/sweep-progress.ts';
import { createWindowStore } from '../../adapters/window-store.ts';
import type { AlertState, HistoryEntry } from '../../core/alert-state.ts';
import type { Device } from '../../core/device.ts';
import { merge, type Delta } from '../../core/window.ts';
import type { Tables } from '../adapters/tables.ts';
import type {
  AlertHistory,
  AlertStore,
  DeviceStore,
  OpenAlerts,
  Snooze,
  RateLimit,
  SweepProgress,
  WindowStore,
} from '../../pipeline/ports.ts';

type Now = () => number;

export interface AlertServices {
  readonly alerts: AlertStore & OpenAlerts;
  readonly history: AlertHistory;
  readonly windows: WindowStore;
  readonly devices: Pick<DeviceStore, 'list' | 'load' | 'noteSeen'>;
  guarding(perMinute: number, now: Now): RateLimit;
  watching(now: Now): SweepProgress;
}

export function servicesOn({ client }: Pick<Tables, 'client'>): AlertServices {
  return {
    alerts: createAlertStore({ client, table: 'alerts' }),
    history: createAlertHistory({ client, table: 'history', retentionDays: 30 }),
    windows: createWindowStore({
      client,
      table: 'windows',
      fingerprintsTable: 'fingerprints',
      windowSeconds: 10,
      retentionDays: 30,
    }),
    devices: createDeviceStore({ client, table: 'devices' }),
    guarding: (perMinute, now) => createRateLimit({ client, table: 'alerts', perMinute, now }),
    watching: (now) => createSweepProgress({ client, table: 'alerts', now }),
  };
}

/** The same in memory, as if the sweep had always been running. */
export function servicesInMemory(): AlertServices {
  return {
    alerts: alertsInMemory(),
    history: historyInMemory(),
    windows: windowsInMemory(),
    devices: devicesInMemory(),
    guarding: stormGuardInMemory(),
    watching: () => watchInMemory(),
  };
}

function alertsInMemory(): AlertServices['alerts'] {
  const states = new Map<string, AlertState>();
  const snoozes = new Map<string, Snooze>();
  const keyOf = ({ deviceId, ruleId }: AlertState) => `${deviceId}/${ruleId}`;
  const isOpen = ({ state, pending, unrecorded, newerUnjudged }: AlertState) =>
    state !== 'ok' || pending.length > 0 || unrecorded.length > 0 || newerUnjudged === true;
  return {
    async load(deviceId) {
      const own = [...states.values()].filter((state) => state.deviceId === deviceId);
      const snooze = snoozes.get(deviceId);
      return {
        states: new Map(own.map((state) => [state.ruleId, structuredClone(state)])),
        ...(snooze && { snooze }),
      };
    },
    async snooze(deviceId, snooze) {
      if (snooze) snoozes.set(deviceId, snooze);
      else snoozes.delete(deviceId);
    },
    async transition(previous, next) {
      if (states.get(keyOf(next))?.version !== previous?.version) return false;
      states.set(keyOf(next), structuredClone(next));
      return true;
    },
    async *listOpen() {
      for (const state of [...states.values()]) if (isOpen(state)) yield structuredClone(state);
    },
    async *listSnoozes() {
      for (const [deviceId, snooze] of [...snoozes]) yield { deviceId, ...snooze };
    },
  };
}

function historyInMemory(): AlertHistory {
  const entries = new Map<string, HistoryEntry>();
  return {
    async record(fresh) {
      for (const entry of fresh) entries.set(`${entry.deviceId}/${entry.entryId}`, entry);
    },
    async noteSent(notifications, sentAt) {
      for (const { deviceId, alertId } of notifications) {
        const entry = entries.get(`${deviceId}/${alertId}`);
        if (entry) entries.set(`${deviceId}/${alertId}`, { ...entry, sentAt });
      }
    },
    async read({ deviceId, from, to, limit }) {
      const found = [...entries.values()].filter(
        (entry) => (deviceId ?? entry.deviceId) === entry.deviceId && entry.at >= from && entry.at < to,
      );
      return { entries: found.sort((a, b) => b.at - a.at).slice(0, limit) };
    },
  };
}

function windowsInMemory(): WindowStore {
  const deltas = new Map<string, Delta>();
  const windowOf = (delta: Delta) => ({ ...delta, readings: delta.readings.size });
  return {
    async apply(delta) {
      const key = `${delta.windowStart}/${delta.deviceId}`;
      const known = deltas.get(key);
      const merged = known ? merge(known, delta) : delta;
      deltas.set(key, merged);
      return {
        window: windowOf(merged),
        applied: merged.readings.size - (known?.readings.size ?? 0),
        overflow: [],
      };
    },
    async before(deviceId, start, limit) {
      const earlier = [...deltas.values()].filter(
        (delta) => delta.deviceId === deviceId && delta.windowStart < start,
      );
      return earlier
        .sort((a, b) => a.windowStart - b.windowStart)
        .slice(-limit)
        .map(windowOf);
    },
  };
}

function devicesInMemory(): AlertServices['devices'] {
  const devices = new Map<string, Device>();
  return {
    load: async (deviceId) => devices.get(deviceId),
    list: async () => ({ devices: [...devices.values()] }),
    async noteSeen(deviceId, site, at) {
      devices.set(deviceId, {
        deviceId,
        site,
        lastSeenAt: Math.max(at, devices.get(deviceId)?.lastSeenAt ?? 0),
      });
    },
  };
}

function watchInMemory(): SweepProgress {
  let left: Parameters<SweepProgress['stop']>[0] = { rules: new Map() };
  return {
    begin: async () => ({ since: 0, ...left }),
    async stop(now) {
      left = now;
    },
  };
}

function stormGuardInMemory(): AlertServices['guarding'] {
  const counts = new Map<number, number>();
  return (perMinute, now) => {
    const minuteOf = (time: number) => Math.floor(time / 60_000);
    let full = -1;
    return {
      isFull: () => minuteOf(now()) === full,
      async admit() {
        const minute = minuteOf(now());
        const count = (counts.get(minute) ?? 0) + 1;
        counts.set(minute, count);
        if (count > perMinute) full = minute;
        return count <= perMinute;
      },
    };
  };
}
