// What was learned goes with its rule and its device, and with nothing else.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { beginLearning } from '../../core/insight/observe.ts';
import { compileRule } from '../../core/rule-data.ts';
import { forgetLearned, isForgetting } from '../../pipeline/forget-learned.ts';
import { memoryLearned } from '../support/memory-learned.ts';

const MINUTE = 60_000;
const rules = [
  compileRule({ id: 'soon', predicted: { metric: 't', above: 8 } }),
  compileRule({ id: 'off', unusual: { metric: 't' }, enabled: false }),
  compileRule({ id: 'limit', metric: 't', above: 8 }),
];

async function keptOf(devices: readonly string[], unreadable: readonly string[] = []) {
  const store = memoryLearned();
  for (const deviceId of ['a', 'b'])
    for (const ruleId of ['soon', 'off', 'limit', 'gone', 'broken'])
      await store.restart(deviceId, ruleId, { learned: beginLearning(), until: 0, of: 'predicted t above' });
  await forgetLearned(store, {
    rules,
    unreadable: new Set(unreadable),
    devices: async () => devices.map((deviceId) => ({ deviceId })),
    isOver: () => false,
  });
  const kept: string[] = [];
  for await (const { deviceId, ruleId } of store.all()) kept.push(`${deviceId}/${ruleId}`);
  return kept;
}

test('learned facts of rules that are removed, or no longer judge trends or habits, are removed', async () => {
  assert.deepEqual(await keptOf(['a', 'b']), ['a/soon', 'a/off', 'b/soon', 'b/off']);
});

test('learned facts of a removed device are removed', async () => {
  assert.deepEqual(await keptOf(['b']), ['b/soon', 'b/off']);
});

test('a rule that cannot be read keeps what it learned', async () => {
  assert.deepEqual(await keptOf(['a'], ['broken']), ['a/soon', 'a/off', 'a/broken']);
});

test('one sweep of fifteen looks', () => {
  const looks = Array.from({ length: 30 }, (_, minute) => isForgetting(minute * MINUTE + 1_234));
  assert.equal(looks.filter(Boolean).length, 2);
});
