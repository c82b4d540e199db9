// What the fold promises its users: exact windows of the usual lines, and every other line unchanged.

import { describe, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { foldLines, type FastWindow, type FoldedLines } from '../fold-lines.ts';
import { archiveOf, list, options, START, textOf, type Line } from './archive-lines.ts';

interface Handed {
  readonly text: string;
  readonly isTooLong: boolean;
  readonly number: number;
  readonly order: number;
}

interface Outcome {
  readonly folded: FoldedLines;
  readonly windows: readonly FastWindow[];
  readonly others: readonly Handed[];
}

async function fold(
  chunks: Iterable<Uint8Array>,
  areMetrics: (names: readonly string[]) => boolean = options.areMetrics,
): Promise<Outcome> {
  const others: Handed[] = [];
  const folded = await foldLines(chunks, {
    ...options,
    areMetrics,
    onOther: ({ bytes, ...line }) => others.push({ text: Buffer.from(bytes).toString(), ...line }),
  });
  return { folded, windows: folded.windows.map((window) => folded.windowAt(window)), others };
}

/** Of what a test compares: handles and orders are places in memory. */
async function plainly(chunks: Iterable<Uint8Array>) {
  const { folded, windows, others } = await fold(chunks);
  return { lines: folded.lines, windows, others: others.map(({ text, number }) => ({ text, number })) };
}

const UNIT = 10n ** 15n;

test('adds up the readings of each device and window exactly', async () => {
  const lines = list(400, (n) => ({
    deviceId: `store-${n % 4}`,
    timestamp: START + n * 100,
    temperature: ((n % 90) - 40) / 10,
    humidity: 40 + (n % 7),
  }));
  const { folded, windows } = await fold([archiveOf(lines)]);
  assert.deepEqual([folded.lines, windows.length], [400, 16]);
  for (const { deviceId, windowStart, site, readings, firstReadingAt, metrics } of windows) {
    const own = Array.from({ length: 400 }, (_, n) => n).filter(
      (n) => `store-${n % 4}` === deviceId && Math.floor((START + n * 100) / 10_000) * 10_000 === windowStart,
    );
    const tenths = own.map((n) => BigInt((n % 90) - 40));
    assert.deepEqual(
      [site, readings, firstReadingAt, metrics.get('temperature')],
      [
        'seattle',
        own.length,
        START + own[0]! * 100,
        {
          min: (tenths.toSorted((a, b) => Number(a - b))[0]! * UNIT) / 10n,
          max: (tenths.toSorted((a, b) => Number(b - a))[0]! * UNIT) / 10n,
          sum: (tenths.reduce((sum, value) => sum + value) * UNIT) / 10n,
          count: own.length,
        },
      ],
    );
    assert.deepEqual([...metrics.keys()], ['temperature', 'humidity']);
  }
});

test('gives the readings of a window as they came, each once', async () => {
  const lines = [
    { id: 'a', timestamp: START + 5 },
    { timestamp: START + 2, temperature: -0.5 },
    { id: 'a', timestamp: START + 5 },
  ];
  const { folded, windows } = await fold([archiveOf(lines.map(textOf))]);
  assert.deepEqual([folded.lines, windows.length, windows[0]!.readings], [3, 1, 2]);
  const readings = folded.readingsOf(folded.windows[0]!);
  assert.deepEqual(
    readings.map(({ timestamp, id, metrics }) => [timestamp, id, metrics]),
    [
      [START + 5, 'a', [{ name: 'temperature', value: 4.2 }]],
      [START + 2, undefined, [{ name: 'temperature', value: -0.5 }]],
    ],
  );
});

test('takes readings of one id for one only if their times and values are the same, too', async () => {
  const lines = [
    { id: 'a', timestamp: START + 5, humidity: 40 },
    { id: 'a', timestamp: START + 6, humidity: 40 },
    { id: 'a', timestamp: START + 5, humidity: 41 },
    { id: 'b', timestamp: START + 5, humidity: 40 },
    { timestamp: START + 5, humidity: 40 },
  ];
  const { folded, windows, others } = await fold([archiveOf([...lines, ...lines].map(textOf))]);
  assert.deepEqual([folded.lines, windows[0]!.readings, others], [10, 5, []]);
});

test('asks once for each list of names whether they are metrics, and hands over the lines whose are not', async () => {
  const asked: (readonly string[])[] = [];
  const areMetrics = (names: readonly string[]) => {
    asked.push(names);
    return !names.includes('uptime');
  };
  const lines = list(50, (n) => ({ timestamp: START + n, [n % 2 ? 'uptime' : 'humidity']: n }));
  const half = archiveOf([textOf({ uptime: 1 }).slice(0, -1), textOf({ rssi: true })]);
  const { folded, others } = await fold([archiveOf(lines), half], areMetrics);
  assert.deepEqual(asked, [
    ['humidity', 'temperature'],
    ['uptime', 'temperature'],
  ]);
  assert.deepEqual([folded.lines, others.length], [25, 27]);
});

test('rejects with the error of the callback that says which names are metrics', async () => {
  const broken = () => {
    throw new Error('no idea');
  };
  await assert.rejects(fold([archiveOf([textOf({})])], broken), /no idea/);
});

test('reads the names that it asks for where memory has just grown', async () => {
  const kinds = list(400, (n) => ({ [`m${n}`]: 1, deviceId: `store-${n}`, timestamp: START + n * 60 }));
  const filler = list(8000, (n) => ({ deviceId: `store-${n}`, timestamp: START + (n % 60_000) }));
  const mixed = kinds.flatMap((line, n) => [line, ...filler.slice(n * 20, n * 20 + 20)]);
  const asked = new Set<string>();
  await fold([archiveOf(mixed)], ([first]) => asked.add(first!).size > 0);
  assert.deepEqual([...asked].sort(), ['temperature', ...kinds.map((_, n) => `m${n}`)].sort());
});

describe('hands over as it came, and folds the lines around it:', () => {
  const usual = textOf({});
  const without = (name: string) => JSON.stringify({ ...(JSON.parse(usual) as Line), [name]: undefined });
  const others: Record<string, string> = {
    'an escape': textOf({ note: 'a"b' }),
    'text that is not ASCII': textOf({ note: 'ü' }),
    'an exponent': usual.replace('4.2', '42e-1'),
    'sixteen digits': usual.replace('4.2', '4.200000000000000'),
    'a space': usual.replace(',', ', '),
    'several readings': textOf({ readings: [{ temperature: 1 }] }),
    'a text among the values': textOf({ humidity: '51' }),
    'a switch among the values': textOf({ door: true }),
    'a value that is missing': textOf({ door: null }),
    'a number by which a sensor says that it is broken': textOf({ humidity: -127 }),
    'a number that is nearly such a one': textOf({ humidity: 655.3549 }),
    'an id that is a number': textOf({ id: 7 }),
    'a timestamp in microseconds': textOf({ timestamp: START * 1000 }),
    'more than 32 metrics': textOf(Object.fromEntries(Array.from({ length: 32 }, (_, n) => [`m${n}`, n]))),
    'a nested value': textOf({ door: { open: true } }),
    'a member that comes twice': usual.replace('{', '{"temperature":5,'),
    'no timestamp': without('timestamp'),
    'no device': without('deviceId'),
    'no metric': without('temperature'),
    'a name that is too long': textOf({ deviceId: 'x'.repeat(129) }),
    'an id that is too long': textOf({ id: 'x'.repeat(65) }),
    'a reading that is too late': textOf({ timestamp: START - 3_600_000 }),
    'a reading from too far ahead': textOf({ timestamp: START + 120_001 }),
    'what is not JSON': 'rubbish',
    'half a line': usual.slice(0, 40),
  };
  for (const [what, text] of Object.entries(others)) {
    test(what, async () => {
      const found = await plainly([archiveOf([textOf({ humidity: 50 }), text, textOf({ humidity: 51 })])]);
      assert.deepEqual([found.lines, found.others], [2, [{ text, number: 2 }]]);
      assert.deepEqual([found.windows.length, found.windows[0]!.readings], [1, 2]);
    });
  }
});

test('counts empty lines, and hands none of them over', async () => {
  const { others } = await fold([Buffer.from('\n\r\n\nrubbish\n')]);
  assert.deepEqual(
    others.map(({ text, number }) => [text, number]),
    [['rubbish', 4]],
  );
});

test('gives a line an order between the readings before and after it', async () => {
  const lines = [textOf({ timestamp: START }), 'rubbish', textOf({ timestamp: START + 1 })];
  const { folded, others } = await fold([archiveOf(lines)]);
  const [window] = folded.windows;
  const [before, after] = folded.readingsOf(window!).map(({ order }) => order);
  const [{ order }] = others as [Handed];
  assert.ok(before! < order && order <= after!, `${before} < ${order} <= ${after}`);
});

test('hands over the first KiB of a line over 1 MiB', async () => {
  for (const length of [(1 << 20) + 1, 5 << 20]) {
    const { folded, others } = await fold([
      ...[archiveOf([textOf({})]), Buffer.alloc(length, 'x'), Buffer.from('\n')],
      archiveOf([textOf({ humidity: 50 })]),
    ]);
    assert.equal(folded.lines, 2);
    assert.deepEqual(
      others.map(({ text, isTooLong, number }) => [text, isTooLong, number]),
      [['x'.repeat(1024), true, 2]],
    );
  }
});

test('folds to the same however the lines are cut into chunks', async () => {
  const bytes = archiveOf([textOf({ id: 'a' }), 'rubbish', '', textOf({ humidity: -0.5 })]).subarray(0, -1);
  const whole = await plainly([bytes]);
  assert.deepEqual([whole.lines, whole.others.length], [2, 1]);
  for (let at = 0; at <= bytes.length; at += 1) {
    assert.deepEqual(await plainly([bytes.subarray(0, at), bytes.subarray(at)]), whole, `cut at ${at}`);
  }
  assert.deepEqual(await plainly(Array.from(bytes, (byte) => Uint8Array.of(byte))), whole);
});

test('keeps folds at once apart', async () => {
  const archives = ['store-1', 'store-2'].map((deviceId) =>
    archiveOf(list(50, (n) => ({ deviceId, timestamp: START + n }))),
  );
  const folded = await Promise.all(
    archives.map((bytes) => fold([bytes.subarray(0, 77), bytes.subarray(77)])),
  );
  assert.deepEqual(
    folded.map(({ windows }) => windows.map(({ deviceId, readings }) => [deviceId, readings])),
    [[['store-1', 50]], [['store-2', 50]]],
  );
});

test('rejects with the error of the chunks', async () => {
  function* broken(): Generator<Uint8Array> {
    yield archiveOf([textOf({})]);
    throw new Error('cut off');
  }
  await assert.rejects(fold(broken()), /cut off/);
});
