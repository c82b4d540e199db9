// DynamoDB may leave a part of a batch unprocessed: it is repeated until all is done, or the run ends with the table's name.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DynamoDBClient,
  type AttributeValue,
  type KeysAndAttributes,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { createWindowBatches } from '../../audit/window-batches.ts';
import { itemOf } from '../../adapters/window-item.ts';
import { parseMessage } from '../../core/message.ts';
import { foldReadings } from '../../core/window.ts';

const START = 1_790_000_000_000;
const limits = { maxLatenessSeconds: 60, maxSkewSeconds: 60 };
const context = { deviceId: 'd', site: 's', traceId: 't' };
const deltas = Array.from({ length: 60 }, (_, n) => {
  const timestamp = START + n * 10_000;
  const { accepted } = parseMessage({ timestamp, temperature: n, receivedAt: timestamp, ...context }, limits);
  return foldReadings(accepted, 10)[0]!;
});

/** A table that does at most so many requests of a call. */
function open(most: number) {
  const mock = mockClient(DynamoDBClient);
  const items = new Map<string, Record<string, AttributeValue>>();
  const waits: number[] = [];
  mock.on(BatchWriteItemCommand).callsFake(({ RequestItems }: { RequestItems: { w: WriteRequest[] } }) => {
    const { w } = RequestItems;
    for (const { PutRequest } of w.slice(0, most))
      items.set(PutRequest!.Item!['windowStart']!.N!, PutRequest!.Item!);
    return { UnprocessedItems: w.length > most ? { w: w.slice(most) } : {} };
  });
  mock.on(BatchGetItemCommand).callsFake(({ RequestItems }: { RequestItems: { w: KeysAndAttributes } }) => {
    const { Keys = [], ...rest } = RequestItems.w;
    const found = Keys.slice(0, most)
      .map((key) => items.get(key['windowStart']!.N!))
      .filter((item) => item !== undefined);
    const left = Keys.slice(most);
    return {
      Responses: { w: found },
      UnprocessedKeys: left.length > 0 ? { w: { ...rest, Keys: left } } : {},
    };
  });
  const batches = createWindowBatches({
    client: new DynamoDBClient({ region: 'us-east-1' }),
    ...{ table: 'w', fingerprintsTable: 'f', retentionDays: 90 },
    wait: async (ms) => void waits.push(ms),
  });
  return { batches, items, waits };
}

test('unprocessed items of a batch are written and read in the next calls', async () => {
  const { batches, items, waits } = open(7);
  await batches.put(deltas);
  assert.equal(items.size, 60);
  const read = await batches.read(deltas);
  for (const [n, delta] of deltas.entries()) {
    const expiresAt = Math.floor(delta.windowStart / 1000) + 90 * 86_400;
    assert.deepEqual(read[n]!.item, itemOf(delta, expiresAt));
    assert.equal((await read[n]!.missing()).readings.size, 0);
  }
  assert.ok(waits.length > 0);
});

test('a table that does nothing ends the run by its name, after longer and longer waits', async () => {
  const { batches, waits } = open(0);
  await assert.rejects(batches.put(deltas.slice(0, 5)), {
    message: 'Table w left 5 of its items 20 times: it is too busy; run it again',
  });
  assert.deepEqual([waits[0], waits.at(-1)], [50, 2000]);
});
