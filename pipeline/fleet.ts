// The latest values of a whole fleet: those of a small fleet are read on each request, those of a large one are kept by a function.

import type { Device } from '../core/device.ts';
import { statisticTextsOf } from '../core/statistic-text.ts';
import { inParallel } from '../core/in-parallel.ts';
import type { DeviceStore, WindowHistory } from './ports.ts';
import type { Fleet, FleetEntry, FleetSnapshots } from './rollup-ports.ts';

/** At one small read each, these devices take a few tenths of a second. */
const MAX_LOOKED_UP = 200;
const DEVICES_A_PAGE = 1000;
const READS_AT_ONCE = 32;

type Devices = Pick<DeviceStore, 'list'>;
type LastWindows = Pick<WindowHistory, 'last'>;

interface Parts {
  readonly devices: Devices;
  readonly history: LastWindows;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Rejects with the SDK's error. */
export type ReadFleet = () => Promise<Fleet>;

/** Until the function has kept a large fleet for the first time, its devices have no windows. */
export function createReadFleet(
  parts: Parts & { readonly snapshots: Pick<FleetSnapshots, 'load'> },
): ReadFleet {
  const { devices, snapshots, now } = parts;
  return async () => {
    const first = await devices.list({ limit: MAX_LOOKED_UP + 1 });
    if (first.last === undefined && first.devices.length <= MAX_LOOKED_UP)
      return gathered(first.devices, parts);
    const kept = await snapshots.load();
    if (kept) return kept;
    return { asOf: now(), entries: (await everyDevice(devices)).map((device) => ({ device })) };
  };
}

/**
 * Keeps the fleet if it is too large to be read on each request. A device for which the time was too short keeps the
 * window that it had before. Rejects with the SDK's error.
 */
export type KeepFleet = (
  all: readonly Device[],
  options: { /** Epoch milliseconds. */ readonly endsAt: number },
) => Promise<void>;

export function createKeepFleet(
  parts: Omit<Parts, 'devices'> & { readonly snapshots: Pick<FleetSnapshots, 'keep'> },
): KeepFleet {
  const { snapshots } = parts;
  let before = new Map<string, FleetEntry['lastWindow']>();
  let begin = '';
  return async (all, { endsAt }) => {
    if (all.length <= MAX_LOOKED_UP) return;
    const fleet = await gathered(all, parts, { endsAt, before, begin });
    begin = fleet.next ?? '';
    before = new Map(fleet.entries.map(({ device, lastWindow }) => [device.deviceId, lastWindow]));
    await snapshots.keep(fleet);
  };
}

interface Limits {
  readonly endsAt: number;
  readonly before: ReadonlyMap<string, FleetEntry['lastWindow']>;
  /** The first device to read, as there may be no time for all. */
  readonly begin: string;
}

async function gathered(
  found: readonly Device[],
  { history, now }: Omit<Parts, 'devices'>,
  { endsAt, before, begin }: Limits = { endsAt: Infinity, before: new Map(), begin: '' },
): Promise<Fleet & { /** The first device for which there was no time. */ readonly next?: string }> {
  const asOf = now();
  const sorted = [...found].sort((a, b) => (a.deviceId < b.deviceId ? -1 : 1));
  const first = Math.max(
    0,
    sorted.findIndex(({ deviceId }) => deviceId >= begin),
  );
  const last = new Map(before);
  let next: string | undefined;
  await inParallel(
    [...sorted.slice(first), ...sorted.slice(0, first)],
    READS_AT_ONCE,
    async ({ deviceId }) => {
      if (now() >= endsAt) {
        next ??= deviceId;
        return;
      }
      const window = await history.last(deviceId);
      last.set(deviceId, window && { start: window.windowStart, ...statisticTextsOf(window) });
    },
  );
  const entries = sorted.map(({ rejections: _rejections, skipped: _skipped, ...device }) => {
    const lastWindow = last.get(device.deviceId);
    return { device, ...(lastWindow && { lastWindow }) };
  });
  return { asOf, entries, ...(next !== undefined && { next }) };
}

/** By name. */
export async function everyDevice(devices: Devices): Promise<Device[]> {
  const all: Device[] = [];
  let after: string | undefined;
  do {
    const page = await devices.list({ limit: DEVICES_A_PAGE, ...(after !== undefined && { after }) });
    all.push(...page.devices);
    after = page.last;
  } while (after !== undefined);
  return all.sort((a, b) => (a.deviceId < b.deviceId ? -1 : 1));
}
