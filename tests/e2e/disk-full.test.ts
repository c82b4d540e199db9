// A full disk: only stored messages are acknowledged, and the program logs it once and recovers when there is room.

import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { cleanup } from '../support/cleanup.ts';
import { testIf } from '../support/conditions.ts';
import { temporaryFolder } from '../support/folders.ts';
import { canMount, mountSmallDisk, unmount } from '../support/small-disk.ts';
import { eventually } from '../support/waiting.ts';
import {
  archivedMessages,
  connectDevice,
  createDevice,
  filesOf,
  queryWindows,
  startTidegate,
  type Tidegate,
} from './tidegate.ts';

const device = 'disk-1';
const reader = 'disk-2';

const testWithSmallDisk = testIf(canMount(), 'this user cannot mount a small file system');

const fillerOf = (dir: string) => path.join(dir, 'filler');

/** Takes every byte that is left. */
function fill(dir: string): void {
  const file = openSync(fillerOf(dir), 'a');
  for (let size = 1 << 20; size >= 1;) {
    try {
      writeSync(file, Buffer.alloc(size));
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
      size >>= 1;
    }
  }
  closeSync(file);
}

interface Publisher {
  readonly acknowledged: string[];
  /** Publishes that the broker ended the connection for. */
  refused(): number;
  stop(): Promise<void>;
}

/** One message after the other; connects again when it is closed. What was refused is not sent again. */
function startPublisher(tidegate: Tidegate, certs: string): Publisher {
  const acknowledged: string[] = [];
  let refused = 0;
  let stopping = false;
  let next = 0;
  const publishOn = async () => {
    const client = await connectDevice(tidegate, device, certs);
    const closed = new Promise<false>((resolve) => client.once('close', () => resolve(false)));
    for (let isOpen = true; isOpen && !stopping; next += 1) {
      const message = JSON.stringify({ id: `m${next}`, temperature: next % 7, note: 'x'.repeat(200) });
      const sent = client.publishAsync(`telemetry/seattle/${device}`, message, { qos: 1 });
      isOpen = await Promise.race([
        closed,
        sent.then(
          () => true,
          () => false,
        ),
      ]);
      if (isOpen) acknowledged.push(`m${next}`);
      else refused += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await client.endAsync(true);
  };
  const publishing = (async () => {
    while (!stopping) await publishOn();
  })();
  return {
    acknowledged,
    refused: () => refused,
    async stop() {
      stopping = true;
      await publishing;
    },
  };
}

const countedReadings = async (tidegate: Tidegate) =>
  (await queryWindows(tidegate, device)).reduce((sum, item) => sum + Number(item['readings']?.N), 0);

/** How often the journal has said that it cannot write, and that it can again. */
const journalSaid = (tidegate: Tidegate) => ({
  failures: tidegate.output().match(/"level":"error".*journal cannot write/g)?.length ?? 0,
  recoveries: tidegate.output().match(/journal writes again/g)?.length ?? 0,
});

/**
 * What the errors bucket has of messages. The sweep may be among the failures: it runs every minute, so it may fall into
 * the time of the full disk, is not tried again, and the next one does its work.
 */
function failuresOfMessages(tidegate: Tidegate): string[] {
  const sweep = `/aws/lambda/async/${tidegate.endpoints.outputs['SweepFunction'] ?? 'tidegate-SweepFunction'}/`;
  return filesOf(tidegate, 'ErrorsBucket').filter((file) => {
    if (!file.includes(sweep)) return true;
    const { requestContext, requestPayload } = JSON.parse(readFileSync(file, 'utf8')) as {
      requestContext: { condition: string };
      requestPayload: { source: string };
    };
    assert.equal(requestContext.condition, 'RetriesExhausted');
    assert.equal(requestPayload.source, 'aws.scheduler');
    return false;
  });
}

/** A subscription that a kept session could not remember ends the connection; the first few find room in their block. */
async function refusesToSubscribe(tidegate: Tidegate, certs: string): Promise<void> {
  const client = await connectDevice(tidegate, reader, certs, { clean: false });
  let isClosed = false;
  client.once('close', () => (isClosed = true));
  await eventually('the end of the connection', () => {
    const topic = `$aws/things/${reader}/shadow/name/n${Date.now()}/update/accepted`;
    if (!isClosed) client.subscribe(topic, { qos: 1 }, () => {});
    return isClosed;
  });
  // The client may know before the line has come through the pipe.
  await eventually('the reason in the log', () =>
    /"client":"disk-2".*the session could not be put on disk.*ENOSPC/.test(tidegate.output()),
  );
  await client.endAsync(true);
}

/** Starts on a small disk, publishes until all is well, and then fills the disk until messages are refused. */
async function startAndFill() {
  const dir = temporaryFolder();
  mountSmallDisk(dir, 48);
  cleanup(() => unmount(dir));
  const tidegate = await startTidegate(path.join(dir, 'data'));
  cleanup(() => tidegate.stop('SIGKILL'));
  const certs = temporaryFolder();
  for (const name of [device, reader]) await createDevice(tidegate, name, certs);
  const publisher = startPublisher(tidegate, certs);
  await eventually('the first messages', () => publisher.acknowledged.length >= 20);
  fill(dir);
  await eventually('messages to be refused', () => publisher.refused() >= 5);
  return { dir, tidegate, certs, publisher };
}

testWithSmallDisk(
  'messages are refused while the disk is full, with one clear line, and accepted when there is room again',
  async () => {
    const { dir, tidegate, certs, publisher } = await startAndFill();
    fill(dir); // also what the journal gave back
    await refusesToSubscribe(tidegate, certs);
    const before = {
      refused: publisher.refused(),
      acknowledged: publisher.acknowledged.length,
      ...journalSaid(tidegate),
    };
    await eventually('more to be refused', () => publisher.refused() >= before.refused + 10);
    // A store may free space at any time, and the journal uses it: each outage has one line, and ends with one.
    const during = journalSaid(tidegate);
    assert.equal(during.failures, during.recoveries + 1);
    if (during.recoveries === before.recoveries)
      assert.equal(publisher.acknowledged.length, before.acknowledged);
    rmSync(fillerOf(dir));
    await eventually(
      'messages to be accepted',
      () => publisher.acknowledged.length >= before.acknowledged + 20,
    );
    assert.match(tidegate.output(), /journal writes again/);
    await publisher.stop();
    // What failed in the function itself is tried again after a minute, as on AWS.
    const { acknowledged } = publisher;
    await eventually(
      'all windows',
      async () => (await countedReadings(tidegate)) >= acknowledged.length,
      100_000,
    );
    assert.equal(await tidegate.stop(), 0);
    const archived = new Set(archivedMessages(tidegate).map(({ id }) => id));
    assert.deepEqual(
      acknowledged.filter((id) => !archived.has(id)),
      [],
    );
    assert.deepEqual(failuresOfMessages(tidegate), []);
    const written = await startTidegate(tidegate.dataDir);
    assert.equal(
      await countedReadings(written),
      acknowledged.length,
      'windows written since are still there',
    );
    assert.equal(await written.stop(), 0);
  },
);

testWithSmallDisk(
  'SIGTERM with a full disk ends with 0 in time, and the next start archives what was acknowledged',
  async () => {
    const { dir, tidegate, publisher } = await startAndFill();
    await publisher.stop();
    const stopping = performance.now();
    assert.equal(await tidegate.stop(), 0);
    assert.ok(performance.now() - stopping < 30_000, 'it took more than 30 seconds');
    rmSync(fillerOf(dir));
    const again = await startTidegate(tidegate.dataDir);
    const { acknowledged } = publisher;
    await eventually(
      'all windows',
      async () => (await countedReadings(again)) >= acknowledged.length,
      100_000,
    );
    assert.equal(await again.stop(), 0);
    const archived = new Set(archivedMessages(again).map(({ id }) => id));
    assert.deepEqual(
      acknowledged.filter((id) => !archived.has(id)),
      [],
    );
  },
);
