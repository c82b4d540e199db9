// A device's history as a view shows it: stored windows from the API, followed by live readings.

import { signal, type Signal } from '@preact/signals';
import { pathOf } from '../model/api-path.ts';
import type { WindowPage } from '../model/api-types.ts';
import type { Step } from '../model/ladder.ts';
import { readingsOf, senderOf } from '../model/live-reading.ts';
import { joined, startOf, stillLive, type LiveReading, type StoredWindow } from '../model/windows.ts';
import { asApiError, type ApiError } from './api-error.ts';
import type { Reads } from './recent.ts';
import type { LiveMessages } from './tracks.ts';

export interface History {
  /** Increases with each change. Views read it to subscribe, then call `series`. */
  readonly version: Signal<number>;
  readonly isLoaded: Signal<boolean>;
  readonly failure: Signal<ApiError | undefined>;
  /** Whether windows of the span are gone; the API still has its hours. */
  readonly isGone: Signal<boolean>;
  /** The buckets, oldest first. */
  readonly series: () => StoredWindow[];
  readonly units: () => Readonly<Record<string, string>>;
  readonly retry: () => void;
  readonly close: () => void;
}

/** The parts of the API client and the live connection that this module uses. */
export interface Sources {
  readonly api: Reads;
  readonly live: LiveMessages & { onConnect(run: () => void): () => void };
}

/** Epoch milliseconds. A live history goes on after `to`. */
export interface HistorySpan {
  readonly from: number;
  readonly to: number;
  readonly isLive: boolean;
  readonly step: Step;
}

const PAGE = 2000;
/** How long after its end a window's readings are stored. */
const SETTLE_MS = 2500;
/** The longest pause between two requests, for windows longer than this. */
const LONGEST_WAIT_MS = 20_000;

const decoder = new TextDecoder();

/** Stored windows, followed by the live readings that are not stored yet. @param size of a window, in milliseconds */
function createBuckets(size: number) {
  const version = signal(0);
  const isGone = signal(false);
  const stored = new Map<number, StoredWindow>();
  let tail: LiveReading[] = [];
  let units: Readonly<Record<string, string>> = {};
  let cached: { readonly version: number; readonly series: StoredWindow[] } | undefined;
  return {
    ...{ version, isGone },
    takePage(page: WindowPage): void {
      for (const window of page.windows) stored.set(window.start, window);
      units = { ...units, ...page.units };
      if (page.sources?.some(({ source }) => source === 'gone')) isGone.value = true;
      version.value += 1;
    },
    takeLive(readings: readonly LiveReading[]): void {
      tail.push(...readings);
      version.value += 1;
    },
    /** Drops the live readings that are stored now. */
    dropStored(now: number): void {
      tail = stillLive(tail, stored, size, startOf(now - SETTLE_MS, size) - size);
    },
    /** The first window that may have been open when it was read; undefined before the first read. */
    openSince(): number | undefined {
      const last = Math.max(...stored.keys(), -Infinity);
      return Number.isFinite(last) ? last - 2 * size : undefined;
    },
    series() {
      if (cached?.version !== version.value)
        cached = { version: version.value, series: joined(stored, tail, size) };
      return cached.series;
    },
    units: () => units,
  };
}

/** How long, in milliseconds, until the window that is open now is stored. */
function untilStored(now: number, size: number): number {
  const end = startOf(now, size) + size + SETTLE_MS - now;
  return Math.min(end > SETTLE_MS ? end : end + size, LONGEST_WAIT_MS);
}

/** Reads page by page, until `take` returns false. `from` and `to` are epoch milliseconds. */
async function readWindows(
  api: Reads,
  deviceId: string,
  span: { readonly from: number; readonly to: number; readonly resolution: Step['resolution'] },
  take: (page: WindowPage) => boolean,
): Promise<void> {
  let next: string | undefined;
  do {
    const path = `${pathOf('devices', deviceId)}/windows`;
    const page: WindowPage = await api.get(path, { ...span, limit: PAGE, next });
    if (!take(page)) return;
    next = page.next;
  } while (next !== undefined);
}

/** Loads the windows, and for a live history again each time when a window is stored. */
function createLoader(
  api: Reads,
  deviceId: string,
  { from, to, isLive, step: { size, resolution } }: HistorySpan,
  buckets: ReturnType<typeof createBuckets>,
) {
  const isLoaded = signal(false);
  const failure = signal<ApiError | undefined>(undefined);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isClosed = false;

  const take = (page: WindowPage) => {
    if (!isClosed) buckets.takePage(page);
    return !isClosed;
  };

  /** Reads again from the last window that may still have been open. */
  async function load(): Promise<void> {
    clearTimeout(timer);
    const now = Date.now();
    const since = buckets.openSince() ?? startOf(from, size);
    try {
      await readWindows(api, deviceId, { from: since, to: isLive ? now + 60_000 : to, resolution }, take);
      buckets.dropStored(now);
      failure.value = undefined;
      isLoaded.value = true;
    } catch (error) {
      failure.value = asApiError(error);
    }
    if (!isClosed && isLive) timer = setTimeout(() => void load(), untilStored(now, size));
  }

  const close = () => {
    isClosed = true;
    clearTimeout(timer);
  };
  return { isLoaded, failure, load, close };
}

export function openHistory({ api, live }: Sources, deviceId: string, span: HistorySpan): History {
  const buckets = createBuckets(span.step.size);
  const { isLoaded, failure, load, close } = createLoader(api, deviceId, span, buckets);
  const stops = [
    close,
    live.listen((topic, payload, at) => {
      if (!span.isLive || senderOf(topic)?.deviceId !== deviceId) return;
      buckets.takeLive(readingsOf(decoder.decode(payload), at));
    }),
    live.onConnect(() => {
      if (isLoaded.value) void load(); // fetches what was missed while disconnected
    }),
  ];
  void load();
  return {
    ...buckets,
    ...{ isLoaded, failure },
    retry: () => void load(),
    close: () => stops.forEach((stop) => stop()),
  };
}
