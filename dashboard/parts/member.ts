// A device as the views show it: its newest value, its limits and its standing, out of what the store has.

import { computed } from '@preact/signals';
import type { App } from '../data/app.ts';
import type { Track } from '../data/tracks.ts';
import type { Alert, Device, Rule } from '../model/api-types.ts';
import { isBeyond, standingOf, wordOf, type Standing } from '../model/fleet.ts';
import { channelOf, limitsOf, mainMetricOf, type Limit } from '../model/rules.ts';

export interface Member extends Standing {
  readonly device: Device;
  readonly track: Track;
  readonly metric: string | undefined;
  readonly value: number | undefined;
  readonly unit: string | undefined;
  readonly limits: readonly Limit[];
  readonly low?: number;
  readonly high?: number;
  readonly word: string;
  /** Milliseconds without a word; undefined where nothing was ever heard. */
  readonly silentFor: number | undefined;
}

/** Cached by what they are made of, since every tile asks. */
export function createLookups({ store }: App) {
  const rulesById = computed(() => new Map(store.rules.value.map((rule) => [rule.id, rule] as const)));
  const alertsByDevice = computed(() => Map.groupBy(store.alerts.value, ({ deviceId }) => deviceId));
  return { rulesById, alertsByDevice };
}

export type Lookups = ReturnType<typeof createLookups>;

/** Reads the track's version: whoever calls this while rendering is drawn again when the device is heard. */
export function memberOf(app: App, lookups: Lookups, device: Device): Member {
  const { store } = app;
  const track = store.track(device.deviceId);
  void track.version.value;
  const alerts: readonly Alert[] = lookups.alertsByDevice.value.get(device.deviceId) ?? [];
  const rules: ReadonlyMap<string, Rule> = lookups.rulesById.value;
  const metric = mainMetricOf(Object.keys(track.values));
  const value = metric === undefined ? undefined : track.values[metric];
  const limits = metric === undefined ? [] : limitsOf(store.rules.value, device, metric);
  const heardAt = Math.max(track.heardAt ?? 0, device.lastSeenAt ?? 0);
  const silentFor = track.heardAt === undefined && heardAt === 0 ? undefined : store.now.peek() - heardAt;
  const standing = standingOf(alerts, rules, silentFor, isBeyond(value, limits));
  const unit = metric === undefined ? undefined : device.units?.[metric];
  return {
    ...{ device, track, metric, value, unit, limits, silentFor },
    ...standing,
    ...channelOf(limits),
    word: wordOf(standing.state, value, limits, metric),
  };
}
