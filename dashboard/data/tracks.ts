// What the store knows of each device: its newest values, and its last ten minutes while somebody looks.

import { batch, signal, type Signal } from '@preact/signals';
import type { FleetDevice } from '../model/api-types.ts';
import { readingsOf, senderOf } from '../model/live-reading.ts';
import {
  addReading,
  heardAtOf,
  joined,
  laterThan,
  newestOf,
  startOf,
  type LiveReading,
  type StoredWindow,
} from '../model/windows.ts';
import { createRecent, readRecent, type Reads } from './recent.ts';

/** Of the live part what this needs. */
export interface Hears {
  listen(heard: (topic: string, payload: Uint8Array, at: number) => void): () => void;
}

/** A device's last ten minutes. Views read `version`, and are drawn again when it changes. */
export interface Track {
  readonly deviceId: string;
  readonly version: Signal<number>;
  windows: Map<number, StoredWindow>;
  /** Readings that may be in the stored windows too; none of a device that nobody looks at. */
  live: LiveReading[];
  /** Newest value by metric. */
  values: Record<string, number>;
  /** Epoch milliseconds, event time. */
  heardAt: number | undefined;
}

const TRACK_MS = 11 * 60_000;
/** Of a device that nobody looks at: longer than a window is on its way to the table, so that loading it leaves no gap. */
const UNSEEN_MS = 2 * 60_000;
/** A window is closed when nothing of it is on its way any more. */
const CLOSED_AFTER_MS = 5000;

const decoder = new TextDecoder();

/** What is closed needs no single readings any more; what is too old goes. */
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
  if (!newest || (own.heardAt !== undefined && heardAtOf(newest) <= own.heardAt)) return;
  own.heardAt = heardAtOf(newest);
  Object.assign(own.values, newestOf(newest));
}

/** @param size of a stored window, in milliseconds */
export function createTracks(api: Reads, live: Hears, size: number) {
  const tracks = new Map<string, Track>();
  const dirty = new Set<Track>();
  /** Devices that were heard since the list came. */
  const heard = new Set<string>();
  const recent = createRecent(load);

  function track(deviceId: string): Track {
    let found = tracks.get(deviceId);
    if (!found) {
      const empty = { windows: new Map(), live: [], values: {}, heardAt: undefined };
      tracks.set(deviceId, (found = { deviceId, version: signal(0), ...empty }));
    }
    return found;
  }

  function take(own: Track, reading: LiveReading): void {
    if (recent.isKept(own.deviceId)) own.live.push(reading);
    else addReading(own.windows, reading, size);
    if (own.heardAt === undefined || reading.at >= own.heardAt) {
      own.heardAt = reading.at;
      Object.assign(own.values, reading.values);
    }
    heard.add(own.deviceId);
    dirty.add(own);
  }

  async function load(deviceIds: readonly string[]): Promise<void> {
    const found = await readRecent(api, deviceIds);
    batch(() => {
      for (const [deviceId, stored] of found) {
        const own = track(deviceId);
        const newest = [...stored.values()].at(-1);
        own.windows = new Map([...stored, ...laterThan(newest, own.windows)]);
        takeStored(own, newest);
        own.version.value += 1;
      }
    });
  }

  live.listen((topic, payload, at) => {
    const sender = senderOf(topic);
    if (!sender) return;
    for (const reading of readingsOf(decoder.decode(payload), at)) take(track(sender.deviceId), reading);
  });

  return {
    track,
    look: (deviceId: string) => recent.look(deviceId),
    connected: () => recent.connected(),
    /** What the fleet's list says of each. */
    takeFleet(devices: readonly FleetDevice[]) {
      heard.clear();
      for (const { deviceId, lastWindow } of devices) {
        const own = track(deviceId);
        takeStored(own, lastWindow);
        own.version.value += 1;
      }
    },
    flush(now: number) {
      batch(() => {
        for (const own of dirty) {
          compact(own, now, recent.isKept(own.deviceId), size);
          own.version.value += 1;
        }
      });
      dirty.clear();
    },
    hasHeardOther: (known: ReadonlySet<string>) => [...heard].some((deviceId) => !known.has(deviceId)),
  };
}
