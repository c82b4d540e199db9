// The journal must give back exactly what was durable and not acknowledged, whatever moment the process died at.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { createManualClock } from '../../clock.ts';
import { type Journal, openJournal } from '../../journal/journal.ts';
import { type Log, silentLog } from '../../log.ts';
import { createMemoryDisk, type MemoryDisk } from './memory-files.ts';

const dir = temporaryFolder();

const open = (disk: MemoryDisk, more: { segmentBytes?: number; log?: Log } = {}) =>
  openJournal({ dir, files: disk.files, log: silentLog, clock: createManualClock(0), ...more });

const add = (journal: Journal, text: string, consumers = ['rule:a']) =>
  journal.append({ meta: { topic: text }, payload: Buffer.from(text), consumers });

async function texts(journal: Journal): Promise<string[]> {
  const found = await Promise.all(journal.pending().map(({ seq }) => journal.read(seq)));
  return found.map((entry) => `${(entry!.meta as { topic: string }).topic}=${entry!.payload.toString()}`);
}

test('gives back unfinished messages after a crash, in order, with the consumers that are still pending', async () => {
  const disk = createMemoryDisk();
  const journal = await open(disk);
  await add(journal, 'one', ['rule:a', 'rule:b']).durable;
  const two = add(journal, 'two');
  await two.durable;
  await add(journal, 'three', ['session:x']).durable;
  journal.acknowledge(1, 'rule:a');
  journal.acknowledge(two.seq, 'rule:a');
  await journal.flush();

  const again = await open(disk.copy());
  assert.deepEqual(again.pending(), [
    { seq: 1, consumers: ['rule:b'] },
    { seq: 3, consumers: ['session:x'] },
  ]);
  assert.deepEqual(await texts(again), ['one=one', 'three=three']);
  assert.equal(add(again, 'four').seq, 4);
});

test('cuts a tail torn at any byte and keeps every record before it', async () => {
  const disk = createMemoryDisk();
  const journal = await open(disk);
  await add(journal, 'kept').durable;
  const good = journal.size().bytes;
  await add(journal, 'torn').durable;
  const [[path, data]] = [...disk.content] as [[string, Buffer]];
  for (let length = 0; length < data.length; length += 1) {
    const torn = createMemoryDisk([[path, data.subarray(0, length)]]);
    const again = await open(torn);
    assert.deepEqual(await texts(again), length < good ? [] : ['kept=kept'], `cut at ${length}`);
    await add(again, 'next').durable;
    assert.deepEqual((await texts(await open(torn.copy()))).at(-1), 'next=next');
  }
});

test('takes a changed byte anywhere in a record for a torn record', async () => {
  const disk = createMemoryDisk();
  const journal = await open(disk);
  await add(journal, 'kept').durable;
  const good = journal.size().bytes;
  await add(journal, 'hurt').durable;
  const [[path, data]] = [...disk.content] as [[string, Buffer]];
  for (let at = good; at < data.length; at += 1) {
    const hurt = Buffer.from(data);
    hurt[at]! ^= 0x10;
    assert.deepEqual(await texts(await open(createMemoryDisk([[path, hurt]]))), ['kept=kept'], `byte ${at}`);
  }
});

test('takes zeros after the last record for nothing', async () => {
  const disk = createMemoryDisk();
  await add(await open(disk), 'kept').durable;
  const [[path, data]] = [...disk.content] as [[string, Buffer]];
  const again = await open(createMemoryDisk([[path, Buffer.concat([data, Buffer.alloc(4096)])]]));
  assert.deepEqual(await texts(again), ['kept=kept']);
});

test('writes all that arrives together with one sync', async () => {
  const disk = createMemoryDisk();
  const journal = await open(disk);
  await Promise.all(Array.from({ length: 1000 }, (_, i) => add(journal, `m${i}`).durable));
  assert.equal(disk.syncs, 1);
  const order: number[] = [];
  await Promise.all([3, 1, 2].map((n) => add(journal, `${n}`).durable.then(() => order.push(n))));
  assert.deepEqual(order, [3, 1, 2]);
});

test('a full disk refuses, keeps what was acknowledged, and works again when there is space', async () => {
  const disk = createMemoryDisk();
  const errors: string[] = [];
  const journal = await open(disk, { log: { ...silentLog, error: (message) => errors.push(message) } });
  await add(journal, 'kept', ['rule:a', 'rule:b']).durable;
  disk.space = 20;
  await assert.rejects(add(journal, 'lost').durable, /ENOSPC/);
  await assert.rejects(add(journal, 'lost too').durable, /ENOSPC/);
  journal.acknowledge(1, 'rule:a');
  assert.equal(errors.length, 1);
  assert.deepEqual(await texts(await open(disk.copy())), ['kept=kept']);
  disk.space = Infinity;
  await add(journal, 'after').durable;
  const again = await open(disk.copy());
  assert.deepEqual(await texts(again), ['kept=kept', 'after=after']);
  assert.deepEqual(again.pending()[0]!.consumers, ['rule:b']);
});

test('a failed sync is a refusal, and the next entry goes into a file of its own', async () => {
  const disk = createMemoryDisk();
  const journal = await open(disk);
  await add(journal, 'kept').durable;
  disk.failures.set('sync', new Error('EIO: sync'));
  await assert.rejects(add(journal, 'lost').durable, /EIO/);
  disk.failures.set('truncate', new Error('EIO: truncate'));
  await assert.rejects(add(journal, 'lost too').durable, /EIO/);
  disk.failures.clear();
  await add(journal, 'after').durable;
  assert.deepEqual(await texts(journal), ['kept=kept', 'after=after']);
  assert.ok(disk.content.size > 1);
});

test('deletes the oldest files once all their entries are acknowledged, and no others', async () => {
  const disk = createMemoryDisk();
  const journal = await open(disk, { segmentBytes: 200 });
  const seqs: number[] = [];
  for (let i = 0; i < 40; i += 1) {
    const { seq, durable } = add(journal, `message ${i}`);
    seqs.push(seq);
    await durable;
  }
  const before = journal.size().segments;
  assert.ok(before > 8);
  for (const seq of seqs.slice(1)) journal.acknowledge(seq, 'rule:a');
  await journal.flush();
  assert.equal(disk.content.size, journal.size().segments);
  assert.deepEqual(await texts(await open(disk.copy())), ['message 0=message 0']);
  journal.acknowledge(seqs[0]!, 'rule:a');
  await journal.flush();
  assert.equal(journal.size().segments, 1);
  const again = await open(disk.copy());
  assert.deepEqual(again.pending(), []);
  assert.ok(add(again, 'later').seq > seqs.at(-1)!);
});

test('one slow consumer keeps its entries, but not every file since', async () => {
  const disk = createMemoryDisk();
  const journal = await open(disk, { segmentBytes: 1000 });
  await add(journal, 'kept', ['session:slow', 'rule:a']).durable;
  await add(journal, 'kept too', ['session:slow', 'rule:a']).durable;
  let most = 0;
  for (let i = 0; i < 500; i += 1) {
    const { seq, durable } = add(journal, `message ${i}`);
    await durable;
    journal.acknowledge(seq, 'rule:a');
    if (i === 300) journal.acknowledge(1, 'rule:a');
    most = Math.max(most, journal.size().segments);
  }
  await journal.flush();
  assert.ok(most <= 8, `${most} files`);
  assert.equal(disk.content.size, journal.size().segments);
  assert.deepEqual(await texts(journal), ['kept=kept', 'kept too=kept too']);
  const left = disk.copy();
  const again = await open(left);
  assert.deepEqual(again.pending(), [
    { seq: 1, consumers: ['session:slow'] },
    { seq: 2, consumers: ['session:slow', 'rule:a'] },
  ]);
  assert.deepEqual(await texts(again), ['kept=kept', 'kept too=kept too']);
  for (const [seq, name] of [
    [1, 'session:slow'],
    [2, 'session:slow'],
    [2, 'rule:a'],
  ] as const)
    again.acknowledge(seq, name);
  await again.flush();
  assert.deepEqual((await open(left)).pending(), []);
});

test('keeps exactly the pending messages through random histories of appending, acknowledging, rolling and crashing', async () => {
  let disk = createMemoryDisk();
  let journal = await open(disk, { segmentBytes: 300 });
  const pending = new Map<number, { text: string; consumers: Set<string> }>();
  let state = 7;
  const random = (below: number) => (state = (state * 48_271) % 2_147_483_647) % below;
  for (let step = 0; step < 1500; step += 1) {
    const kind = random(10);
    if (kind < 4) {
      const consumers = ['a', 'b', 'c'].slice(0, 1 + random(3));
      const { seq, durable } = add(journal, `m${step}`, consumers);
      await durable;
      pending.set(seq, { text: `m${step}`, consumers: new Set(consumers) });
    } else if (kind < 9 && pending.size > 0) {
      const seq = [...pending.keys()][random(Math.min(pending.size, 3) + 1) % pending.size]!;
      const { consumers } = pending.get(seq)!;
      const name = [...consumers][random(consumers.size)]!;
      journal.acknowledge(seq, name);
      consumers.delete(name);
      if (consumers.size === 0) pending.delete(seq);
    } else if (random(5) === 0) {
      await journal.flush();
      disk = disk.copy();
      journal = await open(disk, { segmentBytes: 300 });
      assert.deepEqual(
        journal.pending(),
        [...pending].map(([seq, { consumers }]) => ({ seq, consumers: [...consumers] })),
      );
      assert.deepEqual(
        await texts(journal),
        [...pending.values()].map(({ text }) => `${text}=${text}`),
      );
    }
  }
});

test('a million acknowledge calls take little time and little disk', async () => {
  const disk = createMemoryDisk();
  const journal = await open(disk);
  const consumers = Array.from({ length: 10 }, (_, i) => `rule:${i}`);
  const started = performance.now();
  for (let round = 0; round < 100; round += 1) {
    const added = Array.from({ length: 1000 }, () => add(journal, 'm', consumers));
    await added.at(-1)!.durable;
    for (const { seq } of added) for (const name of consumers) journal.acknowledge(seq, name);
  }
  await journal.close();
  const seconds = (performance.now() - started) / 1000;
  assert.ok(seconds < 10, `${seconds} s`);
  assert.deepEqual(journal.size().entries, 0);
  assert.deepEqual((await open(disk.copy())).pending(), []);
});

test('acknowledging unknown entries, acknowledged ones and prototype names changes nothing', async () => {
  const journal = await open(createMemoryDisk());
  await add(journal, 'one', ['__proto__', 'rule:a']).durable;
  for (const name of ['constructor', 'rule:b', 'rule:a', 'rule:a']) journal.acknowledge(1, name);
  journal.acknowledge(99, 'rule:a');
  assert.deepEqual(journal.pending(), [{ seq: 1, consumers: ['__proto__'] }]);
});

test('on a real disk: files only the owner may read, content back after reopening', async () => {
  const real = join(dir, 'real');
  const journal = await openJournal({ dir: real, log: silentLog });
  const payload = Buffer.from([0, 255, 10, 13]);
  await journal.append({ meta: { n: 1 }, payload, consumers: ['rule:a'] }).durable;
  await journal.close();
  for (const name of readdirSync(real)) assert.equal(statSync(join(real, name)).mode & 0o777, 0o600);
  const again = await openJournal({ dir: real, log: silentLog });
  assert.deepEqual(await again.read(1), { meta: { n: 1 }, payload });
  again.acknowledge(1, 'rule:a');
  await again.close();
  const third = await openJournal({ dir: real, log: silentLog });
  assert.deepEqual(third.pending(), []);
  await third.close();
});

test('a closed journal refuses entries with an error', async () => {
  const disk = createMemoryDisk();
  const journal = await open(disk);
  const { seq, durable } = add(journal, 'one');
  await durable;
  await journal.close();
  journal.acknowledge(seq, 'rule:a');
  await assert.rejects(add(journal, 'two').durable, /the journal is closed/);
  assert.deepEqual(await texts(await open(disk.copy())), ['one=one']);
});
