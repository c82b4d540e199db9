// Compares the acknowledged messages and the recomputed archive with what the product stored, and lists all differences.

import { Decimal } from 'decimal.js';
import { judgeAlarms } from './alarms.ts';
import type { Evidence, StoredWindow } from './evidence.ts';
import { recompute, windowKey, type ExpectedWindow, type Recomputed } from './recompute.ts';

/** Each fault means that a promise of docs/reliability.md is broken. */
export const FAULTS = [
  'lost',
  'missing',
  'extra',
  'doubled',
  'altered',
  'rejection',
  'missed-alarm',
  'repeated-mail',
  'pending',
] as const;
export type FaultKind = (typeof FAULTS)[number];

export interface Finding {
  readonly kind: FaultKind;
  readonly text: string;
}

/** When the stack was killed or could not write, in epoch milliseconds. At other times a notification is sent once. */
export interface Disturbance {
  readonly from: number;
  readonly to: number;
}

export interface Verdict {
  readonly findings: readonly Finding[];
  readonly figures: Readonly<Record<string, number>>;
}

export interface Claims {
  /** The keys of the acknowledged messages. */
  readonly acknowledged: ReadonlySet<string>;
  readonly disturbances: readonly Disturbance[];
}

export function judgeEvidence(
  evidence: Evidence,
  claims: Claims,
  expected: Recomputed = recompute(evidence.archive),
): Verdict {
  const unarchived = [...claims.acknowledged].filter((key) => !expected.keys.has(key));
  const lost = unarchived.filter((key) => !evidence.errors.some((text) => text.includes(key)));
  const alarms = judgeAlarms(evidence, expected, claims.disturbances);
  return {
    findings: [
      ...lost.map((key) => ({ kind: 'lost', text: `message ${key} is in no bucket` }) as const),
      ...judgeWindows(evidence.windows, expected),
      ...judgeRejections(evidence, expected),
      ...alarms.findings,
    ],
    figures: {
      acknowledged: claims.acknowledged.size,
      'archive lines': expected.lines,
      'archive lines repeated': expected.repeatedLines,
      'readings counted': expected.readings,
      'readings repeated': expected.repeatedReadings,
      'readings rejected': [...expected.rejected.values()].flat().length,
      windows: expected.windows.size,
      'other error objects': evidence.errors.length,
      ...alarms.figures,
    },
  };
}

/** Stored windows that differ from those recomputed from the archive. */
export function judgeWindows(stored: readonly StoredWindow[], { windows }: Recomputed): Finding[] {
  const byKey = new Map(stored.map((window) => [windowKey(window.deviceId, window.windowStart), window]));
  const missing = [...windows.keys()].filter((key) => !byKey.has(key));
  const found: Finding[] = missing.map((key) => ({ kind: 'missing', text: `window ${key} is not stored` }));
  for (const [key, window] of byKey) {
    const expected = windows.get(key);
    if (!expected) found.push({ kind: 'extra', text: `window ${key} is not in the archive` });
    else found.push(...differencesOf(key, window, expected));
  }
  return found;
}

function differencesOf(key: string, { numbers }: StoredWindow, expected: ExpectedWindow): Finding[] {
  const statistics = statisticsOf(expected);
  const differ = [...statistics].filter(([name, value]) => {
    const stored = numbers.get(name);
    return stored === undefined || !new Decimal(stored).equals(value);
  });
  const unknown = [...numbers.keys()].filter(
    (name) => /\.(min|max|sum|count)$/.test(name) && !statistics.has(name),
  );
  if (differ.length + unknown.length === 0) return [];
  const isMore = ([name, value]: readonly [string, Decimal]) =>
    /^readings$|\.count$/.test(name) && new Decimal(numbers.get(name) ?? 0).greaterThan(value);
  const details = [
    ...differ.map(([name, value]) => `${name} ${numbers.get(name) ?? 'absent'}, not ${value.toFixed()}`),
    ...unknown.map((name) => `${name} ${numbers.get(name)}, not there`),
  ];
  const kind = differ.some(isMore) ? 'doubled' : 'altered';
  return [{ kind, text: `window ${key}: ${details.join('; ')}` }];
}

function statisticsOf({
  readings,
  firstReadingAt,
  lastReadingAt,
  metrics,
}: ExpectedWindow): Map<string, Decimal> {
  const statistics = new Map([
    ['readings', new Decimal(readings)],
    ['firstReadingAt', new Decimal(firstReadingAt)],
    ['lastReadingAt', new Decimal(lastReadingAt)],
  ]);
  for (const [name, { min, max, sum, count }] of metrics) {
    statistics.set(`${name}.min`, min).set(`${name}.max`, max).set(`${name}.sum`, sum);
    statistics.set(`${name}.count`, new Decimal(count));
  }
  return statistics;
}

function judgeRejections({ rejected }: Evidence, expected: Recomputed): Finding[] {
  const kept = new Map(rejected.map(({ traceId, reasons }) => [traceId, reasons.join(', ')]));
  const wanted = new Map([...expected.rejected].map(([traceId, reasons]) => [traceId, reasons.join(', ')]));
  const traces = new Set([...kept.keys(), ...wanted.keys()]);
  return [...traces]
    .filter((traceId) => kept.get(traceId) !== wanted.get(traceId))
    .map((traceId) => ({
      kind: 'rejection',
      text: `message ${traceId} was rejected for ${kept.get(traceId) ?? 'nothing'}, not for ${wanted.get(traceId) ?? 'anything'}`,
    }));
}
