// What the store knows about each device: its newest values, and its last ten minutes while the device is visible.

import { batch, signal, type Signal } from '@preact/signals';
import type { FleetDevice } from '../model/api-types.ts';
import { readingsOf, senderOf } from '../model/live-reading.ts';
import {
  addReading,
  lastReadingAtOf,
  joined,
  laterThan,
  newestOf,
  startOf,
  type LiveReading,
  type StoredWindow,
} from '../model/windows.ts';
import { createRecent, readRecent, type Reads } from './recent.ts';

/** The part of the live connection that this module uses. */
export interface LiveMessages {
  listen(onMessage: (topic: string, payload: Uint8Array, at: number) => void): () => void;
}

/** A device's last ten minutes. Views that read `version` are redrawn when it changes. */
export interface Track {
  readonly deviceId: string;
  readonly version: Signal<number>;
  windows: Map<number, StoredWindow>;
  /** Live readings, some of which may be in the stored windows as well. Empty for devices that are not visible. */
  live: LiveReading[];
  /** Newest value by metric. */
  values: Record<string, number>;
  /** Epoch milliseconds, event time. */
  lastReadingAt: number | undefined;
}

const TRACK_MS = 11 * 60_000;
/** For devices that are not visible: longer than a window takes to reach the table, so that loading leaves no gap. */
const UNSEEN_MS = 2 * 60_000;
/** A window counts as closed this long after its end, when no more readings are expected. */
const CLOSED_AFTER_MS = 5000;

const decoder = new TextDecoder();

/** Merges readings of closed windows into their windows, and deletes old windows. @param size in milliseconds */
function compact(own: Track, now: number, isKept: boolean, size: number): void {
  const open = isKept ? startOf(now - CLOSED_AFTER_MS, size) - size : Infinity;
  if (own.live.some(({ at }) => at < open)) {
    const closed = own.live.filter(({ at }) => at < open);
    own.live = own.live.filter(({ at }) => at >= open);
    own.windows = new Map(joined(own.windows, closed, size).map((window) => [window.start, window]));
  }
  const oldest = now - (isKept ? TRACK_MS : UNSEEN_MS);
  for (const start of own.windows.keys()) {
    if (start > oldest) break;
    own.windows.delete(start);
  }
}

function takeStored(own: Track, newest: StoredWindow | undefined): void {
  if (!newest || (own.lastReadingAt !== undefined && lastReadingAtOf(newest) <= own.lastReadingAt)) return;
  own.lastReadingAt = lastReadingAtOf(newest);
  Object.assign(own.values, newestOf(newest));
}

const emptyTrack = (deviceId: string): Track => ({
  ...{ deviceId, version: signal(0) },
  ...{ windows: new Map(), live: [], values: {}, lastReadingAt: undefined },
});

/** The tracks of all devices, and which of them changed. @param size of a stored window, in milliseconds */
function createTrackMap(size: number, isKept: (deviceId: string) => boolean) {
  const tracks = new Map<string, Track>();
  const dirty = new Set<Track>();
  /** Devices that sent messages since the list was last read. */
  const received = new Set<string>();

  function track(deviceId: string): Track {
    const found = tracks.get(deviceId) ?? emptyTrack(deviceId);
    tracks.set(deviceId, found);
    return found;
  }

  return {
    track,
    received,
    take: (own: Track, reading: LiveReading): void => {
      if (isKept(own.deviceId)) own.live.push(reading);
      else addReading(own.windows, reading, size);
      if (own.lastReadingAt === undefined || reading.at >= own.lastReadingAt) {
        own.lastReadingAt = reading.at;
        Object.assign(own.values, reading.values);
      }
      received.add(own.deviceId);
      dirty.add(own);
    },
    flush: (now: number): void => {
      batch(() => {
        for (const own of dirty) {
          compact(own, now, isKept(own.deviceId), size);
          own.version.value += 1;
        }
      });
      dirty.clear();
    },
  };
}

/** Puts the windows that were loaded before those that arrived meanwhile. */
function takeLoaded(own: Track, stored: ReadonlyMap<number, StoredWindow>): void {
  const newest = [...stored.values()].at(-1);
  own.windows = new Map([...stored, ...laterThan(newest, own.windows)]);
  takeStored(own, newest);
  own.version.value += 1;
}

/** @param size of a stored window, in milliseconds */
export function createTracks(api: Reads, live: LiveMessages, size: number) {
  const recent = createRecent(async (deviceIds) => {
    const found = await readRecent(api, deviceIds);
    batch(() => {
      for (const [deviceId, stored] of found) takeLoaded(track(deviceId), stored);
    });
  });
  const { track, received, take, flush } = createTrackMap(size, recent.isKept);

  live.listen((topic, payload, at) => {
    const sender = senderOf(topic);
    if (!sender) return;
    for (const reading of readingsOf(decoder.decode(payload), at)) take(track(sender.deviceId), reading);
  });

  return {
    ...{ track, flush },
    look: (deviceId: string) => recent.look(deviceId),
    connected: () => recent.connected(),
    /** Takes over each device's newest window from the fleet list. */
    takeFleet(devices: readonly FleetDevice[]) {
      received.clear();
      for (const { deviceId, lastWindow } of devices) {
        const own = track(deviceId);
        takeStored(own, lastWindow);
        own.version.value += 1;
      }
    },
    hasUnknownDevice: (known: ReadonlySet<string>) => [...received].some((deviceId) => !known.has(deviceId)),
  };
}
