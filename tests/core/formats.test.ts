// Properties of every format: none throws for any payload, and none recognises plain flat JSON as its own.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { readAnyFormat } from '../../core/formats/formats.ts';
import type { Draft } from '../../core/formats/draft.ts';
import { readGeneral } from '../../core/formats/general.ts';
import { metricsText, parseReading } from '../../core/reading.ts';
import { ARRIVAL, parseText, summary } from '../support/format-cases.ts';

/** Names by which formats are recognised, and some others. */
const NAMES = `
  end_device_ids uplink_message app_id dev_id payload_fields payload_raw deviceInfo devEUI applicationID
  object fPort fCnt hotspots dev_eui WirelessDeviceId PayloadData history specversion
  source type id data metrics seq topic payload state
  metadata version current coreid published_at ts values fields tags
  name timestamp n v bn bt e propertyValues vals
  records node group s t q c ai1 di1
  d dt result phenomenonTime components dataArray time value subscriptionId
  event temperature humidity
`
  .trim()
  .split(/\s+/);

/** The flat formats that are recognised with certainty have all of these. */
const FLAT = [
  ['devEUI', 'applicationID'],
  ['s', 't', 'q', 'c'],
  ['d', 'dt', 'ts', 'q'],
  ['specversion', 'source', 'type', 'id'],
  ['coreid', 'published_at', 'data'],
  ['name', 'ts', 'data'],
];
const scalar = fc.oneof(
  fc.double({ noNaN: true }),
  fc.integer(),
  fc.boolean(),
  fc.string(),
  fc.constant(null),
  fc.constantFrom('21.5', 'ON', '2026-11-29T13:45:00Z', '[1]'),
);
const flat = fc.dictionary(fc.oneof(fc.constantFrom(...NAMES), fc.string()), scalar, { maxKeys: 12 });

/** The metrics of the readings, without their times. */
function metricsOf(drafts: readonly Draft[] = []): string[] {
  const context = { deviceId: 'dev', site: 'lab', receivedAt: ARRIVAL, traceId: 't' };
  const limits = { maxLatenessSeconds: 0, maxSkewSeconds: 0 };
  return drafts.map((draft) => {
    const parsed = parseReading({ ...draft, times: [] }, 'here', context, limits);
    return 'fault' in parsed ? parsed.fault : metricsText(parsed.reading.metrics);
  });
}

test('plain flat JSON is read in the general format', () => {
  fc.assert(
    fc.property(flat, (payload) => {
      if (FLAT.some((members) => members.every((name) => Object.hasOwn(payload, name)))) return;
      const found = metricsOf(readAnyFormat(payload, [])?.drafts);
      assert.deepEqual(found, metricsOf(readGeneral(payload)));
    }),
    { numRuns: 20_000, seed: 1 },
  );
});

test('endlessly nested envelopes are not opened', () => {
  const event = '{"specversion":"1.0","type":"t","source":"s","id":"1","data":';
  const text = `${event.repeat(2000)}1${'}'.repeat(2000)}`;
  assert.deepEqual(parseText(text).accepted, []);
});

test('a child that the topic or the thing already names is not named again', () => {
  const text = '{"app_id":"a","dev_id":"node","payload_fields":{"t":1}}';
  assert.match(summary(parseText(text)), /^dev:node@/);
  assert.match(summary(parseText(text, { topicLevel4: 'node' })), /^dev:node@/);
  assert.match(summary(parseText(text, { topicLevel4: 'north' })), /^dev:north:node@/);
  assert.match(summary(parseText(text, { deviceId: 'node' })), /^node@/);
});

test('a time of line protocol is exact to the millisecond', () => {
  assert.match(summary(parseText('a b=1 1795959930122999999')), /^dev@2026-11-29T13:45:30.122Z/);
});
