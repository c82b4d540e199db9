// Most senders mean flat numbers as plain metrics: no format may recognise them as its own.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { decimalText, roundedDecimalOf } from '../../core/decimal.ts';
import { timesOf } from '../../core/formats/general.ts';
import { CONTEXT_NAMES } from '../../core/rule-event.ts';
import { METRIC_NAME } from '../../core/metric-name.ts';
import { ARRIVAL, parseText } from '../support/format-cases.ts';

const folder = new URL('../../core/formats/', import.meta.url);
const sources = readdirSync(folder).map((file) => readFileSync(new URL(file, folder), 'utf8'));
/** The words by which each format could recognise a payload, collected from the strings in its source. */
const wordsIn = (source: string) =>
  [...source.matchAll(/'[^'\n]*'|`[^`]*`/g)].flatMap(([text]) => text.match(/[A-Za-z]\w*/g) ?? []);

const isTaken = (name: string) =>
  name === 'id' || name === 'readings' || (CONTEXT_NAMES as readonly string[]).includes(name);
const isTime = (name: string) => timesOf({ [name]: ARRIVAL }, []).length > 0;
const FORMATS = sources
  .map((source) => [...new Set(wordsIn(source))])
  .map((words) => words.filter((name) => METRIC_NAME.test(name) && !isTaken(name) && !isTime(name)))
  .filter((words) => words.length > 0);

const ownNames = fc
  .string({ unit: fc.constantFrom(...'abcdexyzABC_0123'.split('')), maxLength: 10 })
  .map((text) => `m${text}`);
/** No sentinels. */
const numbers = fc.oneof(
  fc.integer({ min: -100, max: 300 }),
  // A value smaller than the fifteenth decimal would be skipped.
  fc.double({ noNaN: true, min: -1e6, max: 1e6 }).filter((value) => value === 0 || Math.abs(value) > 1e-15),
);

test('every format has words', () => {
  assert.ok(FORMATS.length > 40 && FORMATS.flat().length > 500);
});

/** Numbers that a format recognises by names that no other sender combines. */
const UNMISTAKABLE: readonly (readonly string[])[] = [
  // Zigbee2MQTT: the milliseconds since the previous message.
  ['linkquality', 'elapsed'],
];

/** Beside a number as `id`, the status of one component of a Shelly. */
const SHELLY: readonly (readonly string[])[] = [
  ['output', 'source'],
  ['apower', 'voltage'],
  ['apower', 'output'],
  ['act_power', 'aprt_power'],
  ['a_act_power', 'a_voltage'],
  ['total_act', 'total_act_ret'],
  ['tC', 'tF'],
  ['current_C', 'target_C'],
];

/** Names of one format and some others, with a number for each. */
const payloads = fc.constantFrom(...FORMATS).chain((words) =>
  fc.dictionary(fc.oneof(fc.constantFrom(...words), fc.constantFrom(...words), ownNames), numbers, {
    minKeys: 1,
    maxKeys: 20,
  }),
);

test('flat numbers are metrics under their own names, at the time of arrival, whatever the names are', () => {
  const property = fc.property(payloads, fc.option(fc.nat(3), { nil: undefined }), (payload, id) => {
    if (id !== undefined)
      fc.pre(!SHELLY.some((members) => members.every((name) => Object.hasOwn(payload, name))));
    fc.pre(!UNMISTAKABLE.some((members) => members.every((name) => Object.hasOwn(payload, name))));
    const { accepted, rejected, skipped } = parseText(JSON.stringify({ id, ...payload }));
    assert.deepEqual([accepted.length, rejected, skipped], [1, [], []], JSON.stringify(payload));
    const [{ deviceId, timestamp, metrics }] = accepted as [(typeof accepted)[0]];
    assert.deepEqual([deviceId, timestamp], ['dev', ARRIVAL]);
    assert.deepEqual(
      metrics.map(({ name, value }) => [name, decimalText(value)]),
      Object.entries(payload).map(([name, value]) => [name, decimalText(roundedDecimalOf(value)!.value)]),
    );
  });
  fc.assert(property, { numRuns: 20_000, seed: 5 });
});
