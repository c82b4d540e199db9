// Tables of device formats: a payload, and its readings as one line of text.

import assert from 'node:assert/strict';
import { test } from '@jest/globals';
import * as fc from 'fast-check';
import { decimalText } from '../../core/decimal.ts';
import { pathText, unusedPaths, type Draft } from '../../core/formats/draft.ts';
import { readAnyFormat } from '../../core/formats/formats.ts';
import { parseMessage, type ParsedMessage } from '../../core/message.ts';
import type { TimeLimits } from '../../core/reading.ts';

/** 2026-11-29T13:45:30.123Z */
export const ARRIVAL = 1795959930123;
/** Wide enough for documented examples of any year since 1996. */
const LIMITS = { maxLatenessSeconds: 31 * 366 * 86_400, maxSkewSeconds: 60 };

/**
 * Title, format, payload text, readings such as `dev:child@<time> temperature=21.5` (the time in ISO, or `arrival`, and
 * several are divided by ` | `) or `no-metrics: <detail>`, and names that must be among the skipped ones.
 */
export type FormatCase = readonly [
  title: string,
  format: string,
  payload: string,
  expected: string,
  skipped?: readonly string[],
];

/** As the rules send it: a JSON object's members, or else bytes. `levels`: context beside or instead of the usual one. */
export function parseText(payload: string, levels: object = {}, limits: TimeLimits = LIMITS): ParsedMessage {
  const context = {
    deviceId: 'dev',
    site: 'lab',
    receivedAt: ARRIVAL,
    clientId: 'dev',
    traceId: 't',
    ...levels,
  };
  let event: object = { rawPayload: Buffer.from(payload).toString('base64'), ...context };
  if (payload.startsWith('{')) {
    try {
      event = { ...(JSON.parse(payload) as object), ...context };
    } catch {
      // Stays bytes.
    }
  }
  return parseMessage(event, limits);
}

export function summary({ accepted, rejected }: ParsedMessage): string {
  const readings = accepted.map(({ deviceId, timestamp, metrics }) => {
    const time = timestamp === ARRIVAL ? 'arrival' : new Date(timestamp).toISOString();
    return [`${deviceId}@${time}`, ...metrics.map(({ name, value }) => `${name}=${decimalText(value)}`)].join(
      ' ',
    );
  });
  return [...readings, ...rejected.map(({ reason, detail }) => `${reason}: ${detail}`)].join(' | ');
}

export function testFormats(cases: readonly FormatCase[]): void {
  for (const [title, format, payload, expected, skipped = []] of cases) {
    test(`reads ${title}`, () => {
      const message = parseText(payload);
      assert.equal(summary(message), expected);
      assert.equal(message.format, format);
      const names = new Set(message.skipped.map(({ name }) => name));
      assert.deepEqual(
        skipped.filter((name) => !names.has(name)),
        [],
      );
    });
  }
}

/** Payloads in which members are removed, renamed or of another type. */
function mutations(samples: readonly string[]): fc.Arbitrary<unknown> {
  const names = samples.flatMap((sample) =>
    [...sample.matchAll(/"([^"\\]+)"\s*:/g)].map(([, name]) => name!),
  );
  const parts = [
    fc.constantFrom(...samples),
    fc.infiniteStream(fc.integer({ min: 0, max: 40 })),
    fc.infiniteStream(fc.oneof(fc.jsonValue(), fc.constantFrom(...names))),
    fc.constantFrom(...names),
  ] as const;
  return fc.tuple(...parts).map(([sample, dice, others, name]) => {
    const isHit = () => dice.next().value === 0;
    const change = (value: unknown): unknown => {
      if (isHit()) return others.next().value;
      if (Array.isArray(value)) return value.filter(() => !isHit()).map(change);
      if (typeof value !== 'object' || value === null) return value;
      const members = Object.entries(value).filter(() => !isHit());
      return Object.fromEntries(members.map(([key, inner]) => [isHit() ? name : key, change(inner)]));
    };
    return change(JSON.parse(sample));
  });
}

/** The paths of leaves that no draft has and that are not named. */
function lostPaths(payload: unknown, drafts: readonly Draft[]): string[] {
  const named = new Set(unusedPaths(payload, drafts).map(pathText));
  for (const { id, times, values, unmeasured } of drafts) {
    for (const { path } of [...(id ? [id] : []), ...times, ...values]) named.add(pathText(path));
    for (const path of unmeasured ?? []) named.add(pathText(path));
  }
  const all = [...named];
  const lost: string[] = [];
  const look = (value: unknown, path: string[]): void => {
    const text = pathText(path);
    if (named.has(text)) return;
    const members = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    if (members.length === 0 && !all.some((name) => name.startsWith(`${text}/`))) lost.push(text);
    for (const [member, inner] of members) look(inner, [...path, member]);
  };
  look(payload, []);
  return lost;
}

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}

/** Whatever a payload looks like, it is read, and no leaf of it goes without a name. */
export function testMutations(cases: readonly FormatCase[]): void {
  const samples = cases.map(([, , payload]) => payload).filter(isJson);
  test('throws for no payload, and names every leaf', () => {
    fc.assert(
      fc.property(mutations(samples), (payload) => {
        parseText(JSON.stringify(payload));
        const found = readAnyFormat(payload, []);
        if (found) assert.deepEqual(lostPaths(payload, found.drafts), []);
      }),
      { numRuns: 5000, seed: 1 },
    );
  });
}
