// What the store knows of each device: its newest values, and its last ten minutes once somebody looks.

import { batch, signal, type Signal } from '@preact/signals';
import type { FleetDevice, SeriesPage } from '../model/api-types.ts';
import { readingsOf, senderOf } from '../model/live-reading.ts';
import {
  heardAtOf,
  joined,
  newestOf,
  startOf,
  type LiveReading,
  type StoredWindow,
} from '../model/windows.ts';
import type { Api } from './api.ts';
import type { Live } from './live.ts';

/** A device's last ten minutes. Views read `version`, and are drawn again when it changes. */
export interface Track {
  readonly deviceId: string;
  readonly version: Signal<number>;
  windows: ReadonlyMap<number, StoredWindow>;
  live: LiveReading[];
  /** Newest value by metric. */
  values: Readonly<Record<string, number>>;
  /** Epoch milliseconds, event time. */
  heardAt: number | undefined;
}

const TRACK_MS = 11 * 60_000;
/** Of calls at once, so that a fleet's tiles do not take the whole rate limit. */
const MOST_LOADING = 3;
/** As many as the API takes. */
const DEVICES_A_CALL = 20;
const WINDOWS_PAGE = 2000;
/** Tiles come into sight one by one, and are asked for together. */
const GATHER_MS = 50;
/** A window is closed when nothing of it is on its way any more. */
const CLOSED_AFTER_MS = 5000;

/** The last ten minutes of up to twenty devices, by device. */
async function readRecent(api: Api, device: readonly string[]) {
  const windows = new Map(device.map((id) => [id, new Map<number, StoredWindow>()]));
  let next: string | undefined;
  do {
    const query = { device, from: '-10m', limit: WINDOWS_PAGE, next };
    const page: SeriesPage = await api.get('/windows', query);
    for (const series of page.series)
      for (const window of series.windows) windows.get(series.deviceId)?.set(window.start, window);
    next = page.next;
  } while (next !== undefined);
  return windows;
}

/** Calls `load` with up to twenty devices at a time; those of a call that failed may be asked for again. */
function createQueue(load: (deviceIds: readonly string[]) => Promise<void>) {
  const wanted = new Set<string>();
  const queue = new Set<string>();
  let loading = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function next(): void {
    timer = undefined;
    while (loading < MOST_LOADING && queue.size > 0) {
      const ids = [...queue].slice(0, DEVICES_A_CALL);
      for (const id of ids) queue.delete(id);
      loading += 1;
      void load(ids)
        .catch(() => ids.forEach((id) => wanted.delete(id))) // the next look at it tries again; the list says what is wrong
        .finally(() => {
          loading -= 1;
          next();
        });
    }
  }

  return {
    ensure(deviceId: string) {
      if (wanted.has(deviceId)) return;
      wanted.add(deviceId);
      queue.add(deviceId);
      timer ??= setTimeout(next, GATHER_MS);
    },
    /** After a break of the connection: what was missed is asked for. */
    reload() {
      for (const deviceId of wanted) queue.add(deviceId);
      timer ??= setTimeout(next, GATHER_MS);
    },
  };
}

/** @param size of a stored window, in milliseconds */
export function createTracks(api: Api, live: Live, size: number) {
  const tracks = new Map<string, Track>();
  const dirty = new Set<Track>();
  function track(deviceId: string): Track {
    let found = tracks.get(deviceId);
    if (!found) {
      const empty = { windows: new Map(), live: [], values: {}, heardAt: undefined };
      tracks.set(deviceId, (found = { deviceId, version: signal(0), ...empty }));
    }
    return found;
  }

  function take(own: Track, reading: LiveReading): void {
    own.live.push(reading);
    if (own.heardAt === undefined || reading.at >= own.heardAt) {
      own.heardAt = reading.at;
      own.values = { ...own.values, ...reading.values };
    }
    dirty.add(own);
  }

  /** What is closed needs no single readings any more; what is too old goes. */
  function compact(own: Track, now: number): void {
    const open = startOf(now - CLOSED_AFTER_MS, size) - size;
    const closed = own.live.filter(({ at }) => at < open);
    if (closed.length === 0) return;
    own.live = own.live.filter(({ at }) => at >= open);
    const windows = joined(own.windows, closed, size).filter(({ start }) => start > now - TRACK_MS);
    own.windows = new Map(windows.map((window) => [window.start, window]));
  }

  function takeStored(own: Track, newest: StoredWindow | undefined): void {
    if (!newest || (own.heardAt !== undefined && heardAtOf(newest) <= own.heardAt)) return;
    own.heardAt = heardAtOf(newest);
    own.values = { ...own.values, ...newestOf(newest) };
  }

  async function load(deviceIds: readonly string[]): Promise<void> {
    const recent = await readRecent(api, deviceIds);
    batch(() => {
      for (const [deviceId, windows] of recent) {
        const own = track(deviceId);
        own.windows = windows;
        takeStored(own, [...windows.values()].at(-1));
        own.version.value += 1;
      }
    });
  }

  live.listen((topic, payload, at) => {
    const sender = senderOf(topic);
    if (!sender) return;
    for (const reading of readingsOf(new TextDecoder().decode(payload), at))
      take(track(sender.deviceId), reading);
  });

  return {
    track,
    ...createQueue(load),
    /** What the fleet's list says of each. */
    takeFleet(devices: readonly FleetDevice[]) {
      for (const { deviceId, lastWindow } of devices) {
        const own = track(deviceId);
        takeStored(own, lastWindow);
        own.version.value += 1;
      }
    },
    flush(now: number) {
      batch(() => {
        for (const own of dirty) {
          compact(own, now);
          own.version.value += 1;
        }
      });
      dirty.clear();
    },
    hasHeardOther: (known: ReadonlySet<string>) =>
      [...tracks.values()].some(({ deviceId, live }) => live.length > 0 && !known.has(deviceId)),
  };
}
