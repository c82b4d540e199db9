// Who has a backlog waits for it alone: events of different sources take turns.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { appendFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { eventually } from '../../../../tests/support/waiting.ts';
import { createFairQueue } from '../../lambda/fair-queue.ts';
import { createSpool } from '../../lambda/spool.ts';
import { start } from './fixture.ts';

/** A handler that writes down each event, and takes a moment for it. */
const recording = (file: string) => `import { appendFileSync } from 'node:fs';
  export const handler = async (event) => {
    appendFileSync(${JSON.stringify(file)}, event + '\\n');
    await new Promise((resolve) => setTimeout(resolve, 5));
  };`;

async function order() {
  const file = path.join(temporaryFolder(), 'order');
  await appendFile(file, '');
  const read = async () => (await readFile(file, 'utf8')).split('\n').filter(Boolean);
  return { source: recording(file), read };
}

const queueOf = (levels: number, items: readonly (readonly [source: string, item: string])[]) => {
  const queue = createFairQueue<string>(levels);
  for (const [source, item] of items) queue.push(source.split('/'), item);
  return queue;
};
const all = (queue: ReturnType<typeof queueOf>) =>
  Array.from({ length: queue.length }, () => queue.shift()!).join(' ');

test.each([
  ['one source in its order', 1, 'a:1 a:2 a:3', '1 2 3'],
  ['two sources in turn', 1, 'a:1 a:2 a:3 b:4 b:5', '1 4 2 5 3'],
  ['clients of one principal beside those of another', 2, 'p/x:1 p/y:2 p/x:3 q/z:4 q/z:5', '1 4 2 5 3'],
  [
    'a principal with many clients no faster than one with one',
    2,
    'p/a:1 p/b:2 p/c:3 q/d:4 q/d:5',
    '1 4 2 5 3',
  ],
  ['a source with fewer names as one with empty ones', 2, 'p:1 p/:2 p/x:3', '1 3 2'],
] as const)('takes %s', (_title, levels, pushed, taken) => {
  const items = pushed.split(' ').map((each) => each.split(':') as [string, string]);
  assert.equal(all(queueOf(levels, items)), taken);
});

test('keeps the order of each source and forgets none, for any order of pushes and takes', () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % below;
  };
  const queue = createFairQueue<readonly [string, number]>(3);
  const pushed = new Map<string, number>();
  const taken = new Map<string, number>();
  const take = () => {
    const [source, number] = queue.shift()!;
    assert.equal(number, taken.get(source) ?? 0);
    taken.set(source, number + 1);
  };
  for (let step = 0; step < 20_000; step += 1) {
    if (queue.length > 0 && random(3) === 0) {
      take();
      continue;
    }
    const source = `${random(2)}/${random(4)}/${random(6)}`;
    const number = pushed.get(source) ?? 0;
    queue.push(source.split('/'), [source, number]);
    pushed.set(source, number + 1);
    assert.equal(queue.waiting(source.split('/')), number + 1 - (taken.get(source) ?? 0));
  }
  while (queue.length > 0) take();
  assert.deepEqual(new Map([...taken]), pushed);
  assert.equal(queue.shift(), undefined);
});

test('holds a million events of as many as ten thousand sources, and takes each in constant time', () => {
  const queue = createFairQueue<number>(3);
  for (let item = 0; item < 1_000_000; item += 1) queue.push(['event', `p${item % 10_000}`, ''], item);
  assert.equal(queue.length, 1_000_000);
  for (let item = 0; item < 1_000_000; item += 1) assert.equal(queue.shift(), item);
  assert.equal(queue.length, 0);
});

test('four sources with one event each wait for one event of a fifth, not for its sixty', async () => {
  const { source, read } = await order();
  const { lambda } = await start({ Slow: { source } });
  await lambda.ready();
  const invoke = (event: string, from: string) =>
    lambda.invokeAsync('tidegate-Slow', JSON.stringify(event), [from, from]);
  const busy = Array.from({ length: 60 }, (_, number) => invoke(`busy ${number}`, 'busy'));
  await Promise.all(['a', 'b', 'c', 'd'].map((from) => invoke(from, from)));
  await Promise.all(busy);
  const done = await read();
  // None has started before all wait, as the first event starts the function.
  assert.deepEqual(done.slice(0, 6), ['busy 0', 'a', 'b', 'c', 'd', 'busy 1']);
  assert.deepEqual(
    done.filter((each) => each.startsWith('busy')),
    Array.from({ length: 60 }, (_, number) => `busy ${number}`),
  );
});

test('a synchronous call does not wait behind the events', async () => {
  const { source, read } = await order();
  const { lambda } = await start({ Slow: { source } });
  await lambda.ready();
  const events = Array.from({ length: 40 }, (_, number) =>
    lambda.invokeAsync('tidegate-Slow', JSON.stringify(`event ${number}`), [`p${number}`]),
  );
  await lambda.invoke('tidegate-Slow', '"call"');
  assert.ok((await read()).indexOf('call') <= 3);
  await Promise.all(events);
});

test('one principal fills half of the room for events, and a caller without waiting events is still admitted', async () => {
  const { lambda } = await start({
    Stuck: { source: `export const handler = () => new Promise(() => {});` },
  });
  await lambda.ready();
  const invoke = (from: string) => void lambda.invokeAsync('tidegate-Stuck', '{}', [from]);
  let sent = 0;
  for (; sent < 10_000 && !lambda.isFull('busy'); sent += 1) invoke('busy');
  assert.equal(sent, 2_000);
  assert.equal(lambda.isFull('other'), false);
  assert.equal(lambda.isFull(), false);
  for (sent = 0; sent < 10_000 && !lambda.isFull('other'); sent += 1) invoke('other');
  assert.equal(sent, 1_000);
  for (let number = 0; !lambda.isFull(); number += 1) invoke(`p${number}`);
  assert.equal(lambda.isFull('new'), true);
});

test('callers with events of an earlier process take turns after the restart', async () => {
  const { source, read } = await order();
  const dir = temporaryFolder();
  const spool = createSpool(path.join(dir, 'spool'));
  const left = ['a1', 'a2', 'a3', 'b1'];
  for (const name of left)
    await spool.keep({
      requestId: name,
      functionName: 'tidegate-Slow',
      source: [name[0]!],
      payload: JSON.stringify(name),
    });
  const { lambda } = await start({ Slow: { source } }, { dir });
  await lambda.ready();
  await eventually('all done', async () => (await read()).length === left.length);
  const done = await read();
  assert.ok(done.indexOf('b1') < done.indexOf('a3'), done.join(' '));
});
