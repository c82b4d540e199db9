// A slow and simple fold of an archive as the reference for the fast one, and archives to compare them.

import * as fc from 'fast-check';
import { foldArchive, type FoldedWindow, type RejectedLine } from '../../audit/fold-archive.ts';
import { parseArchiveLine } from '../../core/archive/careful-line.ts';
import type { Reading } from '../../core/reading.ts';
import { foldReadings, type Delta } from '../../core/window.ts';
import { names, numbers, others, START, texts, times, timeWords } from './difficult-members.ts';

export const limits = { maxLatenessSeconds: 3600, maxSkewSeconds: 60 };

/** Everything that a fold returns. */
export interface Outcome {
  readonly lines: number;
  readonly accepted: number;
  readonly skipped: number;
  readonly rejected: readonly RejectedLine[];
  readonly deltas: readonly Delta[];
  readonly windows: readonly FoldedWindow[];
}

export async function foldFast(chunks: Iterable<Uint8Array>, windowSeconds = 10): Promise<Outcome> {
  const rejected: RejectedLine[] = [];
  const onRejected = (line: RejectedLine) => void rejected.push(line);
  const folded = await foldArchive(chunks, { ...limits, windowSeconds, onRejected });
  const { lines, accepted, skipped } = folded;
  return { lines, accepted, skipped, rejected, deltas: [...folded.deltas()], windows: [...folded.windows()] };
}

/** Every line through `parseMessage`, and all readings through `foldReadings`. */
export function foldSlowly(archive: Buffer, windowSeconds = 10): Outcome {
  const rejected: RejectedLine[] = [];
  const readings: Reading[] = [];
  let lines = 0;
  let skipped = 0;
  for (const [index, line] of linesOf(archive).entries()) {
    if (line.length === 0 || line.equals(Buffer.from('\r'))) continue;
    lines += 1;
    const message = parseArchiveLine(line, limits);
    readings.push(...message.accepted);
    skipped += message.skipped.length;
    const { context } = message;
    rejected.push(...message.rejected.map((rejection) => ({ line: index + 1, context, rejection })));
  }
  const deltas = foldReadings(readings, windowSeconds);
  return {
    lines,
    accepted: readings.length,
    skipped,
    rejected,
    deltas,
    windows: deltas.map(
      ({ deviceId, site, windowStart, firstReadingAt, lastReadingAt, readings, metrics }) => {
        const span = { firstReadingAt, lastReadingAt };
        return { deviceId, site, windowStart, ...span, readings: readings.size, metrics };
      },
    ),
  };
}

function linesOf(archive: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let at = 0;
  for (let end = archive.indexOf(10); end >= 0; end = archive.indexOf(10, at)) {
    lines.push(archive.subarray(at, end));
    at = end + 1;
  }
  if (at < archive.length) lines.push(archive.subarray(at));
  return lines;
}

/** JSON as text: names and values of members, which may be no JSON at all. */
type Members = readonly (readonly [name: string, value: string])[];

/** In whatever case, and with `_` or `-` or neither where its words meet. */
const timeName = fc
  .tuple(fc.constantFrom(...timeWords), fc.constantFrom('', '_', '-'), fc.nat())
  .map(([words, between, capitals]) =>
    Array.from(words.replace('-', between), (letter, n) =>
      (capitals >> n) & 1 ? letter.toUpperCase() : letter,
    ).join(''),
  );
const name = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...names) },
  { weight: 2, arbitrary: timeName },
  { weight: 1, arbitrary: fc.string().map((text) => JSON.stringify(text).slice(1, -1)) },
);
const value = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...numbers) },
  { weight: 2, arbitrary: fc.constantFrom(...texts, ...others) },
  { weight: 1, arbitrary: fc.constantFrom(...times) },
  { weight: 1, arbitrary: fc.double().map(String) },
  { weight: 1, arbitrary: fc.string().map((text) => JSON.stringify(text)) },
);

/** Mostly one of the first, at times one of the others. */
function mostly(first: readonly string[], others: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 15, arbitrary: fc.constantFrom(...first) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );
}

const seconds = Array.from({ length: 13 }, (_, n) => String(START + n * 1000));

/** What most lines are: few devices and times, so that readings are repeated and overtaken. */
const usual: fc.Arbitrary<Members> = fc
  .record({
    timestamp: mostly(seconds, times),
    temperature: mostly(['4', '4.2', '4.20', '-4.25', '-0', '0', '999999999999999', '0.0000000001'], numbers),
    humidity: fc.option(mostly(['51', '52.5', '655.36'], [...texts, ...others, ...numbers]), {
      nil: undefined,
    }),
    // One id is used again and again, with other times and values too.
    id: fc.option(mostly(['"a"', '"a"', '"a"', '"b"', '"a1"'], ['"\\u0061"', 'null', '7', ...texts]), {
      nil: undefined,
      freq: 1,
    }),
    deviceId: mostly(['"store-1"', '"store-2"', '"s"'], ['"store-ü"', '""']),
    site: mostly(['"seattle"', '"portland"', '"boise"'], texts),
    receivedAt: mostly([String(START + 20_000)], times),
    clientId: mostly(['"store-1"', '""'], ['"ü"', 'null', ...texts]),
    traceId: mostly(['"t-1"', '"t-2"'], texts),
  })
  .map((line) =>
    Object.entries(line).filter((member): member is [string, string] => member[1] !== undefined),
  );

const changed: fc.Arbitrary<Members> = fc
  .tuple(usual, fc.array(fc.tuple(name, value), { maxLength: 3 }), fc.array(fc.nat(20), { maxLength: 2 }))
  .chain(([members, more, dropped]) => {
    const kept = members.filter((_, index) => !dropped.includes(index));
    return fc.shuffledSubarray([...kept, ...more], { minLength: kept.length + more.length });
  });

/** A usual line that one more member makes another, at any place. */
const extended: fc.Arbitrary<Members> = fc
  .tuple(usual, name, value, fc.nat())
  .map(([members, name, value, place]) => members.toSpliced(place % (members.length + 1), 0, [name, value]));

/** From below a device's topic, as the rules add the levels. */
const below: fc.Arbitrary<Members> = fc
  .tuple(usual, fc.array(fc.constantFrom('"child"', '"a:b"', '"0"', '"temperature"', '""', '5', 'null')))
  .map(([members, levels]) => [
    ...members,
    ...levels.map((level, n): [string, string] => [`topicLevel${n + 4}`, level]),
  ]);

/** As many metrics as a reading may have, some fewer or some more. */
const wide: fc.Arbitrary<Members> = fc
  .tuple(usual, fc.integer({ min: 28, max: 36 }), fc.constantFrom(...numbers))
  .map(([members, count, odd]) => {
    const metrics = Array.from({ length: count }, (_, n): [string, string] => [`m${n}`, String(n)]);
    return [...members, ...metrics.slice(1), [`m${count}`, odd]];
  });

const space = fc.constantFrom('', '', '', '', '', ' ', '\t', '\r', '\u00a0', '\ufeff');

function written(members: Members, [before, inside, after]: readonly string[]): string {
  return `${before}{${inside}${members.map(([key, text]) => `"${key}":${text}`).join(`,${inside}`)}}${after}`;
}

const spaces = fc.oneof(
  { weight: 15, arbitrary: fc.constant(['', '', '']) },
  { weight: 1, arbitrary: fc.array(space, { minLength: 3, maxLength: 3 }) },
);
const packed = fc.tuple(usual, fc.array(changed, { maxLength: 3 })).map(([context, readings]): Members => {
  const list = `[${readings.map((reading) => written(reading, ['', '', ''])).join()}]`;
  return [['readings', list], ...context.filter(([key]) => /^(deviceId|site|receivedAt|traceId)$/.test(key))];
});
const text = fc.oneof(
  { weight: 12, arbitrary: fc.tuple(usual, spaces).map(([members, around]) => written(members, around)) },
  { weight: 4, arbitrary: fc.tuple(changed, spaces).map(([members, around]) => written(members, around)) },
  ...[extended, extended, extended, below, wide].map((members) => ({
    weight: 1,
    arbitrary: members.map((found) => written(found, ['', '', ''])),
  })),
  { weight: 1, arbitrary: packed.map((members) => written(members, ['', '', ''])) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      '\r',
      ' ',
      '{}',
      '[]',
      'null',
      '1',
      '"x"',
      '{',
      '}',
      '{"',
      '{"a',
      '{"a"',
      '{"a":',
      '{"a":1',
      '{,}',
      '{"a":1,}',
    ),
  },
);

const fault = fc.oneof(
  { weight: 15, arbitrary: fc.constant('' as const) },
  { weight: 1, arbitrary: fc.constantFrom('change', 'drop', 'double', 'append', 'cut') },
);

/** A line, sometimes with one byte changed, removed or doubled, or with rubbish at its end. */
const line: fc.Arbitrary<Buffer> = fc
  .tuple(text, fault, fc.nat(), fc.nat(255))
  .map(([text, fault, place, byte]) => {
    const bytes = Buffer.from(text);
    const at = bytes.length === 0 ? 0 : place % bytes.length;
    const parts = {
      '': [bytes],
      change: [bytes.subarray(0, at), Buffer.of(byte), bytes.subarray(at + 1)],
      drop: [bytes.subarray(0, at), bytes.subarray(at + 1)],
      double: [bytes.subarray(0, at), bytes.subarray(at, at + 1), bytes.subarray(at)],
      append: [bytes, Buffer.of(byte)],
      cut: [bytes.subarray(0, at)],
    };
    return Buffer.concat(parts[fault]);
  });

const base: Members = [
  ['timestamp', String(START + 1000)],
  ['temperature', '4.2'],
  ['deviceId', '"store-1"'],
  ['site', '"seattle"'],
  ['receivedAt', String(START + 2000)],
  ['clientId', '"store-1"'],
  ['traceId', '"t-1"'],
];

/** A usual line with each difficult value in each of its members, and in one more member, first and last. */
export function* difficultLines(): Generator<string> {
  const values = [...numbers, ...texts, ...others, ...times];
  for (const [i] of base.entries()) {
    yield written(base.toSpliced(i, 1), ['', '', '']);
    yield written(base.toSpliced(i, 0, base[i]!), ['', '', '']);
    for (const text of values) yield written(base.with(i, [base[i]![0], text]), ['', '', '']);
  }
  for (const name of names) {
    for (const text of values) {
      yield written([...base, [name, text]], ['', '', '']);
      yield written([[name, text], ...base], ['', '', '']);
    }
  }
  const usual = written(base, ['', '', '']);
  for (const odd of [' ', '\t', '\r', '\u00a0', '\ufeff', '\0', ',', '}', '{}', '[]', '"', '//', '\u2028']) {
    yield odd + usual;
    yield usual + odd;
    yield usual.replace('{', `{${odd}`);
    yield usual.replaceAll(',', `,${odd}`);
    yield usual.replaceAll(',', `${odd},`);
    yield usual.replaceAll(':', `${odd}:`);
    yield usual.replaceAll(':', `:${odd}`);
  }
}

/** An archive, at times without its last line feed. */
export const archive: fc.Arbitrary<Buffer> = fc
  .tuple(fc.array(line, { maxLength: 60, size: 'max' }), fc.boolean())
  .map(([lines, complete]) => {
    const bytes = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
    return complete ? bytes : bytes.subarray(0, -1);
  });
