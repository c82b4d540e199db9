// The duties of a site's devices, for comparison with one of them. Kept while the process lives; a new process has them in an hour.

import { hourOf, medianOf } from './hour-shape.ts';
import type { UnusualState } from './unusual.ts';

interface Known {
  readonly hour: number;
  readonly duty: number;
}

export interface SiteDuties {
  /** Stores the duty of a device's last whole hour. */
  note(site: string, deviceId: string, state: UnusualState | undefined): void;
  /** Median duty of the others, for hours that ended in the two hours before `at` (epoch milliseconds); undefined for fewer than two. */
  median(site: string, deviceId: string, at: number): number | undefined;
}

const LATEST_HOURS = 2;
const LEAST_OTHERS = 2;

export function createSiteDuties(): SiteDuties {
  const sites = new Map<string, Map<string, Known>>();
  return {
    note(site, deviceId, state) {
      const duty = state?.shapes.at(-1)?.[1];
      if (state === undefined || duty === undefined) return;
      let devices = sites.get(site);
      if (!devices) sites.set(site, (devices = new Map()));
      devices.set(deviceId, { hour: state.last, duty });
    },
    median(site, deviceId, at) {
      const hour = hourOf(at);
      const others = [...(sites.get(site) ?? [])].flatMap(([id, known]) =>
        id !== deviceId && hour - known.hour <= LATEST_HOURS ? [known.duty] : [],
      );
      return others.length < LEAST_OTHERS ? undefined : medianOf(others);
    },
  };
}
