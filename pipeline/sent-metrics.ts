// Finds cheaply which metrics the devices of a rule send: from the last window of a few of them.

import { matches, type Match } from '../core/alert-rule.ts';
import { inParallel } from '../core/in-parallel.ts';
import type { SentMetrics } from '../core/metric-warnings.ts';
import type { DeviceStore, WindowHistory } from './ports.ts';

/** Rejects with the SDK's error. */
export type SampleMetrics = (match: Match | undefined) => Promise<SentMetrics>;

/** Devices whose last window is read. */
export const MAX_SAMPLED = 20;
const AT_ONCE = 5;
const DEVICES_A_PAGE = 500;
/** Pages of the device list, if few devices match. */
const MAX_PAGES = 4;

export function createSampleMetrics(parts: {
  readonly devices: Pick<DeviceStore, 'list'>;
  readonly history: Pick<WindowHistory, 'last'>;
}): SampleMetrics {
  const { devices, history } = parts;
  return async (match) => {
    const found: string[] = [];
    let after: string | undefined;
    let pages = 0;
    do {
      const page = await devices.list({ limit: DEVICES_A_PAGE, ...(after !== undefined && { after }) });
      for (const device of page.devices) if (matches(match, device)) found.push(device.deviceId);
      after = page.last;
      pages += 1;
    } while (after !== undefined && pages < MAX_PAGES);
    const sampled = await inParallel(sampleOf(found), AT_ONCE, async (deviceId) => {
      const window = await history.last(deviceId);
      return { deviceId, metrics: new Set(window?.metrics.keys()) };
    });
    return { devices: sampled, isComplete: after === undefined && found.length <= MAX_SAMPLED };
  };
}

/**
 * A few of each kind, as guessed from the names: otherwise the sample might be all sensors of one gateway, which are
 * alike.
 */
function sampleOf(devices: readonly string[]): string[] {
  const kinds = [...Map.groupBy(devices, kindOf).values()];
  const sample: string[] = [];
  for (let at = 0; sample.length < Math.min(MAX_SAMPLED, devices.length); at += 1)
    for (const kind of kinds) sample.push(...kind.slice(at, at + 1));
  return sample.slice(0, MAX_SAMPLED);
}

/** The gateway of a sensor, or the name without its numbers. */
const kindOf = (deviceId: string) => deviceId.split(':')[0]!.replaceAll(/\d+/g, '');
