// The fast fold of an archive must agree with ingest for any line.

import { describe, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { foldArchive } from '../../audit/fold-archive.ts';
import { archive, difficultLines, foldFast, foldSlowly, limits } from './archive-fixture.ts';
import { START } from './difficult-members.ts';

const seconds = fc.constantFrom(1, 10, 60);

interface Line {
  readonly timestamp?: number;
  readonly deviceId?: string;
  readonly [name: string]: unknown;
}

/** An archive of one device's usual lines, after the given ones. */
function archiveOf(lines: readonly Line[]): Buffer {
  const usual = { timestamp: START, temperature: 4.2, deviceId: 'store-1', site: 'seattle' };
  const last = { receivedAt: START + 60_000, clientId: 'store-1', traceId: 't-1' };
  return Buffer.from(
    lines.map((line) => `${JSON.stringify({ ...line, ...usual, ...line, ...last })}\n`).join(''),
  );
}

const GOLDEN = 0x9e3779b97f4a7c15n;
const WORD = (1n << 64n) - 1n;

/** Names of eight letters that share a hash, by undoing what text.ts of the kernel does to eight bytes. */
function namesOfOneHash(count: number): string[] {
  let inverse = GOLDEN; // Newton's method doubles the bits that are right, which are three at first
  for (let round = 0; round < 5; round += 1) inverse = (inverse * (2n - GOLDEN * inverse)) & WORD;
  const unmixed = (word: bigint) => ((word ^ (word >> 32n)) * inverse) & WORD;
  const names: string[] = [];
  for (let upper = 0n; names.length < count; upper += 1n) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(unmixed(unmixed((upper << 32n) | 0x5eedn)) ^ 8n);
    const name = bytes.toString('latin1');
    if (/^[!#-[\]-~]+$/.test(name)) names.push(name);
  }
  return names;
}

const list = (length: number, line: (n: number) => Line) => Array.from({ length }, (_, n) => line(n));

async function assertFolds(bytes: Buffer, windowSeconds?: number): Promise<void> {
  assert.deepEqual(await foldFast([bytes], windowSeconds), foldSlowly(bytes, windowSeconds));
}

describe('folds to the deltas, windows and rejects that the careful way gives', () => {
  test('any archive', async () => {
    await fc.assert(fc.asyncProperty(archive, seconds, assertFolds), { numRuns: 300 });
  });

  test('each difficult value in each member', async () => {
    await assertFolds(Buffer.from([...difficultLines()].join('\n')));
  });

  test('a line by itself, as the first that is read and the last, without its line feed', async () => {
    for (const [n, line] of [...difficultLines()].entries())
      if (n % 4 === 0) await assertFolds(Buffer.from(line));
  });

  test('every byte at every place of a line', async () => {
    const line = archiveOf([{ humidity: -0.5, door: true, id: 'a' }]);
    for (let place = 0; place < line.length - 1; place += 1) {
      const lines = Array.from({ length: 256 }, (_, byte) => Buffer.from(line).fill(byte, place, place + 1));
      await assertFolds(Buffer.concat(lines));
    }
  });

  const metrics = (length: number) =>
    Object.fromEntries(list(length, (n) => ({ n })).map(({ n }) => [`m${String(n)}`, n]));
  const crowds: Record<string, readonly Line[]> = {
    'more names of members than are remembered': list(3000, (n) => ({ [`m${n}`]: n, timestamp: START + n })),
    'more kinds of lines than are remembered': list(3000, (n) => ({
      ...Object.fromEntries([0, 1, 2, 3].map((digit) => [`d${digit}_${Math.floor(n / 8 ** digit) % 8}`, n])),
      timestamp: START + n,
    })),
    'the most metrics of a reading, and one more': [metrics(31), metrics(32), metrics(33)],
    'metrics before the timestamp': [31, 32, 33].map((n) => ({ ...metrics(n), timestamp: START })),
    'readings as old and as early as they may be': [-3_600_000, 60_000]
      .flatMap((limit) => [limit - 1, limit, limit + 1])
      .map((ms) => ({ timestamp: START + 60_000 + ms })),
    'devices whose names have the same hash': [...namesOfOneHash(20), ...namesOfOneHash(20)].map(
      (deviceId, n) => ({ deviceId, timestamp: START + n }),
    ),
    'more metrics than one update of a window carries': list(70, (n) => ({
      [`m${n % 35}`]: n,
      timestamp: START + n,
    })),
    'many devices': list(3000, (n) => ({ deviceId: `store-${n * 7919}`, timestamp: START + n })),
    'many ids in a window, each of them twice': list(1200, (n) => ({
      id: `id-${n % 600}`,
      timestamp: START + (n % 600),
    })),
    'ids that begin alike': list(64, (n) => ({ id: 'x'.repeat(64 - n) })),
    'readings that differ in their id alone, each of them twice': ['a', 'b', 'A', 'ab', undefined, 'a,at:1']
      .flatMap((id) => [id, id])
      .map((id) => ({ ...(id !== undefined && { id }) })),
    'ids of one length at one time': list(600, (n) => ({ id: `id-${100 + (n % 300)}` })),
    'one reading in numbers and in texts': [4.2, '4.2', '4.2 °C', ' 4.20', 4.2].map((temperature) => ({
      temperature,
    })),
    'one reading with switches as numbers, as words and as booleans': [
      1,
      true,
      'ON',
      'true',
      1,
      0,
      false,
      'off',
    ].map((door) => ({ door, id: 'a' })),
    'one reading with its time in every unit': [1, 1000, 1e6].flatMap((unit) =>
      [0, 1].map((n) => ({ timestamp: (START / 1000 + n) * unit, humidity: n })),
    ),
    'one reading with its time under other names': [
      'timestamp',
      'ts',
      'Time',
      'TST',
      'date-time',
      'LAST_SEEN',
    ].flatMap((name) =>
      [START, START / 1000, '2026-09-21T14:13:20Z'].map((time) => ({ timestamp: undefined, [name]: time })),
    ),
    'two times in one line': ['ts', 'Time', 't', 'epoch', 'dt'].flatMap((name) =>
      [START + 1, 21.5, 999_999_999, 1_000_000_000, '4'].map((value) => ({ [name]: value })),
    ),
    'values that say that there is none among those that say something': [
      -127, -196.6, 327.67, 655.35, -126,
    ].flatMap((value) =>
      ['temperature', 'humidity', 'pressure'].map((name, n) => ({ [name]: value, timestamp: START + n })),
    ),
    'children of a device, and devices that are called as they are': [
      ...['child', 'a:b', 'child'].map((topicLevel4) => ({ topicLevel4 })),
      ...['store-1:child', 'store-1:a:b', 'store-1'].map((deviceId) => ({ deviceId, humidity: 50 })),
      { topicLevel4: 'a', topicLevel5: 'b' },
      { topicLevel4: 4, humidity: 40 },
    ],
    'names of which others are made': [
      { 'temp-c': 1, temp_c: 2 },
      { temp_c: 2, 'temp-c': 1 },
      { a: { b: 1 }, a_b: 2 },
      { a_b: 2, 'a b': 1 },
    ],
    'an id that comes again with something else': list(40, (n) => ({
      id: `id-${n % 4}`,
      temperature: n,
      timestamp: START + n,
    })),
    'an id that comes again from another site': list(8, (n) => ({ id: 'a', site: `site-${8 - n}` })),
    'many readings of one time': list(1200, (n) => ({ temperature: n % 600 })),
    'readings from the newest to the oldest': list(900, (n) => ({ timestamp: START + 9000 - n * 10 })),
    'sums beyond what a double holds exactly': list(40, (n) => ({
      timestamp: START + n,
      temperature: 999_999_999_999_999,
      humidity: n % 2 ? 0.000_000_000_000_001 : -99_999_999_999.125,
    })),
    'sums that come back from beyond': list(40, (n) => ({
      timestamp: START + n,
      temperature: n < 20 ? 900_719_925_474_099 : -900_719_925_474_099,
    })),
  };
  for (const [what, lines] of Object.entries(crowds)) test(what, () => assertFolds(archiveOf(lines)));
});

describe('it does not matter how an archive is cut into chunks', () => {
  test('anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(archive, fc.array(fc.nat(2000)), async (bytes, cuts) => {
        const places = [
          0,
          ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b),
          bytes.length,
        ];
        const chunks = places.slice(1).map((end, i) => bytes.subarray(places[i], end));
        assert.deepEqual(await foldFast(chunks), await foldFast([bytes]));
      }),
      { numRuns: 50 },
    );
  });

  const mixed = Buffer.concat([
    archiveOf([{ id: 'a' }, { humidity: -0.5, door: true }]),
    Buffer.from('\n\r\n{"temperature":\n'),
    archiveOf([{ temperature: 1e-7 }, { note: 'ü' }, { id: 'a' }]).subarray(0, -1),
  ]);

  test('at every place', async () => {
    const whole = foldSlowly(mixed);
    for (let at = 0; at <= mixed.length; at += 1) {
      assert.deepEqual(await foldFast([mixed.subarray(0, at), mixed.subarray(at)]), whole, `cut at ${at}`);
    }
  });

  test('into single bytes', async () => {
    const single = Array.from(mixed, (_, i) => mixed.subarray(i, i + 1));
    assert.deepEqual(await foldFast(single), foldSlowly(mixed));
  });

  test('with a chunk that is changed after it was accepted', async () => {
    function* reused(): Generator<Uint8Array> {
      const buffer = Buffer.alloc(100);
      for (let at = 0; at < mixed.length; at += 100)
        yield buffer.subarray(0, mixed.copy(buffer, 0, at, at + 100));
    }
    assert.deepEqual(await foldFast(reused()), foldSlowly(mixed));
  });
});

test('two folds at once do not mix', async () => {
  const [one, two] = [
    archiveOf(list(50, (n) => ({ timestamp: START + n }))),
    archiveOf(list(50, (n) => ({ id: `i${n}` }))),
  ];
  const cut = (bytes: Buffer) =>
    Array.from({ length: Math.ceil(bytes.length / 77) }, (_, i) => bytes.subarray(i * 77, i * 77 + 77));
  const folded = await Promise.all([foldFast(cut(one)), foldFast(cut(two))]);
  assert.deepEqual(folded, [foldSlowly(one), foldSlowly(two)]);
});

test('a line over 1 MiB is rejected with its first bytes, and the lines around it count', async () => {
  const around = archiveOf([{}]);
  for (const [size, reason] of [
    [1 << 20, undefined],
    [(1 << 20) + 1, 'not-json-object'],
    [5 << 20, 'not-json-object'],
  ] as const) {
    const long = Buffer.alloc(size, ' ');
    around.copy(long, 0, 0, around.length - 1);
    const { lines, accepted, rejected } = await foldFast([around, long, Buffer.from('\n'), around]);
    assert.deepEqual([lines, accepted], [3, reason ? 2 : 3]);
    assert.deepEqual(
      rejected.map(({ line, rejection }) => [line, rejection.reason, rejection.detail]),
      reason ? [[2, reason, 'the line is over 1 MiB']] : [],
    );
    const [original] = rejected.map(({ rejection }) => rejection.original as { data: string });
    if (original) assert.equal(Buffer.from(original.data, 'base64').length, 1024);
  }
});

test('needs no more memory for ten times the lines if they repeat the same readings', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const chunk = Buffer.concat([
    archiveOf(list(1000, (n) => ({ timestamp: START + n * 10, deviceId: `store-${n % 10}` }))),
    archiveOf(list(20, (n) => ({ timestamp: START + n, id: `ü-${n}` }))),
  ]);
  const taken: number[] = [];
  function* repeated(): Generator<Uint8Array> {
    for (let round = 1; round <= 200; round += 1) {
      yield chunk;
      if (round !== 20 && round !== 200) continue;
      collect();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      taken.push(heapUsed + arrayBuffers);
    }
  }
  const folded = await foldArchive(repeated(), {
    ...limits,
    windowSeconds: 10,
    onRejected: ({ rejection }) => assert.fail(rejection.detail),
  });
  assert.equal(folded.accepted, 200 * 1020);
  assert.ok(taken[1]! - taken[0]! < 1_000_000, `${taken[0]} and then ${taken[1]} bytes`);
});
