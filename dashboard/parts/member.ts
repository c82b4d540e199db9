// A device as the views show it: its newest value, its limits and its state, from the store's data.

import { computed } from '@preact/signals';
import type { App } from '../data/app.ts';
import type { Track } from '../data/tracks.ts';
import type { Alert, Device, Rule } from '../model/api-types.ts';
import { isBeyond, statusOf, wordOf, type Status } from '../model/fleet.ts';
import { channelOf, limitsOf, mainMetricOf, type Limit } from '../model/rules.ts';
import { own } from '../../core/own.ts';

export interface Member extends Status {
  readonly device: Device;
  readonly track: Track;
  readonly metric: string | undefined;
  readonly value: number | undefined;
  readonly unit: string | undefined;
  readonly limits: readonly Limit[];
  readonly low?: number;
  readonly high?: number;
  readonly word: string;
  /** Milliseconds since its last message; undefined if it never sent one. */
  readonly silentFor: number | undefined;
}

/** Indexes of rules and alerts, computed once since every tile uses them. */
export function createLookups({ store }: App) {
  const rulesById = computed(() => new Map(store.rules.value.map((rule) => [rule.id, rule] as const)));
  const alertsByDevice = computed(() => Map.groupBy(store.alerts.value, ({ deviceId }) => deviceId));
  return { rulesById, alertsByDevice };
}

export type Lookups = ReturnType<typeof createLookups>;

/**
 * Reads the track's version, so that a component that calls this while rendering is redrawn when the device sends a
 * message.
 */
export function memberOf(app: App, lookups: Lookups, device: Device): Member {
  const { store } = app;
  const track = store.track(device.deviceId);
  void track.version.value;
  const alerts: readonly Alert[] = lookups.alertsByDevice.value.get(device.deviceId) ?? [];
  const rules: ReadonlyMap<string, Rule> = lookups.rulesById.value;
  const metric = mainMetricOf(Object.keys(track.values));
  const value = metric === undefined ? undefined : own(track.values, metric);
  const limits = metric === undefined ? [] : limitsOf(store.rules.value, device, metric);
  const lastSeenAt = Math.max(track.lastReadingAt ?? 0, device.lastSeenAt ?? 0);
  const silentFor =
    track.lastReadingAt === undefined && lastSeenAt === 0 ? undefined : store.now.peek() - lastSeenAt;
  const status = statusOf(alerts, rules, silentFor, isBeyond(value, limits));
  const unit = metric === undefined ? undefined : own(device.units, metric);
  return {
    ...{ device, track, metric, value, unit, limits, silentFor },
    ...status,
    ...channelOf(limits),
    word: wordOf(status.state, value, limits, metric),
  };
}
