// What the views share: devices, their last ten minutes, open alerts and rules, kept up to date.

import { batch, signal, type Signal } from '@preact/signals';
import type { Alert, Device, DevicePage, Rule, WindowPage } from '../model/api-types.ts';
import { readingsOf, senderOf } from '../model/live-reading.ts';
import { joined, startOf, type LiveReading, type StoredWindow } from '../model/windows.ts';
import { ApiError, pathOf, type Api } from './api.ts';
import type { Live } from './live.ts';
import type { Session } from './session.ts';

/** A device's last ten minutes. Views read `version`, and are drawn again when it changes. */
export interface Track {
  readonly deviceId: string;
  readonly version: Signal<number>;
  windows: ReadonlyMap<number, StoredWindow>;
  live: LiveReading[];
  /** Newest value by metric. */
  values: Readonly<Record<string, number>>;
  units: Readonly<Record<string, string>>;
  /** Epoch milliseconds, event time. */
  heardAt: number | undefined;
}

export interface Store {
  readonly devices: Signal<readonly Device[] | undefined>;
  readonly alerts: Signal<readonly Alert[]>;
  readonly rules: Signal<readonly Rule[]>;
  /** Why the list of devices did not load. */
  readonly failure: Signal<ApiError | undefined>;
  /** Ticks once a second; epoch milliseconds. */
  readonly now: Signal<number>;
  readonly windowMs: Signal<number>;
  readonly track: (deviceId: string) => Track;
  /** Loads what happened before the page was opened, once. */
  readonly ensure: (deviceId: string) => void;
  readonly refresh: () => Promise<void>;
  readonly refreshAlerts: () => Promise<void>;
}

export const TRACK_MS = 11 * 60_000;
const TICK_MS = 1000;
const ALERTS_EVERY_MS = 5000;
const DEVICES_EVERY_MS = 60_000;
const PAGE = 500;
/** Of histories at once, so that a fleet's tiles do not take the whole rate limit. */
const MOST_LOADING = 3;
/** A window is closed when nothing of it is on its way any more. */
const CLOSED_AFTER_MS = 5000;

type Parts = { readonly api: Api; readonly live: Live; readonly session: Session };

function createTracks({ api, live }: Parts, windowMs: Signal<number>) {
  const tracks = new Map<string, Track>();
  const dirty = new Set<Track>();
  const wanted = new Set<string>();
  const queue: string[] = [];
  let loading = 0;

  function track(deviceId: string): Track {
    let found = tracks.get(deviceId);
    if (!found) {
      const empty = { windows: new Map(), live: [], values: {}, units: {}, heardAt: undefined };
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
    const size = windowMs.value;
    const open = startOf(now - CLOSED_AFTER_MS, size) - size;
    const closed = own.live.filter(({ at }) => at < open);
    if (closed.length === 0) return;
    own.live = own.live.filter(({ at }) => at >= open);
    const windows = joined(own.windows, closed, size).filter(({ start }) => start > now - TRACK_MS);
    own.windows = new Map(windows.map((window) => [window.start, window]));
  }

  async function load(deviceId: string): Promise<void> {
    const own = track(deviceId);
    const page = await api.get<WindowPage>(`${pathOf('devices', deviceId)}/windows`, { from: '-10m' });
    windowMs.value = page.windowSeconds * 1000;
    own.windows = new Map(page.windows.map((window) => [window.start, window]));
    own.units = page.units;
    const last = page.windows.at(-1);
    if (last && (own.heardAt === undefined || (last.lastReadingAt ?? 0) > own.heardAt)) {
      own.heardAt = last.lastReadingAt ?? last.start;
      const values = Object.entries(last.metrics).map(([name, { last, max }]) => [name, last ?? max]);
      own.values = { ...own.values, ...(Object.fromEntries(values) as Record<string, number>) };
    }
    own.version.value += 1;
  }

  function next(): void {
    while (loading < MOST_LOADING && queue.length > 0) {
      const deviceId = queue.shift()!;
      loading += 1;
      void load(deviceId)
        .catch(() => wanted.delete(deviceId)) // the next look at it tries again; the list says what is wrong
        .finally(() => {
          loading -= 1;
          next();
        });
    }
  }

  live.listen((topic, payload, at) => {
    const sender = senderOf(topic);
    if (!sender) return;
    for (const reading of readingsOf(new TextDecoder().decode(payload), at))
      take(track(sender.deviceId), reading);
  });

  return {
    track,
    ensure(deviceId: string) {
      if (wanted.has(deviceId)) return;
      wanted.add(deviceId);
      queue.push(deviceId);
      next();
    },
    /** After a break of the connection: what was missed is asked for. */
    reload() {
      queue.push(...[...wanted].filter((deviceId) => !queue.includes(deviceId)));
      next();
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
    isUnknown: (known: ReadonlySet<string>) => [...tracks.keys()].some((deviceId) => !known.has(deviceId)),
  };
}

async function readDevices(api: Api): Promise<Device[]> {
  const devices: Device[] = [];
  let next: string | undefined;
  do {
    const page: DevicePage = await api.get('/devices', { limit: PAGE, next });
    devices.push(...page.devices);
    next = page.next;
  } while (next !== undefined);
  return devices;
}

const asApiError = (error: unknown) =>
  error instanceof ApiError
    ? error
    : new ApiError(0, (error as Error).message, String((error as Error).stack ?? error).slice(0, 300));

export function createStore(parts: Parts): Store {
  const { api, live, session } = parts;
  const devices = signal<readonly Device[] | undefined>(undefined);
  const alerts = signal<readonly Alert[]>([]);
  const rules = signal<readonly Rule[]>([]);
  const failure = signal<ApiError | undefined>(undefined);
  const now = signal(Date.now());
  const windowMs = signal(10_000);
  const tracks = createTracks(parts, windowMs);
  let devicesAt = 0;
  let alertsAt = 0;

  async function refreshAlerts(): Promise<void> {
    alertsAt = Date.now();
    if (session.isGuest()) return;
    const found = await api.get<{ alerts: readonly Alert[] }>('/alerts', { limit: 1000 });
    if (JSON.stringify(found.alerts) !== JSON.stringify(alerts.value)) alerts.value = found.alerts;
  }

  async function refresh(): Promise<void> {
    devicesAt = Date.now();
    try {
      await session.credentials();
      const [found, known] = await Promise.all([
        readDevices(api),
        session.isGuest() ? { rules: [] } : api.get<{ rules: readonly Rule[] }>('/rules'),
        refreshAlerts(),
      ]);
      batch(() => {
        devices.value = found;
        rules.value = known.rules;
        failure.value = undefined;
      });
    } catch (error) {
      failure.value = asApiError(error);
      devicesAt = Date.now() - DEVICES_EVERY_MS + ALERTS_EVERY_MS; // again in five seconds
    }
  }

  function isListOld(at: number): boolean {
    if (at - devicesAt > DEVICES_EVERY_MS) return true;
    const known = new Set(devices.value?.map(({ deviceId }) => deviceId));
    return at - devicesAt > 3000 && devices.value !== undefined && tracks.isUnknown(known);
  }

  setInterval(() => {
    const at = Date.now();
    now.value = at;
    tracks.flush(at);
    if (document.hidden) return;
    if (isListOld(at)) void refresh();
    else if (at - alertsAt > ALERTS_EVERY_MS)
      void refreshAlerts().catch((error: unknown) => {
        failure.value = asApiError(error);
      });
  }, TICK_MS);
  live.subscribe('telemetry/#');
  live.onConnect(() => tracks.reload());
  void refresh();
  return {
    ...{ devices, alerts, rules, failure, now, windowMs, refresh, refreshAlerts },
    track: (deviceId) => tracks.track(deviceId),
    ensure: (deviceId) => tracks.ensure(deviceId),
  };
}
