// JSON as text, whose names may be anything: repeated, `__proto__`, empty, or the same once they are metrics.

import * as fc from 'fast-check';

/** What the rules put beside the members of a payload, or instead of them. */
const TAKEN = /^(?:deviceId|site|receivedAt|clientId|traceId|topicLevel[4-8]|rawPayload|exactPayload)$/;
const NAMES = [
  ...[
    '__proto__',
    'constructor',
    'toString',
    'a',
    'a.b',
    'a b',
    'a_b',
    'a-b',
    'b',
    '',
    ' ',
    '_',
    '1',
    '1.5',
    '~/',
  ],
  ...[
    'é',
    'e',
    'ß',
    '温度',
    '🌡',
    'Temp °C',
    'switch:0',
    'temperature',
    'humidity',
    'x'.repeat(70),
    'x'.repeat(64),
  ],
  ...['timestamp', 'ts', 'Time', 'last_seen', 'id', 'readings', 'values', 'state', 'data', 'payload'],
];

const names = fc.oneof(fc.constantFrom(...NAMES), fc.string({ unit: 'binary', maxLength: 8 }));

const scalars = fc.oneof(
  fc.double().map((value) => (Number.isFinite(value) ? String(value) : '1e999')),
  fc.integer().map(String),
  fc.constantFrom(
    'true',
    'false',
    'null',
    '0',
    '-0',
    '1e300',
    '1e-200',
    '-127',
    '327.67',
    '0.1234567890123456',
  ),
  fc.constantFrom(
    '9007199254740993',
    '12345678901234567890123',
    '123456789012345.678',
    '99999999999999.99999',
    '4.2000000000000002',
    '1e-999',
    '-1E-0400',
    '123456789e-400',
    '1.5e+1000',
    `0.${'0'.repeat(330)}1`,
  ),
  fc.constantFrom(
    '"21.5"',
    '"ON"',
    '"n/a"',
    '"007"',
    '""',
    '"4.2 °C"',
    '"2026-11-29T13:45:00Z"',
    '1795959900000',
  ),
  fc.string({ unit: 'binary', maxLength: 12 }).map((text) => JSON.stringify(text)),
);

const { object, value } = fc.letrec<{ value: string; object: string; array: string }>((tie) => ({
  value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, scalars, tie('object'), tie('array')),
  object: membersOf(names, tie('value')),
  array: fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join()}]`),
}));

/** The text of an object, a name of which may come more than once. */
function membersOf(name: fc.Arbitrary<string>, inner: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .array(fc.tuple(name, inner), { maxLength: 6 })
    .map((members) => `{${members.map(([key, text]) => `${JSON.stringify(key)}:${text}`).join()}}`);
}

/** Any JSON. */
export const jsonTexts: fc.Arbitrary<string> = value;

/** Objects as a device may publish them, without the members that rules add. */
export const objectTexts: fc.Arbitrary<string> = object.filter(
  (text) => !Object.keys(JSON.parse(text) as object).some((name) => TAKEN.test(name)),
);

/** Several readings in one message. */
export const packTexts: fc.Arbitrary<string> = fc
  .array(fc.oneof(object, scalars), { minLength: 1, maxLength: 5 })
  .map((readings) => `{"readings":[${readings.join()}]}`);

/** Nearly JSON, and not JSON at all. */
export const brokenTexts: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'{}[]",:nafi0123-+.eE \n\\=#'.split('')), maxLength: 40 }),
  fc.tuple(object, fc.nat(80)).map(([text, length]) => text.slice(0, length)),
  fc
    .tuple(object, fc.constantFrom('nan', '-inf', 'Infinity', ','))
    .map(([text, part]) => text.replace(/\d/, part)),
  fc.array(object, { maxLength: 4 }).map((lines) => lines.join('\n')),
  fc.string({ unit: 'binary' }),
);

/** The paths of the leaves: values, and arrays and objects without members. */
export function leafPaths(json: unknown, path: readonly string[] = []): string[][] {
  if (typeof json !== 'object' || json === null || Object.keys(json).length === 0) return [[...path]];
  return Object.entries(json).flatMap(([name, inner]) => leafPaths(inner, [...path, name]));
}
