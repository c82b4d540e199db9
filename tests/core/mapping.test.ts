// Mappings: the readings that JSONata gives, its limits, and which version reads a message.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { decimalText } from '../../core/decimal.ts';
import { createApplying, createMapping } from '../../core/map-message.ts';
import { compileExpression, faultText } from '../../core/mapping-expression.ts';
import { mappingFor, mappingsOf, versionsAt, type MappingVersion } from '../../core/mapping.ts';
import { mappableOf, parseMessage } from '../../core/message.ts';
import type { Device } from '../../core/device.ts';

const NOW = 1_790_000_000_000;
const LIMITS = { maxLatenessSeconds: 604_800, maxSkewSeconds: 60 };
const CONTEXT = { deviceId: 'gw', site: 'seattle', receivedAt: NOW, clientId: 'gw', traceId: 't' };
const apply = createApplying();

type Event = Readonly<Record<string, unknown>>;
/** The event as TelemetryRule sends it, or MalformedRule for a payload that is not an object. */
const eventOf = (payload: unknown): Event =>
  typeof payload === 'object' && payload !== null && !Array.isArray(payload)
    ? { ...payload, ...CONTEXT }
    : {
        rawPayload: Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)).toString(
          'base64',
        ),
        ...CONTEXT,
      };

async function read(expression: string, event: Event) {
  const mapped = await apply({ id: 'own', expression }, mappableOf(event)!);
  return parseMessage(event, LIMITS, mapped);
}

/** `device time-after-now name=value ...` of each reading. */
async function readingsOf(expression: string, event: Event): Promise<string[]> {
  const { accepted } = await read(expression, event);
  return accepted.map(({ deviceId, timestamp, metrics }) =>
    [deviceId, timestamp - NOW, ...metrics.map(({ name, value }) => `${name}=${decimalText(value)}`)].join(
      ' ',
    ),
  );
}

const cases: readonly (readonly [what: string, expression: string, payload: unknown, readings: string[]])[] =
  [
    ['a member by another name', '{"temperature": Temp}', { Temp: 21.5, x: 1 }, ['gw 0 temperature=21.5']],
    [
      'an alias beside all other members',
      '$ ~> |$|{"temperature": Temperature}, "Temperature"|',
      { Temperature: 4, humidity: 51 },
      ['gw 0 humidity=51 temperature=4'],
    ],
    ['another unit', '{"temperature": (f - 32) * 5 / 9}', { f: 50 }, ['gw 0 temperature=10']],
    [
      'a reading for each sensor',
      'sensors.{"child": id, "temperature": t / 10, "timestamp": at}',
      {
        sensors: [
          { id: 'a', t: 215, at: NOW - 5000 },
          { id: 7, t: 40, at: NOW },
        ],
      },
      ['gw:a -5000 temperature=21.5', 'gw:7 0 temperature=4'],
    ],
    ['nested numbers', '{"bme": {"t": t}}', { t: 1 }, ['gw 0 bme_t=1']],
    ['an array', '{"temperature": $[0], "humidity": $[1]}', [4.2, 51], ['gw 0 temperature=4.2 humidity=51']],
    ['a single number', '{"temperature": $ / 100}', 2150, ['gw 0 temperature=21.5']],
    [
      'text',
      '($p := $split(";"); {"temperature": $number($p[0]), "humidity": $number($p[1])})',
      '21.5;40',
      ['gw 0 temperature=21.5 humidity=40'],
    ],
    [
      'text by a regular expression',
      '$merge($match(/([A-Z]+):([\\d.]+)/).{groups[0]: $number(groups[1])})',
      'T:21.5 H:40, ok',
      ['gw 0 T=21.5 H=40'],
    ],
    [
      'bytes in base64',
      '($b := $bytes(PayloadData); $t := $b[0] * 256 + $b[1]; {"temperature": ($t > 32767 ? $t - 65536 : $t) / 100})',
      { PayloadData: '/5w=' },
      ['gw 0 temperature=-1'],
    ],
    ['bytes in hexadecimal', '{"n": $sum($bytes(d, "hex"))}', { d: '0aFF' }, ['gw 0 n=265']],
    [
      'its surroundings',
      '{"temperature": t, "child": $site & "-" & $deviceId}',
      { t: 1 },
      ['gw:seattle-gw 0 temperature=1'],
    ],
    [
      'a time before its arrival',
      '{"t": t, "timestamp": $receivedAt - age * 1000}',
      { t: 1, age: 30 },
      ['gw -30000 t=1'],
    ],
    [
      'a time without a zone, which is UTC',
      '{"v": $toMillis(at) - 1790000000000}',
      { at: '2026-09-21T14:13:21' },
      ['gw 0 v=1000'],
    ],
    [
      'distinct values, in linear time',
      '{"n": $count($distinct([1..5000].{"x": $, "y": {"b": 1, "a": 2}})), "m": $count($distinct([{"a":1,"b":2},{"b":2,"a":1}]))}',
      {},
      ['gw 0 n=5000 m=1'],
    ],
    [
      'a time in another form',
      '{"v": $toMillis(at, "[D].[M].[Y] [H]:[m]") - 1790000000000}',
      { at: '21.9.2026 14:14' },
      ['gw 0 v=40000'],
    ],
  ];
for (const [what, expression, payload, readings] of cases) {
  test(`a mapping reads ${what}`, async () => {
    assert.deepEqual(await readingsOf(expression, eventOf(payload)), readings);
  });
}

test('bytes that are not text reach a mapping as base64', async () => {
  const event = { rawPayload: Buffer.of(0x01, 0xff, 0x02).toString('base64'), ...CONTEXT };
  assert.deepEqual(await readingsOf('{"n": $bytes($)[1]}', event), ['gw 0 n=255']);
});

test('a topic level below the device comes before the child of the mapping', async () => {
  const event = { ...eventOf({ t: 1 }), topicLevel4: 'bus' };
  assert.deepEqual(await readingsOf('{"child": "a", "t": t, "levels": $count($levels)}', event), [
    'gw:bus:a 0 t=1 levels=1',
  ]);
});

test('null and an empty array mean that there is nothing to measure', async () => {
  for (const expression of ['null', '[]', 'type = "join" ? null : {"t": t}']) {
    const { accepted, rejected, skipped } = await read(expression, eventOf({ type: 'join', t: 1 }));
    assert.deepEqual([accepted, rejected, skipped], [[], [], []], expression);
  }
});

test('all rules for readings apply to the result of a mapping, one reading at a time', async () => {
  const event = eventOf({ t: 4 });
  const expression = `[{"t": t, "no": "text", "Temp °C": 1}, 5, {"only": "text"}, {"t": 1, "timestamp": 1}]`;
  const { accepted, rejected, skipped, format } = await read(expression, event);
  assert.equal(format, 'mapping own');
  assert.deepEqual(
    accepted[0]?.metrics.map(({ name }) => name),
    ['t', 'Temp_C'],
  );
  assert.deepEqual(skipped, [{ name: '0/no', reason: 'text' }]);
  assert.deepEqual(
    rejected.map(({ index, reason }) => `${index} ${reason}`),
    ['1 reading-not-object', '2 no-metrics', '3 too-late'],
  );
  for (const { original } of rejected) assert.deepEqual(original, { t: 4 });
});

const failing: readonly (readonly [what: string, expression: string, detail: RegExp])[] = [
  ['is not JSONata', '{"t": (t', /^mapping own: Expected "\)" before end of expression, at character 8$/],
  [
    'does not fit the payload',
    '{"t": name + 1}',
    /left side of the "\+" operator must evaluate to a number, at character 12$/,
  ],
  ['raises an error', '$error("no frame")', /^mapping own: no frame, at character 7$/],
  ['gives no result', 'measurements.t', /^mapping own: it gives no result for this payload$/],
  ['yields text', 'name', /its result is neither an object nor an array of objects$/],
  ['gives a function', '{"t": $sum}', /its result contains a function$/],
  ['runs forever', '($f := function($n){ $f($n + 1) }; $f(1))', /it takes more than 100000 steps/],
  ['recurses too deep', '($f := function($n){ 1 + $f($n + 1) }; $f(1))', /Stack overflow/],
  ['multiplies arrays', '[1..9000].[1..9000].[1..9000]', /it takes more than 100000 steps/],
  ['makes a huge array', '[1..1000000]', /maximum sequence length/],
  [
    'makes a huge text',
    '$reduce([1..40], function($a, $b){ $a & $a }, "ab")',
    /text of more than 262144 characters/,
  ],
  [
    'makes a huge object',
    '$reduce([1..40], function($a, $b){ {"a": $a, "b": $a} }, {})',
    /more than 50000 values/,
  ],
  ['decodes invalid base64', '{"t": $bytes(name & "!")}', /\$bytes needs valid base64, at character/],
  [
    'reaches for JavaScript',
    '(constructor.constructor)("return process")()',
    /Attempted to invoke a non-function/,
  ],
];
for (const [what, expression, detail] of failing) {
  test(`an expression that ${what} rejects the message, and no format reads the message instead`, async () => {
    const event = eventOf({ t: 4, name: 'n' });
    const { accepted, rejected, context } = await read(expression, event);
    assert.deepEqual(accepted, []);
    assert.deepEqual(
      rejected.map(({ reason }) => reason),
      ['mapping-failed'],
    );
    assert.match(rejected[0]!.detail, detail);
    assert.deepEqual(rejected[0]!.original, { t: 4, name: 'n' });
    assert.equal(context?.deviceId, 'gw');
  });
}

test('a regular expression takes time linear in its text', async () => {
  const started = performance.now();
  const readings = await readingsOf(
    '{"n": $count($match(s, /(a+)+$/))}',
    eventOf({ s: `${'a'.repeat(40)}!` }),
  );
  assert.deepEqual(readings, ['gw 0 n=0']);
  assert.ok(performance.now() - started < 2000);
});

const refused: readonly (readonly [expression: string, detail: RegExp])[] = [
  ['{"at": $now()}', /^\$now is not available: .*\$receivedAt.*, at character 11$/],
  ['$millis() > 5 ? {"t": 1}', /^\$millis is not available/],
  ['{"t": $random()}', /^\$random is not available/],
  ['$map([1..3], $shuffle)', /^\$shuffle is not available/],
  ['$eval(text)', /^\$eval is not available/],
  ['$match(text, /(?=a)/)', /^regular expressions must be valid for RE2/],
  ['$match(text, /(a)\\1/)', /^regular expressions must be valid for RE2/],
];
for (const [expression, detail] of refused) {
  test(`${expression} is refused before it runs`, async () => {
    const compiled = await compileExpression(expression);
    assert.ok('detail' in compiled);
    assert.match(faultText(compiled), detail);
  });
}

test('one compiled expression serves many messages at once', async () => {
  const events = Array.from({ length: 50 }, (_, n) => eventOf({ n }));
  const all = await Promise.all(events.map((event) => readingsOf('{"n": $sum([1..n])}', event)));
  assert.deepEqual(all[49], ['gw 0 n=1225']);
  assert.equal(all.flat().length, 50);
});

const version = (id: string, from: number, more: Partial<MappingVersion> = {}): MappingVersion => ({
  ...{ id, from, expression: '$' },
  ...more,
});

test('a message is read by the version in effect when it arrived', () => {
  const mappings = mappingsOf([
    version('a', 300, { enabled: false }),
    version('a', 100, { expression: '1' }),
    version('a', 200, { expression: '2' }),
  ]);
  const at = (time: number) => versionsAt(mappings, time).map(({ expression }) => expression);
  assert.deepEqual([99, 100, 199, 200, 299, 300].map(at), [[], ['1'], ['1'], ['2'], ['2'], []]);
});

test('the first mapping by id that matches the device reads', () => {
  const versions = versionsAt(
    mappingsOf([
      version('b', 0, { match: { type: 'lora*' } }),
      version('c', 0),
      version('a', 0, { match: { group: 'cold', site: 'seattle' } }),
    ]),
    1,
  );
  const idFor = (more: Partial<Device>) =>
    mappingFor(versions, { deviceId: 'd', site: 'seattle', ...more })?.id;
  assert.equal(idFor({ type: 'lora-7', groups: ['cold'] }), 'a');
  assert.equal(idFor({ type: 'lora-7', groups: ['warm'] }), 'b');
  assert.equal(idFor({ type: 'lora-7', groups: ['cold'], site: 'tacoma' }), 'b');
  assert.equal(idFor({}), 'c');
});

test('the table is read at most every half minute, and a device is read again until its registry facts are known', async () => {
  let [time, reads, loads] = [NOW, 0, 0];
  let device: Device | undefined;
  const mapMessage = createMapping({
    mappings: {
      async read() {
        reads += 1;
        return { mappings: mappingsOf([version('own', 0, { match: { type: 'lora' } })]) };
      },
    },
    devices: {
      async load() {
        loads += 1;
        return device;
      },
    },
    now: () => time,
  });
  const event = eventOf({ t: 1 });
  assert.equal(await mapMessage(event), undefined);
  device = { deviceId: 'gw', type: 'lora', groups: [], attributes: {} };
  const output = { t: 1 };
  assert.deepEqual(await mapMessage(event), { id: 'own', output });
  assert.deepEqual(await mapMessage(event), { id: 'own', output });
  assert.deepEqual([reads, loads], [1, 2]);
  time += 30_000;
  await Promise.all([mapMessage(event), mapMessage(event)]);
  assert.deepEqual([reads, loads], [2, 2]);
  assert.equal(await mapMessage({ t: 1 }), undefined, 'no context: parseMessage says so');
});
