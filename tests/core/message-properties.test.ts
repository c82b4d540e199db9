// Properties of every payload: nothing throws, nothing disappears unnamed, and all ways in give the same readings.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { jsonText } from '../../adapters/json-text.ts';
import { parseArchiveLine } from '../../core/archive/careful-line.ts';
import { pathText } from '../../core/formats/draft.ts';
import { readAnyFormat } from '../../core/formats/formats.ts';
import { parseWithDigits } from '../../core/json-digits.ts';
import { parseMessage, type ParsedMessage } from '../../core/message.ts';
import { METRIC_NAME } from '../../core/metric-name.ts';
import { MAX_METRICS } from '../../core/reading.ts';
import { parseStreamRecord } from '../../core/stream-record.ts';
import { brokenTexts, jsonTexts, leafPaths, objectTexts, packTexts } from '../support/json-texts.ts';
import { ruleEventText } from '../support/telemetry-rule.ts';

const TIME = 1_790_000_000_000;
const LIMITS = { maxLatenessSeconds: 604_800, maxSkewSeconds: 60 };
/** What the rule adds to the message of these tests. */
const ADDED = JSON.parse(ruleEventText('{}')) as object;
const runs = (numRuns: number) => ({ numRuns, seed: 7 });

const rawEvent = (bytes: Uint8Array | string) => ({
  rawPayload: Buffer.from(bytes as string).toString('base64'),
  ...ADDED,
});

const parseMembers = (payload: string) => parseMessage(JSON.parse(ruleEventText(payload)), LIMITS);
const parseBytes = (payload: Uint8Array | string) => parseMessage(rawEvent(payload), LIMITS);

/** Without the original of a message that is rejected whole, which is kept as it came. */
function essence(message: ParsedMessage) {
  const { rejected, ...rest } = inDoubles(message);
  return {
    ...rest,
    rejected: rejected.map(({ original, ...rejection }) =>
      rejection.index === undefined ? rejection : { ...rejection, original },
    ),
  };
}

/** The leaves of a payload that no skipped member, no rejection, no id and no time covers. */
function uncovered(payload: unknown, { skipped, rejected }: ParsedMessage): string[] {
  if (rejected.some(({ index }) => index === undefined)) return [];
  const drafts = readAnyFormat(payload, [])?.drafts ?? [];
  const covered = new Set(skipped.map(({ name }) => name));
  for (const { index } of rejected) covered.add(pathText(drafts[index!]!.at!));
  for (const { id, times } of drafts) {
    for (const { path } of [...(id ? [id] : []), ...times]) covered.add(pathText(path));
  }
  const isCovered = (path: readonly string[]) =>
    path.some((_, length) => covered.has(pathText(path.slice(0, length + 1))));
  return leafPaths(payload)
    .filter((path) => !isCovered(path))
    .map(pathText);
}

const metricsIn = ({ accepted }: ParsedMessage) => accepted.flatMap(({ metrics }) => metrics);

test('every leaf of a payload is a metric, a time or an id, is skipped by name, or is in a rejection that is kept', () => {
  let general = 0;
  const property = fc.property(fc.oneof(objectTexts, packTexts), (text) => {
    const message = parseMembers(text);
    const rest = uncovered(JSON.parse(text), message);
    if (message.format !== 'general') return;
    general += 1;
    assert.equal(rest.length, metricsIn(message).length, JSON.stringify([rest, message.skipped]));
  });
  fc.assert(property, runs(5000));
  assert.ok(general > 2000);
});

test('the same is true for arrays, lines and everything else that comes as bytes', () => {
  const property = fc.property(jsonTexts, (text) => {
    const message = parseBytes(text);
    const payload: unknown = JSON.parse(text);
    if (typeof payload !== 'object' || payload === null || message.format !== 'general') return;
    assert.equal(uncovered(payload, message).length, metricsIn(message).length);
  });
  fc.assert(property, runs(3000));
});

test('each reading of a pack is accepted or rejected, and each message has at least one, or no measurements by its format', () => {
  fc.assert(
    fc.property(packTexts, (text) => {
      const { accepted, rejected, format } = parseMembers(text);
      const { readings } = JSON.parse(text) as { readings: unknown[] };
      if (format === 'general') assert.equal(accepted.length + rejected.length, readings.length);
    }),
    runs(2000),
  );
  fc.assert(
    fc.property(fc.oneof(jsonTexts, objectTexts, brokenTexts), (text) => {
      const { accepted, rejected, format, skipped } = parseBytes(text);
      if (accepted.length + rejected.length > 0) return;
      assert.notEqual(format, 'general');
      assert.ok(skipped.length > 0);
    }),
    runs(4000),
  );
});

/** Rejections keep all digits if the text is available; as doubles they are the same for all ways in. */
function inDoubles({ rejected, sourceOf: _sourceOf, idOf: _idOf, event: _event, ...rest }: ParsedMessage) {
  const originals = rejected.map(({ original, ...why }) => ({
    ...why,
    original: JSON.stringify(JSON.parse(JSON.stringify(original) ?? 'null')),
  }));
  return { ...rest, rejected: originals };
}

/** JSON with its numbers as exact decimals, so that 1.0 is 1 and 1e2 is 100. */
function exactly(value: unknown): unknown {
  const text = jsonText(value).replaceAll(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) =>
    token.startsWith('"') ? token : JSON.stringify(`number ${plainNumber(token)}`),
  );
  return JSON.parse(text);
}

/** The text of a value and of all values in it. */
const partsOf = (value: unknown): string[] => [
  JSON.stringify(value),
  ...(typeof value === 'object' && value !== null ? Object.values(value).flatMap(partsOf) : []),
];

/** Digits without zeros at either end, and the power of ten of the last digit. */
function plainNumber(token: string): string {
  const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE](.+))?$/.exec(token)!;
  const digits = (whole! + fraction).replace(/^0+/, '');
  const kept = digits.replace(/0+$/, '');
  return kept === ''
    ? '0'
    : `${sign}${kept}e${Number(exponent) - fraction.length + digits.length - kept.length}`;
}

test('an object reads the same as members and as bytes', () => {
  const property = fc.property(fc.oneof(objectTexts, packTexts), (text) => {
    assert.deepEqual(essence(parseBytes(text)), essence(parseMembers(text)));
  });
  fc.assert(property, runs(3000));
});

test('the rejected parts of an object keep every number as it was sent, also in direct mode', () => {
  const property = fc.property(fc.oneof(objectTexts, packTexts), (text) => {
    const sent = exactly(parseWithDigits(text));
    const all = partsOf(sent);
    for (const { index, original } of parseMembers(text).rejected) {
      const kept = JSON.stringify(exactly(original));
      assert.ok(index === undefined ? kept === all[0] : all.includes(kept), text);
    }
  });
  fc.assert(property, runs(4000));
});

test('a message reads the same from the rule, from the stream and from the archive', () => {
  const texts = fc.oneof(
    fc.oneof(objectTexts, packTexts).map((text) => ruleEventText(text)),
    fc.oneof(jsonTexts, brokenTexts).map((text) => JSON.stringify(rawEvent(text))),
    jsonTexts,
  );
  const property = fc.property(texts, (text) => {
    const direct = inDoubles(parseMessage(JSON.parse(text), LIMITS));
    assert.deepEqual(inDoubles(parseStreamRecord(Buffer.from(text).toString('base64'), LIMITS)), direct);
    assert.deepEqual(inDoubles(parseArchiveLine(Buffer.from(text), LIMITS)), direct);
  });
  fc.assert(property, runs(3000));
});

test('it throws for no bytes and no event', () => {
  const property = fc.property(
    fc.uint8Array(),
    brokenTexts,
    fc.jsonValue(),
    jsonTexts,
    (bytes, text, event, raw) => {
      for (const payload of [bytes, text]) assert.ok(parseBytes(payload).context);
      for (const each of [
        event,
        JSON.parse(raw),
        { ...ADDED, rawPayload: event },
        { ...ADDED, topicLevel4: event },
      ])
        parseMessage(each, LIMITS);
      parseArchiveLine(bytes, LIMITS);
      parseStreamRecord(Buffer.from(bytes).toString('base64'), LIMITS);
      parseStreamRecord(event, LIMITS);
    },
  );
  fc.assert(property, runs(3000));
});

test('a reading has 1 to 32 metrics, each with its own name that is valid in tables and URLs', () => {
  const property = fc.property(fc.oneof(objectTexts, packTexts, jsonTexts), (text) => {
    for (const { metrics } of parseBytes(text).accepted) {
      assert.ok(metrics.length >= 1 && metrics.length <= MAX_METRICS);
      assert.equal(new Set(metrics.map(({ name }) => name)).size, metrics.length);
      for (const { name } of metrics) assert.match(name, METRIC_NAME);
    }
  });
  fc.assert(property, runs(4000));
});

/** An id as JSON text: combined parts of a reading's identity, or numbers beyond a double. */
const ids = fc.oneof(
  fc
    .array(fc.constantFrom('x', ',', ',,', 'a=1', 'b=2', `at:${TIME}`, 'in:', '"', '\\'), {
      minLength: 1,
      maxLength: 5,
    })
    .map((parts) => JSON.stringify(parts.join(''))),
  fc.constantFrom(
    '7',
    '90071992547409931',
    '90071992547409932',
    '1234567890123456789',
    '1234567890123456790',
  ),
);
const either = <Value>(...values: readonly Value[]) => fc.constantFrom(undefined, ...values);
const identified = fc.record({ id: ids, timestamp: either(TIME), a: fc.constantFrom(1, 2), b: either(2) });

test('readings are the same if and only if their ids, their own times and their values are equal', () => {
  const property = fc.property(fc.array(identified, { minLength: 2, maxLength: 12 }), (readings) => {
    const texts = readings.map(({ id, ...others }) => `{"id":${id},${JSON.stringify(others).slice(1)}`);
    const { accepted, rejected } = parseMembers(`{"readings":[${texts.join()}]}`);
    assert.deepEqual(rejected, []);
    const pairs = new Set(accepted.map(({ fingerprint }, n) => `${fingerprint} ${texts[n]}`));
    for (const alike of [new Set(texts), new Set(accepted.map(({ fingerprint }) => fingerprint))]) {
      assert.equal(alike.size, pairs.size, texts.join('\n'));
    }
  });
  fc.assert(property, runs(2000));
});
