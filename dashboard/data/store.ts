// The data that views share: devices, their last ten minutes, open alerts and rules. It is kept up to date.

import { batch, signal, type Signal } from '@preact/signals';
import type { Alert, Device, FleetDevice, FleetPage, Rule } from '../model/api-types.ts';
import type { PageConfig } from '../model/config.ts';
import { asApiError, type ApiError } from './api-error.ts';
import type { Api } from './api.ts';
import type { Live } from './live.ts';
import type { Session } from './session.ts';
import { createTracks, type Track } from './tracks.ts';

export interface Store {
  readonly devices: Signal<readonly Device[] | undefined>;
  readonly alerts: Signal<readonly Alert[]>;
  readonly rules: Signal<readonly Rule[]>;
  /** Why the device list did not load. */
  readonly failure: Signal<ApiError | undefined>;
  /** Ticks once a second; epoch milliseconds. */
  readonly now: Signal<number>;
  readonly windowMs: number;
  readonly track: (deviceId: string) => Track;
  /**
   * Call it when the device becomes visible: loads its last ten minutes. Call the returned function when it goes out of
   * sight.
   */
  readonly look: (deviceId: string) => () => void;
  readonly refresh: () => Promise<void>;
  readonly refreshAlerts: () => Promise<void>;
  /** Shows an alert as acknowledged, before that is sent, until the returned function is called. */
  readonly assume: (alert: Pick<Alert, 'deviceId' | 'ruleId'>) => () => void;
}

const TICK_MS = 1000;
const ALERTS_EVERY_MS = 5000;
const DEVICES_EVERY_MS = 60_000;
/** The shortest pause between two reads of the list, after a reconnect or when an unknown device sends messages. */
const LIST_AGAIN_MS = 3000;
const FLEET_PAGE = 10_000;
/** Time for the browser to paint the list before other work starts. */
const PAINT_MS = 30;
/** Connect after this time even if the list has not loaded. */
const LATEST_LIVE_MS = 2000;
/** The API gathers larger fleets once a minute, so reading the list sooner would not show a new device. */
const LARGEST_LOOKED_UP = 200;

type Parts = {
  readonly config: PageConfig;
  readonly api: Api;
  readonly live: Live;
  readonly session: Session;
};

async function readFleet(api: Api): Promise<FleetDevice[]> {
  const devices: FleetDevice[] = [];
  let next: string | undefined;
  do {
    const page: FleetPage = await api.get('/fleet', { limit: FLEET_PAGE, next });
    devices.push(...page.devices);
    next = page.next;
  } while (next !== undefined);
  return devices;
}

/** The alerts as the API had them last, except those that this page has just acknowledged. */
function createAlerts(api: Parts['api'], session: Parts['session']) {
  const alerts = signal<readonly Alert[]>([]);
  const assumed = new Set<string>();
  let known: readonly Alert[] = [];
  let alertsAt = 0;

  async function refreshAlerts(): Promise<void> {
    alertsAt = Date.now();
    if (session.isGuest()) return;
    known = (await api.get<{ alerts: readonly Alert[] }>('/alerts', { limit: 1000 })).alerts;
    showAlerts();
  }

  function showAlerts(): void {
    const shown = known.map((alert) =>
      alert.state === 'alarm' && assumed.has(`${alert.deviceId}/${alert.ruleId}`)
        ? { ...alert, state: 'acknowledged' as const }
        : alert,
    );
    if (JSON.stringify(shown) !== JSON.stringify(alerts.value)) alerts.value = shown;
  }

  function assume({ deviceId, ruleId }: Pick<Alert, 'deviceId' | 'ruleId'>): () => void {
    const key = `${deviceId}/${ruleId}`;
    assumed.add(key);
    showAlerts();
    return () => {
      assumed.delete(key);
      showAlerts();
    };
  }

  return { alerts, refreshAlerts, assume, refreshedAt: () => alertsAt };
}

/** The devices and rules. They are read together, so that a device is shown with its rules. */
function createList(
  { api, session }: Parts,
  tracks: ReturnType<typeof createTracks>,
  refreshAlerts: () => Promise<void>,
) {
  const devices = signal<readonly Device[] | undefined>(undefined);
  const rules = signal<readonly Rule[]>([]);
  const failure = signal<ApiError | undefined>(undefined);
  let readAt = 0;

  async function refresh(): Promise<void> {
    readAt = Date.now();
    try {
      await session.credentials();
      const [found, known] = await Promise.all([
        readFleet(api),
        session.isGuest() ? { rules: [] } : api.get<{ rules: readonly Rule[] }>('/rules'),
        refreshAlerts(),
      ]);
      batch(() => {
        devices.value = found;
        tracks.takeFleet(found);
        rules.value = known.rules;
        failure.value = undefined;
      });
    } catch (error) {
      failure.value = asApiError(error);
      readAt = Date.now() - DEVICES_EVERY_MS + ALERTS_EVERY_MS; // retries in five seconds
    }
  }

  function isOld(at: number): boolean {
    if (at - readAt > DEVICES_EVERY_MS) return true;
    const known = new Set(devices.value?.map(({ deviceId }) => deviceId));
    if (devices.value === undefined || known.size > LARGEST_LOOKED_UP) return false;
    return at - readAt > LIST_AGAIN_MS && tracks.hasUnknownDevice(known);
  }

  return { devices, rules, failure, refresh, isOld, readAt: () => readAt };
}

export function createStore(parts: Parts): Store {
  const { config, api, live, session } = parts;
  const windowMs = config.storage.windowSeconds * 1000;
  const now = signal(Date.now());
  const tracks = createTracks(api, live, windowMs);
  const { alerts, refreshAlerts, assume, refreshedAt } = createAlerts(api, session);
  const list = createList(parts, tracks, refreshAlerts);
  const { devices, rules, failure, refresh } = list;

  setInterval(() => {
    const at = Date.now();
    now.value = at;
    tracks.flush(at);
    if (document.hidden) return;
    if (list.isOld(at)) void refresh();
    else if (at - refreshedAt() > ALERTS_EVERY_MS)
      void refreshAlerts().catch((error: unknown) => {
        failure.value = asApiError(error);
      });
  }, TICK_MS);
  live.subscribe('telemetry/#');
  live.onConnect(() => {
    tracks.connected();
    if (Date.now() - list.readAt() > LIST_AGAIN_MS) void refresh();
  });
  void refresh().finally(() => setTimeout(live.begin, PAINT_MS));
  setTimeout(live.begin, LATEST_LIVE_MS);
  return {
    ...{ devices, alerts, rules, failure, now, windowMs, refresh, refreshAlerts, assume },
    ...{ track: tracks.track, look: tracks.look },
  };
}
