// Loads the last ten minutes of visible devices in batches, and keeps those of recently visible ones.

import type { SeriesPage } from '../model/api-types.ts';
import type { StoredWindow } from '../model/windows.ts';

/** Concurrent calls. The limit leaves room in the API's rate limit. */
const MOST_LOADING = 3;
/** The API's maximum. */
const DEVICES_A_CALL = 20;
const WINDOWS_PAGE = 2000;
/** How long tiles that become visible are gathered into one call. */
const GATHER_MS = 50;
/** The first calls wait this long at most for the connection, since they would have to be repeated after it. */
const CONNECTING_MS = 400;
/** Devices out of sight that are kept, so that scrolling back makes no calls. */
const MOST_UNSEEN = 200;

/** The part of the API client that this module uses. */
export interface Reads {
  get<T>(
    path: string,
    query: Readonly<Record<string, string | number | readonly string[] | undefined>>,
  ): Promise<T>;
}

/** The last ten minutes of up to twenty devices, by device. */
export async function readRecent(api: Reads, device: readonly string[]) {
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

/** Calls `load` with up to twenty devices at a time, and `failed` with those of a failed call. */
function createQueue(
  load: (deviceIds: readonly string[]) => Promise<void>,
  failed: (deviceIds: readonly string[]) => void,
) {
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
        .catch(() => failed(ids)) // the device list reports the failure
        .finally(() => {
          loading -= 1;
          next();
        });
    }
  }

  return {
    /** Loads the devices after a pause, in milliseconds, in which more may be added. */
    add(deviceIds: Iterable<string>, pause: number): void {
      for (const deviceId of deviceIds) queue.add(deviceId);
      timer ??= setTimeout(next, pause);
    },
    remove: (deviceId: string) => queue.delete(deviceId),
    /** Ends the pause, so that the next `add` sets its own. */
    endPause(): void {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}

/** Loads devices when they become visible. After a failed call, its devices are loaded when they next become visible. */
export function createRecent(load: (deviceIds: readonly string[]) => Promise<void>) {
  /** Loaded, or about to be. */
  const kept = new Set<string>();
  const seen = new Map<string, number>();
  /** In the order in which they went out of sight. */
  const unseen = new Set<string>();
  const queue = createQueue(load, (ids) => ids.forEach((id) => kept.delete(id)));
  let pause = CONNECTING_MS;

  function leave(deviceId: string): void {
    const count = (seen.get(deviceId) ?? 1) - 1;
    if (count > 0) return void seen.set(deviceId, count);
    seen.delete(deviceId);
    unseen.add(deviceId);
    if (unseen.size <= MOST_UNSEEN) return;
    const [oldest] = unseen;
    for (const set of [unseen, kept]) set.delete(oldest!);
    queue.remove(oldest!);
  }

  return {
    isKept: (deviceId: string) => kept.has(deviceId),
    /** Loads the device unless it is kept already. Call the returned function when it goes out of sight. */
    look(deviceId: string): () => void {
      seen.set(deviceId, (seen.get(deviceId) ?? 0) + 1);
      unseen.delete(deviceId);
      if (!kept.has(deviceId)) {
        kept.add(deviceId);
        queue.add([deviceId], pause);
      }
      return () => leave(deviceId);
    },
    /** Call it after each new connection: loads what was missed before. */
    connected(): void {
      pause = GATHER_MS;
      queue.endPause();
      queue.add(kept, pause);
    },
  };
}
