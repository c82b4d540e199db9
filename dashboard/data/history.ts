// A device's history as a view shows it: stored windows from the API, followed by live readings.

import { signal, type Signal } from '@preact/signals';
import type { WindowPage } from '../model/api-types.ts';
import type { Step } from '../model/ladder.ts';
import { readingsOf, senderOf } from '../model/live-reading.ts';
import { joined, startOf, stillLive, type LiveReading, type StoredWindow } from '../model/windows.ts';
import { ApiError, pathOf, type Api } from './api.ts';
import type { Live } from './live.ts';

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

const PAGE = 2000;
/** How long after its end a window's readings are stored. */
const SETTLE_MS = 2500;
/** The longest pause between two requests, for windows longer than this. */
const LONGEST_WAIT_MS = 20_000;

const decoder = new TextDecoder();

export function openHistory(
  { api, live }: { api: Api; live: Live },
  deviceId: string,
  { from, to, isLive, step }: { from: number; to: number; isLive: boolean; step: Step },
): History {
  const version = signal(0);
  const isLoaded = signal(false);
  const failure = signal<ApiError | undefined>(undefined);
  const isGone = signal(false);
  const stored = new Map<number, StoredWindow>();
  let tail: LiveReading[] = [];
  let units: Readonly<Record<string, string>> = {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isClosed = false;
  let cached: { readonly version: number; readonly series: StoredWindow[] } | undefined;

  async function read(since: number, until: number): Promise<void> {
    const path = `${pathOf('devices', deviceId)}/windows`;
    let next: string | undefined;
    do {
      const query = { from: since, to: until, resolution: step.resolution, limit: PAGE, next };
      const page: WindowPage = await api.get(path, query);
      if (isClosed) return;
      for (const window of page.windows) stored.set(window.start, window);
      units = { ...units, ...page.units };
      if (page.sources?.some(({ source }) => source === 'gone')) isGone.value = true;
      next = page.next;
      version.value += 1;
    } while (next !== undefined);
  }

  /** Reads again from the last window that may still have been open, and drops the live readings that are stored now. */
  async function load(): Promise<void> {
    clearTimeout(timer);
    const now = Date.now();
    const last = Math.max(...stored.keys(), -Infinity);
    const since = Number.isFinite(last) ? last - 2 * step.size : startOf(from, step.size);
    try {
      await read(since, isLive ? now + 60_000 : to);
      tail = stillLive(tail, stored, step.size, startOf(now - SETTLE_MS, step.size) - step.size);
      failure.value = undefined;
      isLoaded.value = true;
    } catch (error) {
      failure.value = error instanceof ApiError ? error : new ApiError(0, String(error), '');
    }
    if (isClosed || !isLive) return;
    const end = startOf(now, step.size) + step.size + SETTLE_MS - now;
    timer = setTimeout(() => void load(), Math.min(end > SETTLE_MS ? end : end + step.size, LONGEST_WAIT_MS));
  }

  const stopListening = live.listen((topic, payload, at) => {
    if (!isLive || senderOf(topic)?.deviceId !== deviceId) return;
    tail.push(...readingsOf(decoder.decode(payload), at));
    version.value += 1;
  });
  const stopConnecting = live.onConnect(() => {
    if (isLoaded.value) void load(); // fetches what was missed while disconnected
  });
  void load();
  return {
    ...{ version, isLoaded, failure, isGone },
    series() {
      if (cached?.version !== version.value) {
        cached = { version: version.value, series: joined(stored, tail, step.size) };
      }
      return cached.series;
    },
    units: () => units,
    retry: () => void load(),
    close() {
      isClosed = true;
      clearTimeout(timer);
      stopListening();
      stopConnecting();
    },
  };
}
