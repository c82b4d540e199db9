// Malformed messages are rejected with a reason and stored, and affect neither other messages nor the process.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';
import {
  connectDevice,
  createDevice,
  filesOf,
  queryWindows,
  startTidegate,
  whenClosed,
  type Tidegate,
} from './tidegate.ts';

const certs = temporaryFolder();
let tidegate: Tidegate;

beforeAll(async () => {
  tidegate = await startTidegate(temporaryFolder());
  for (const name of ['bad-1', 'odd-1', 'good-1', '__proto__', 'constructor'])
    await createDevice(tidegate, name, certs);
});

afterAll(async () => {
  await tidegate.stop();
});

const manyMetrics = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`m${n}`, n]));

const EXACT = '{"timestamp":-5,"serial":12345678901234567890123,"tiny":1e-999,"long":0.12345678901234567890}';

const malformed: readonly (readonly [what: string, payload: string | Buffer])[] = [
  ['truncated JSON', '{"temperature":4'],
  ['an empty payload', ''],
  ['an array of numbers', '[4,5]'],
  ['an empty array', '[]'],
  ['null', 'null'],
  ['a text', 'hello'],
  ['NaN', '{"temperature":NaN}'],
  ['1e999', '{"temperature":1e999}'],
  ['a magnitude no table holds', '{"temperature":1e300}'],
  ['ten thousand levels', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
  // JSON with such bytes is read as Latin text: a degree sign of one byte is frequent.
  ['invalid UTF-8', Buffer.from([0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
  ['binary', Buffer.from([0, 1, 2, 3, 255])],
  ['numbers that no double has', EXACT],
  ['a negative timestamp', '{"timestamp":-5,"temperature":4}'],
  ['a time in the order of a country', '{"timestamp":"11/29/2026 13:45:00","temperature":4}'],
];

const odd: readonly (readonly [what: string, payload: string | Buffer, metric: string, value: string])[] = [
  ['an array of readings', '[{"list":4}]', 'list', '4'],
  ['a number', '5', 'value', '5'],
  ['ten thousand metrics', JSON.stringify(manyMetrics), 'm31', '31'],
  ['__proto__ alone', '{"__proto__":{"temperature":4}}', 'proto_temperature', '4'],
  ['microseconds', `{"timestamp":${Date.now()}123,"micro":4}`, 'micro', '4'],
  ['an id that is not text', '{"id":9007199254740993,"numbered":4}', 'numbered', '4'],
  ['NaN beside a number', '{"temperature":NaN,"humidity":44.1}', 'humidity', '44.1'],
  ['1e999 beside a number', '{"temperature":1e999,"beside":4}', 'beside', '4'],
];

test('rejects each malformed payload with a reason, and stores it', async () => {
  const client = await connectDevice(tidegate, 'bad-1', certs);
  const kept = () => filesOf(tidegate, 'ErrorsBucket');
  for (const [what, payload] of malformed) {
    const before = kept().length;
    await client.publishAsync('telemetry/seattle/bad-1', payload, { qos: 1 });
    await eventually(`${what} in the errors bucket`, () => kept().length > before);
  }
  assert.ok(client.connected);
  assert.ok(kept().some((file) => readFileSync(file, 'utf8').includes(`"original":${EXACT}`)));
  for (const file of kept()) assert.match(readFileSync(file, 'utf8'), /"reason"/);
  assert.deepEqual(await queryWindows(tidegate, 'bad-1'), []);
  await client.endAsync();
});

test('reads the valid parts of unusual payloads', async () => {
  const client = await connectDevice(tidegate, 'odd-1', certs);
  for (const [, payload] of odd) await client.publishAsync('telemetry/seattle/odd-1', payload, { qos: 1 });
  for (const [what, , metric, value] of odd) {
    await eventually(what, async () => {
      const items = await queryWindows(tidegate, 'odd-1');
      return items.some((item) => item[`${metric}.max`]?.N === value);
    });
  }
  await client.endAsync();
});

test('keeps the good readings of a message with a bad one', async () => {
  const client = await connectDevice(tidegate, 'good-1', certs);
  const now = Date.now();
  const readings = [
    { timestamp: now, temperature: 4 },
    { timestamp: now - 1000 * 86_400_000, temperature: 5 },
    { timestamp: now + 3_600_000, temperature: 6 },
    { timestamp: 'now', temperature: 7 },
    'nonsense',
    { timestamp: now, id: 'last', temperature: 4.5 },
  ];
  await client.publishAsync('telemetry/seattle/good-1', JSON.stringify({ readings }), { qos: 1 });
  await eventually('the good ones', async () => {
    const items = await queryWindows(tidegate, 'good-1');
    return items.reduce((sum, item) => sum + Number(item['readings']!.N), 0) === 2;
  });
  await client.endAsync();
});

test('takes 128 KB, and closes the connection of one byte more', async () => {
  const client = await connectDevice(tidegate, 'good-1', certs);
  const head = `{"id":"big","temperature":4,"pad":"`;
  const fits = `${head}${'x'.repeat(131_072 - head.length - 2)}"}`;
  await client.publishAsync('telemetry/seattle/good-1', fits, { qos: 1 });
  const closed = whenClosed(client);
  client.publish('telemetry/seattle/good-1', `${fits} `, { qos: 1 });
  await closed;
  await eventually('the reason in the log', () =>
    /connection closed.*131073 bytes, more than 128 KB/.test(tidegate.output()),
  );
  await client.endAsync(true);
});

for (const name of ['__proto__', 'constructor']) {
  test(`serves a device named ${name}`, async () => {
    const client = await connectDevice(tidegate, name, certs);
    const message = '{"temperature":9.5,"__proto__":{"x":1},"constructor":2,"size":3,"deviceId":"other"}';
    await client.publishAsync(`telemetry/seattle/${name}`, message, { qos: 1 });
    const [item] = await eventually('its window', async () => {
      const items = await queryWindows(tidegate, name);
      return items.length > 0 && items;
    });
    assert.equal(item!['temperature.max']?.N, '9.5');
    assert.equal(item!['constructor.max']?.N, '2');
    assert.equal(item!['size.max']?.N, '3');
    assert.deepEqual(await queryWindows(tidegate, 'other'), []);
    await client.endAsync();
  });
}
