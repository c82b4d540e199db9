// A usual line is read without the careful parser, and must give exactly the same result.

import { describe, test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { createLineReader } from '../../core/archive/archived-reading.ts';
import { createEventCutter } from '../../core/archive/event-lines.ts';
import { partitionOf, slicesByDate } from '../../core/archive/parsed-rows.ts';
import { dueHours, hoursWithin, spanIn } from '../../core/archive/due-hours.ts';

const NOW = 1_790_000_000_000;
const HOUR = 3_600_000;
const LIMITS = { maxLatenessSeconds: 3600, maxSkewSeconds: 60 };
const CONTEXT = { deviceId: 'store-1', site: 'seattle', receivedAt: NOW, clientId: 'c', traceId: 't-1' };

/** A member with this name only sends a line to the careful parser. */
const carefully = (event: object) => ({ ...event, exactPayload: undefined });

describe('a line read by the short path equals the result of the careful parser', () => {
  const read = createLineReader(LIMITS);
  const value = fc.oneof(
    fc.constantFrom(
      0,
      -0,
      1,
      21.5,
      -127,
      85,
      1e-7,
      0.1 + 0.2,
      1e15,
      1e16,
      65535,
      3276.7,
      123456789.123456,
      '4.2',
      true,
      null,
    ),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
  );
  const name = fc.constantFrom(
    'temperature',
    'humidity',
    'a',
    'a_b',
    'a1',
    'ts',
    'tempF',
    'door',
    'site',
    'topicLevel4',
  );
  const event = fc
    .record(
      {
        members: fc.dictionary(name, value, { maxKeys: 5 }),
        timestamp: fc.constantFrom(
          NOW,
          NOW - 1,
          NOW - HOUR,
          NOW - HOUR - 1,
          NOW + 60_000,
          NOW + 60_001,
          NOW / 1000,
          'x',
        ),
        id: fc.constantFrom('a', '', 'AA:BB:CC:DD:EE:FF', 7, undefined),
        deviceId: fc.constantFrom('store-1', 'Lager Süd', 'a\u0001'),
        traceId: fc.constantFrom('t-1', 'a b', ''),
      },
      { requiredKeys: ['members', 'deviceId'] },
    )
    .map(({ members, ...rest }) => JSON.parse(JSON.stringify({ ...CONTEXT, ...members, ...rest })) as object);

  test('for any members', () => {
    fc.assert(
      fc.property(event, (event) => assert.deepEqual(read(event), read(carefully(event)))),
      { numRuns: 5000 },
    );
  });

  test('with the decimal that was counted if a double cannot hold it', () => {
    const mapped = { id: 'm', output: { temperature: '70.1 °F' }, celsius: true } as never;
    const [reading] = read({ ...CONTEXT }, mapped).readings;
    const { value, exact, unit } = reading!.values[0]!;
    assert.deepEqual([value, exact, unit], [21.166666666666668, '21.166666666666667', '°C']);
  });

  test('with another key if anything that identifies the reading differs', () => {
    const keyOf = (more: object) =>
      read({ ...CONTEXT, timestamp: NOW, a: 1, b: 2, ...more }).readings[0]!.key;
    const keys = [{}, { a: 2 }, { id: 'x' }, { id: 'y' }, { timestamp: NOW + 1 }, { c: 0 }].map(keyOf);
    assert.equal(new Set(keys).size, keys.length);
    assert.equal(keyOf({ traceId: 't-2', receivedAt: NOW + 5 }), keys[0]);
    assert.ok(keyOf({ timestamp: undefined }) < 0);
  });
});

describe('lines', () => {
  const all = (bytes: Buffer, sizes: readonly number[]) => {
    const cutter = createEventCutter();
    const found = { events: [] as unknown[], bad: [] as string[] };
    const keep = ({ events, bad }: ReturnType<typeof cutter.add>) => {
      found.events.push(...events);
      found.bad.push(...bad.map(({ line, problem }) => `${line} ${problem}`));
    };
    for (let at = 0, n = 0; at < bytes.length; n += 1) {
      const size = sizes[n % sizes.length]!;
      keep(cutter.add(bytes.subarray(at, at + size)));
      at += size;
    }
    keep(cutter.end());
    return { ...found, lines: cutter.lines() };
  };

  test('are the same however the bytes are split, and bad ones are named', () => {
    const text = '{"a":1}\n\n\r\nx\n{"b":"ü"}\r\n{"c":';
    const bytes = Buffer.concat([
      Buffer.from(text),
      Buffer.from('\n'),
      Buffer.of(0xff),
      Buffer.from('\n{"d":2}'),
    ]);
    const expected = all(bytes, [bytes.length]);
    assert.deepEqual(expected.events, [{ a: 1 }, { b: 'ü' }, { d: 2 }]);
    assert.deepEqual(
      expected.bad,
      [4, 6, 7].map((line) => `${line} the line is not JSON text`),
    );
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
    fc.assert(fc.property(sizes, (sizes) => assert.deepEqual(all(bytes, sizes), expected)));
  });

  test('over 1 MiB are bad, and the next one is read', () => {
    const { events, bad, lines } = all(Buffer.from(`{"a":"${'x'.repeat(2 << 20)}"}\n{"b":1}\n`), [1 << 16]);
    assert.deepEqual([events, bad, lines], [[{ b: 1 }], ['1 the line is over 1 MiB'], 2]);
  });
});

describe('partitions', () => {
  for (const [site, folder] of [
    ['seattle', 'seattle'],
    ['Store 7/ä=b', 'Store%207%2F%C3%A4%3Db'],
    ['__HIVE_DEFAULT_PARTITION__', '%5F_HIVE_DEFAULT_PARTITION__'],
    ['..', '..'],
  ] as const) {
    test(`${site} is in site=${folder}`, () =>
      assert.equal(partitionOf(site, '2026-12-01'), `readings/site=${folder}/date=2026-12-01`));
  }

  test('long names end in a fingerprint', () => {
    const [a, b] = ['ä'.repeat(128), `${'ä'.repeat(127)}b`].map((site) => partitionOf(site, '2026-12-01'));
    assert.notEqual(a, b);
    assert.ok(Buffer.byteLength(a!) < 220);
    assert.match(a!, /~[0-9a-f]{16}\/date=/);
  });

  test('rows of a block are split by day', () => {
    const timestamps = Float64Array.of(0, 86_399_999, 86_400_000, 172_800_000);
    const slices = [...slicesByDate({ timestamps } as never)].map(({ from, to, date }) => [from, to, date]);
    assert.deepEqual(slices, [
      [0, 2, '1970-01-01'],
      [2, 3, '1970-01-02'],
      [3, 4, '1970-01-03'],
    ]);
  });
});

describe('hours that are due', () => {
  const at = (text: string) => Date.parse(`${text}:00Z`);
  const now = at('2026-12-01T05:09');

  test('end ten minutes after the hour, go back 26 hours, and to where the schedule stopped', () => {
    const first = (until?: string, open: number[] = []) =>
      dueHours(now, until === undefined ? until : at(until), open);
    assert.equal(first().at(-1), at('2026-12-01T03:00'));
    assert.equal(dueHours(at('2026-12-01T05:10'), undefined, []).at(-1), at('2026-12-01T04:00'));
    assert.equal(first().length, 26);
    assert.equal(first('2026-11-20T07:00')[0], at('2026-11-20T07:00'));
    assert.equal(first('2026-12-01T04:00').length, 26);
    assert.deepEqual(first(undefined, [at('2026-01-01T00:00')]).slice(0, 1), [at('2026-01-01T00:00')]);
  });

  test('in a span begin within it and have begun', () => {
    const span = spanIn({ from: '2026-12-01T01:30:00Z', to: '2026-12-01T09:00:00Z' }, now)!;
    assert.deepEqual(
      hoursWithin(span, now),
      ['01', '02', '03', '04', '05'].map((hour) => at(`2026-12-01T${hour}:00`)),
    );
    assert.equal(spanIn({ source: 'aws.scheduler' }, now), undefined);
    assert.throws(() => spanIn({ from: 'x', to: 'now' }, now), /from must be a time such as .*, not "x"/);
    assert.equal(spanIn({ from: '-2h', to: 'now' }, now)!.again, undefined);
    assert.equal(spanIn({ from: '-2h', to: 'now', again: true }, now)!.again, true);
    assert.throws(() => spanIn({ from: '-2h', to: 'now', again: 'yes' }, now), /again must be true or false/);
    assert.throws(() => spanIn({ again: true }, now), /from must be a time/);
    assert.throws(() => spanIn({ from: 'now', to: '-1h' }, now), /from must be before to/);
    assert.throws(() => spanIn({ from: 'now' }, now), /to must be a time/);
  });
});
