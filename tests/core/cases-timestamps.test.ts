// The times in cases/timestamps.tsv, from real payloads: parsed to the second, or refused with the reason.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { LATE, NOW, readCases } from '../support/device-cases.ts';
import { ARRIVAL, parseText } from '../support/format-cases.ts';

const LIMITS = { maxLatenessSeconds: 604_800, maxSkewSeconds: 60 };

/** Epoch milliseconds, or why it is refused. */
const expected: Readonly<Record<string, number | string>> = {
  'iso-z': NOW,
  'iso-space': NOW,
  'iso-nooffset': NOW,
  'iso-micro-nooffset-python': NOW + 123,
  'iso-offset-colon': NOW,
  'iso-offset-nocolon-tasmota-ruuvi': NOW,
  'iso-offset-hour-only': NOW,
  'iso-basic': NOW,
  'iso-space-offset-postgres': NOW,
  'iso-space-utc-word': NOW,
  'epoch-s': NOW,
  'epoch-s-float': NOW + 123,
  'epoch-ms': NOW,
  'epoch-ns': NOW,
  'epoch-ms-string': NOW,
  rfc1123: NOW,
  'us-date': 'timestamp-format',
  'de-date': 'timestamp-format',
  'date-only': 'timestamp-format',
  'zero-boot': 'timestamp-not-positive',
  'millis-since-boot': 'too-late',
  null: ARRIVAL,
  empty: ARRIVAL,
  'lower-t': NOW,
  'time-only': 'timestamp-format',
  'cap-Timestamp': NOW,
  'ts-ms-late-6h': LATE,
};

const cases = readCases('timestamps.tsv');

test('every time of the table has an expectation', () => {
  assert.deepEqual([...cases.keys()].sort(), Object.keys(expected).sort());
});

for (const [name, payload] of cases) {
  const means = expected[name]!;
  const title = typeof means === 'string' ? `is refused as ${means}` : `is ${new Date(means).toISOString()}`;
  test(`${name}: ${payload} ${title}`, () => {
    const { accepted, rejected } = parseText(payload, {}, LIMITS);
    const found = rejected[0]?.reason ?? accepted[0]?.timestamp;
    assert.equal(found, means);
    assert.equal(accepted.length + rejected.length, 1);
    // A member used as the time is not a metric.
    for (const { metrics } of accepted) assert.equal(metrics.length, 1);
  });
}
