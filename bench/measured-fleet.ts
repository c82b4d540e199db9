// Measures the running local cloud's traffic as a fleet for the bill, from two readings of its counters.

import { setTimeout as wait } from 'node:timers/promises';
import { openApi } from '../commands/api.ts';
import { findStack, notRunning } from '../commands/running-stack.ts';
import type { Fleet } from './bill-assumptions.ts';

type Totals = Readonly<Record<string, number>>;

async function readTotals(web: string, dataDir: string): Promise<Totals> {
  const answer = await fetch(new URL('status.json', web)).catch((cause: unknown) => {
    throw new Error(notRunning(dataDir), { cause });
  });
  return ((await answer.json()) as { totals: Totals }).totals;
}

export type Measured = Pick<Fleet, 'devices' | 'rate' | 'pack' | 'writesPerReading'>;

/** The fleet between two readings of the counters. @throws Error that says what is missing if nothing arrived */
export function fleetBetween(before: Totals, after: Totals, seconds: number, devices: number): Measured {
  const grown = (name: string) => (after[name] ?? 0) - (before[name] ?? 0);
  const readings = grown('ReadingsAccepted');
  if (readings === 0 || devices === 0)
    throw new Error(
      `no reading came in for ${seconds} s: start devices (npm run sim -- --local), or measure for longer`,
    );
  return {
    devices,
    rate: readings / seconds / devices,
    pack: Math.max(1, readings / grown('ruleMatches')),
    writesPerReading: grown('WindowsWritten') / readings,
  };
}

/** Watches the local cloud of `dataDir` for `seconds`. */
export async function measureFleet(dataDir: string, seconds: number): Promise<Measured> {
  const found = findStack(dataDir);
  if ('problem' in found) throw new Error(found.problem);
  const before = await readTotals(found.web, dataDir);
  await wait(seconds * 1000);
  const after = await readTotals(found.web, dataDir);
  const api = await openApi({ 'data-dir': dataDir });
  const { devices } = await api.call<{ devices: { lastSeenAt?: number }[] }>(['devices'], {
    query: { limit: 500 },
  });
  // A device's last-seen time is written at most every ten minutes.
  const recent = devices.filter(({ lastSeenAt = 0 }) => lastSeenAt > Date.now() - 660_000);
  return fleetBetween(before, after, seconds, recent.length);
}
