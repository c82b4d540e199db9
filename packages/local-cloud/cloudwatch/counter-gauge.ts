// Measures by how much each counter of the status page grew in a minute, so that CloudWatch shows its course.

import type { Counters } from '../counters.ts';
import type { Meter } from './meter.ts';

/** Metrics of functions and of SNS are among the counters too, in capitals, and have namespaces of their own. */
const isOwn = (name: string) => /^[a-z]/.test(name);

export function createCounterGauge(counters: Counters): (meter: Meter) => void {
  let before: Readonly<Record<string, number>> = {};
  return (meter) => {
    const totals = counters.all();
    for (const [name, total] of Object.entries(totals))
      if (isOwn(name)) meter('LocalCloud', name, {}, 'Count')(total - (before[name] ?? 0));
    before = totals;
  };
}
