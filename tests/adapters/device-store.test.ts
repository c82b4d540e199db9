// The devices table over the local DynamoDB: presence is correct for any order of events, and last-seen times cost few writes.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { createDeviceStore } from '../../adapters/device-store.ts';
import type { PresenceEvent } from '../../core/presence.ts';
import type { DeviceStore } from '../../pipeline/ports.ts';
import { openTables, type Tables } from './tables.ts';

const START = 1790000000000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const thing = { type: 'sensor', groups: ['seattle', 'cold'], attributes: { floor: '2' } };

let tables: Tables;
let devices: DeviceStore;
let sent = 0;
beforeAll(async () => {
  tables = await openTables();
  const send = tables.client.send.bind(tables.client) as (command: unknown) => Promise<unknown>;
  const client = { send: (command: unknown) => send(command).finally(() => (sent += 1)) };
  devices = createDeviceStore({ client: client as unknown as Tables['client'], table: 'devices' });
});
afterAll(() => tables.close());

/** `+2` is the start of connection 2 and `-2` its end, followed by `@` and the minutes after the start. */
interface Moment {
  readonly name: string;
  readonly session: string;
  readonly version: number;
  readonly minute: number;
}

const event = (deviceId: string, { name, session, version, minute }: Moment): PresenceEvent => ({
  deviceId,
  online: name.startsWith('+'),
  at: START + minute * MINUTE,
  version,
  sessionId: session,
  ...(name.startsWith('-') && { disconnectReason: 'CONNECTION_LOST' }),
});

/** Reads `+a0@5`: session a with version 0 began five minutes after the start. */
const moments = (text: string): Moment[] =>
  text.split(' ').map((name) => {
    const [, session = '', version, minute] = /^[+-]([a-z])(\d+)@([\d.]+)$/.exec(name) ?? [];
    return { name, session, version: Number(version), minute: Number(minute) };
  });

function permutations<Item>(items: readonly Item[]): Item[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) =>
    permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]),
  );
}

const histories: readonly (readonly [what: string, history: string, online: boolean, since: number])[] = [
  ['a device that came', '+a0@0', true, 0],
  ['a device that came and went', '+a0@0 -a0@5', false, 5],
  ['a device that came back', '+a0@0 -a0@5 +b1@6', true, 6],
  ['a device that went again', '+a0@0 -a0@5 +b1@6 -b1@7', false, 7],
  ['a connection taken over by the next', '+a0@0 +b1@5 -a0@5', true, 5],
  ['a connection taken over, whose end is noticed two minutes later', '+a0@0 +b1@5 -a0@7', true, 5],
  ['times that contradict the versions by two minutes', '+a3@2 -a3@3 +b4@1', true, 1],
  ['versions that begin again after an hour', '+a7@0 -a7@5 +b0@70', true, 70],
  ['versions that begin again, and the device went', '+a7@0 -a7@5 +b0@70 -b0@71', false, 71],
  ['versions that begin again after a short session', '+a7@0 -a7@5 +b0@12', true, 12],
  ['a connection of three days', '+a7@0 -a7@4320 +b0@4400 -b0@4401', false, 4401],
];
for (const [what, history, online, since] of histories) {
  test(`${what}: the same in any order and with every event twice`, async () => {
    const orders = permutations(moments(history));
    for (const [index, order] of orders.entries()) {
      const deviceId = `${what.replaceAll(/\W/g, '-')}-${index}`;
      for (const moment of [...order, ...order]) {
        await devices.applyPresence(event(deviceId, moment), thing);
      }
      const { online: found, presenceSince } = (await devices.load(deviceId))!;
      const shown = order.map(({ name }) => name).join(' ');
      assert.deepEqual([found, presenceSince], [online, START + since * MINUTE], shown);
    }
  });
}

test('random histories of connections end as they ended, in any order and with repeats', async () => {
  let run = 0;
  const connection = fc.record({
    before: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 65, max: 300 })),
    lasts: fc.integer({ min: 0, max: 200 }),
    ends: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(connection, { minLength: 1, maxLength: 4 }),
      fc.infiniteStream(fc.nat(1000)),
      async (connections, random) => {
        const deviceId = `random-${(run += 1)}`;
        const all: Moment[] = [];
        let [minute, version] = [0, 0];
        for (const [index, { before: pause, lasts, ends }] of connections.entries()) {
          const isLast = index === connections.length - 1;
          minute += pause;
          version = pause > 60 ? 0 : version + 1;
          const session = 'abcd'[index]!;
          all.push({ name: '+', session, version, minute });
          minute += lasts;
          if (ends || !isLast) all.push({ name: '-', session, version, minute });
        }
        const { name, minute: since } = all.at(-1)!;
        const key = new Map(all.map((moment) => [moment, random.next().value]));
        for (const moment of [...all.toSorted((a, b) => key.get(a)! - key.get(b)!), ...all]) {
          await devices.applyPresence(event(deviceId, moment), thing);
        }
        const found = (await devices.load(deviceId))!;
        assert.deepEqual(
          [found.online, found.presenceSince],
          [name === '+', START + since * MINUTE],
          JSON.stringify(all),
        );
      },
    ),
    { seed: 42, numRuns: 120 },
  );
});

test("the registry's data is written when a device connects, and stays when it disconnects", async () => {
  const [came, went] = moments('+a0@0 -a0@5');
  assert.equal(await devices.applyPresence(event('facts', came!), thing), 'applied');
  assert.equal(await devices.applyPresence(event('facts', went!)), 'applied');
  assert.deepEqual(await devices.load('facts'), {
    deviceId: 'facts',
    online: false,
    presenceSince: START + 5 * MINUTE,
    disconnectReason: 'CONNECTION_LOST',
    type: 'sensor',
    groups: ['cold', 'seattle'],
    attributes: { floor: '2' },
  });
  const [back] = moments('+b1@6');
  await devices.applyPresence(event('facts', back!), { groups: [], attributes: {} });
  assert.deepEqual(await devices.load('facts'), {
    deviceId: 'facts',
    online: true,
    presenceSince: START + 6 * MINUTE,
    attributes: {},
  });
});

test('a disconnect of a client that is not a device creates no device', async () => {
  const [, went] = moments('+a0@0 -a0@5');
  assert.equal(await devices.applyPresence(event('nobody', went!)), 'unknown');
  assert.equal(await devices.load('nobody'), undefined);
});

test("a device that only sent messages gets the registry's data with its first presence event", async () => {
  await devices.noteSeen('heard', 'seattle', START);
  const gone = event('heard', moments('-a0@5')[0]!);
  assert.equal(await devices.applyPresence(gone), 'unknown');
  assert.equal((await devices.load('heard'))!.online, undefined);
  assert.equal(await devices.applyPresence(gone, thing), 'applied');
  const { site, lastSeenAt, online, type } = (await devices.load('heard'))!;
  assert.deepEqual(
    { site, lastSeenAt, online, type },
    { site: 'seattle', lastSeenAt: START, online: false, type: 'sensor' },
  );
});

test('the last-seen time is written the first time, then every ten minutes, and at once for another site', async () => {
  const seen = async (site: string, at: number) => {
    sent = 0;
    await devices.noteSeen('walker', site, START + at);
    const writes = sent;
    const { site: found, lastSeenAt } = (await devices.load('walker'))!;
    return [writes, found, lastSeenAt! - START];
  };
  assert.deepEqual(await seen('seattle', 0), [1, 'seattle', 0]);
  assert.deepEqual(await seen('seattle', MINUTE), [0, 'seattle', 0]);
  assert.deepEqual(await seen('seattle', 10 * MINUTE - 1), [0, 'seattle', 0]);
  assert.deepEqual(await seen('seattle', 10 * MINUTE), [1, 'seattle', 10 * MINUTE]);
  assert.deepEqual(await seen('austin', 11 * MINUTE), [1, 'austin', 11 * MINUTE]);
});

test('another environment does not write it again, and an old message does not move it back', async () => {
  await devices.noteSeen('shared', 'seattle', START + HOUR);
  const other = createDeviceStore({ client: tables.client, table: 'devices' });
  await other.noteSeen('shared', 'seattle', START + HOUR + MINUTE);
  await other.noteSeen('shared', 'austin', START);
  const { site, lastSeenAt } = (await devices.load('shared'))!;
  assert.deepEqual([site, lastSeenAt], ['seattle', START + HOUR]);
});

const late = { reason: 'too-late', detail: 'timestamp is over 5 s before its arrival' } as const;
const none = { reason: 'no-metrics', detail: 'reading has no number to record' } as const;

test('the last rejection of each reason is kept, newest first, and written once a minute', async () => {
  const note = (rejections: readonly (typeof late | typeof none)[], at: number) =>
    devices.noteUnused('rejected', { rejections, skipped: [] }, at);
  sent = 0;
  await note([late], START);
  await note([late], START + MINUTE - 1);
  await note([late, none], START + MINUTE);
  assert.equal(sent, 2);
  const both = [
    { ...late, at: START + MINUTE },
    { ...none, at: START + MINUTE },
  ];
  const found = (await devices.load('rejected'))?.rejections;
  assert.deepEqual(
    found?.toSorted((a, b) => b.reason.localeCompare(a.reason)),
    both,
  );
  await note([none], START + 3 * MINUTE);
  const [last, before] = (await devices.load('rejected'))!.rejections!;
  assert.deepEqual([last?.reason, last?.at, before?.reason], ['no-metrics', START + 3 * MINUTE, 'too-late']);
});

test('a long detail is cut, and a device that is only known by its rejections has them', async () => {
  const rejections = [{ ...late, detail: 'x'.repeat(5000) }];
  await devices.noteUnused('long', { rejections, skipped: [] }, START);
  const { deviceId, rejections: found } = (await devices.load('long'))!;
  assert.deepEqual([deviceId, found?.[0]?.detail.length], ['long', 500]);
});

test('skipped members are written when they change, once a minute at most, and nothing takes them away', async () => {
  const note = (skipped: readonly string[], at: number) =>
    devices.noteUnused('skipping', { rejections: [], skipped }, at);
  sent = 0;
  await note(['door (text)'], START);
  await note(['door (text)'], START + 2 * MINUTE);
  await note([], START + 2 * MINUTE);
  assert.equal(sent, 1);
  // Two kinds of messages alternate.
  for (let second = 0; second < 60; second += 1)
    await note(second % 2 ? ['door (text)'] : ['raw (structure)'], START + 3 * MINUTE + second * 1000);
  assert.equal(sent, 2);
  assert.deepEqual((await devices.load('skipping'))?.skipped, ['raw (structure)']);
});

test('units are written when they are new or change, and the one before is kept', async () => {
  sent = 0;
  await devices.noteUnits('units', { temperature: '°C', pressure: 'hPa' }, START);
  await devices.noteUnits('units', { temperature: '°C', pressure: 'hPa' }, START + 1000);
  assert.equal(sent, 2, 'one read and one write');
  await devices.noteUnits('units', { humidity: '%' }, START + 2000);
  await devices.noteUnits('units', { pressure: 'Pa' }, START + 3000);
  assert.equal(sent, 4);
  // By turns: once a minute.
  for (let second = 4; second < 60; second += 1)
    await devices.noteUnits('units', { pressure: second % 2 ? 'hPa' : 'Pa' }, START + second * 1000);
  assert.equal(sent, 4);
  const { units, previousUnits } = (await devices.load('units'))!;
  assert.deepEqual(units, { humidity: '%', pressure: 'Pa', temperature: '°C' });
  assert.deepEqual(previousUnits, { pressure: 'hPa' });
});

test('another environment does not write units that are known, and a device has 200 at most', async () => {
  let read = 0;
  const client = { send: async (command: never) => ((read += 1), tables.client.send(command)) };
  const other = createDeviceStore({ client: client as unknown as Tables['client'], table: 'devices' });
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`m${n}`, 'V']));
  await devices.noteUnits('many', many, START);
  const found = (await devices.load('many'))?.units ?? {};
  assert.equal(Object.keys(found).length, 200);
  await other.noteUnits('many', found, START + MINUTE);
  assert.equal(read, 1);
});

test('a failed write is repeated the next time', async () => {
  const broken = createDeviceStore({
    client: {
      send: async () => {
        if ((sent += 1) === 1) throw new Error('table cannot be reached');
      },
    } as unknown as Tables['client'],
    table: 'devices',
  });
  sent = 0;
  const note = { rejections: [late], skipped: ['door (text)'] };
  await assert.rejects(broken.noteUnused('broken', note, START), /cannot be reached/);
  await broken.noteUnused('broken', note, START);
  await broken.noteUnused('broken', note, START);
  assert.equal(sent, 2);
});

test('devices are listed page by page, each once', async () => {
  const [all, pages] = [new Set<string>(), [] as number[]];
  let after: string | undefined;
  do {
    const page = await devices.list({ limit: 50, ...(after !== undefined && { after }) });
    for (const { deviceId } of page.devices) all.add(deviceId);
    pages.push(page.devices.length);
    after = page.last;
  } while (after !== undefined);
  assert.equal(
    all.size,
    pages.reduce((sum, size) => sum + size, 0),
  );
  assert.ok(pages.length > 3);
  for (const name of ['facts', 'heard', 'walker', 'shared']) assert.ok(all.has(name), name);
});
