// A seed gives the same run again, and the oracle reads every message of the devices like the product.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { availableKinds, planFaults } from '../../bench/chaos/faults.ts';
import { createPayloads, type Message } from '../../bench/chaos/payloads.ts';
import { createRandom } from '../../bench/chaos/random.ts';
import { recompute } from '../../bench/chaos/recompute.ts';
import { decimalText } from '../../core/decimal.ts';
import { parseMessage } from '../../core/message.ts';
import { foldReadings, merge, type Delta } from '../../core/window.ts';

const NOW = 1_796_000_003_000;
const LIMITS = { maxLatenessSeconds: 7 * 86_400, maxSkewSeconds: 60 };

function messages(seed: number, count: number): Message[] {
  const sender = { name: 'd-1', site: 's', children: ['roof'], endsHot: true };
  const payloads = createPayloads(sender, createRandom(seed, 'd-1'));
  return [
    ...Array.from({ length: count }, (_, index) => payloads.next(NOW + index * 700)),
    payloads.last(NOW),
  ];
}

/** The line of the archive, as the rules make it. */
function lineOf({ topic, payload }: Message, index: number): string {
  const [, , , topicLevel4] = topic.split('/');
  const context = {
    deviceId: 'd-1',
    site: 's',
    receivedAt: NOW + index * 700,
    clientId: 'd-1',
    traceId: `t${index}`,
  };
  const level = topicLevel4 === undefined ? {} : { topicLevel4 };
  try {
    const value: unknown = JSON.parse(payload);
    if (typeof value === 'object' && !Array.isArray(value))
      return JSON.stringify({ ...value, ...context, ...level });
  } catch {
    // Not JSON: the second rule takes it.
  }
  const rawPayload = Buffer.from(payload).toString('base64');
  return JSON.stringify({ rawPayload, ...context, ...level });
}

test('the same seed makes the same payloads and faults, another seed others', () => {
  const faults = (seed: number) => {
    const plan = planFaults(createRandom(seed, 'faults'), availableKinds(undefined, undefined), 8);
    return Array.from({ length: 50 }, () => plan.next().value);
  };
  assert.deepEqual(messages(1, 300), messages(1, 300));
  assert.notDeepEqual(messages(1, 300), messages(2, 300));
  assert.deepEqual(faults(1), faults(1));
  assert.notDeepEqual(faults(1), faults(2));
});

test('the first fault is a kill while a whole burst is under way', () => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8, 9]) {
    const first = planFaults(createRandom(seed, 'faults'), availableKinds(undefined, undefined), 8).next();
    assert.ok(!first.done);
    assert.deepEqual([first.value.kind, first.value.moment], ['kill', 0]);
  }
});

test('a message is found again by its key', () => {
  const sent = messages(3, 700);
  const { keys } = recompute(sent.map(lineOf));
  assert.deepEqual([...keys].sort(), [...new Set(sent.map(({ key }) => key))].sort());
});

/** Windows as text, by device and start. */
function windowsOfProduct(lines: readonly string[]): Map<string, string> {
  const readings = lines.flatMap((line) => parseMessage(JSON.parse(line), LIMITS).accepted);
  const deltas = new Map<string, Delta>();
  for (const delta of foldReadings(readings, 10)) {
    const key = `${delta.deviceId} ${delta.windowStart}`;
    const known = deltas.get(key);
    deltas.set(key, known ? merge(known, delta) : delta);
  }
  return new Map(
    [...deltas].map(
      ([
        key,
        {
          readings: { size },
          metrics,
          firstReadingAt,
          lastReadingAt,
        },
      ]) => {
        const statistics = [...metrics].map(([name, { min, max, sum, count }]) =>
          [name, decimalText(min), decimalText(max), decimalText(sum), count].join(' '),
        );
        return [key, [size, firstReadingAt, lastReadingAt, ...statistics.sort()].join(', ')];
      },
    ),
  );
}

function windowsOfOracle(lines: readonly string[]): Map<string, string> {
  return new Map(
    [...recompute(lines).windows].map(([key, { readings, metrics, firstReadingAt, lastReadingAt }]) => {
      const statistics = [...metrics].map(([name, { min, max, sum, count }]) =>
        [name, min.toFixed(), max.toFixed(), sum.toFixed(), count].join(' '),
      );
      return [key, [readings, firstReadingAt, lastReadingAt, ...statistics.sort()].join(', ')];
    }),
  );
}

for (const seed of [1, 2, 3]) {
  test(`oracle and product make the same windows of the messages of seed ${seed}`, () => {
    const lines = messages(seed, 700).map(lineOf);
    assert.deepEqual(windowsOfOracle(lines), windowsOfProduct(lines));
  });

  test(`oracle and product reject the same of the messages of seed ${seed}`, () => {
    const lines = messages(seed, 700).map(lineOf);
    const product = new Map(
      lines.flatMap((line, index) => {
        const { rejected } = parseMessage(JSON.parse(line), LIMITS);
        const reasons = rejected.map(({ index: place, reason }) => `${place ?? '-'} ${reason}`).sort();
        return reasons.length > 0 ? [[`t${index}`, reasons] as const] : [];
      }),
    );
    assert.deepEqual(new Map(recompute(lines).rejected), product);
  });
}
