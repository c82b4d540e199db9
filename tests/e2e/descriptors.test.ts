// Out of file descriptors: connections are refused, the program goes on, and what it needs for itself it has.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { closed, openTcp, openTls, startSteadyDevice } from './abuse.ts';
import { archivedMessages, createDevice, eventually, startTidegate, temporaryFolder } from './tidegate.ts';

const skip = process.platform === 'win32' && 'there is no limit of open files to set';

test(
  'with 256 descriptors and 600 connections a device is served and archived, and there is room again later',
  { skip },
  async () => {
    const certs = temporaryFolder('descriptors-certs');
    const tidegate = await startTidegate(temporaryFolder('descriptors'), ['--no-demo'], {}, 'ulimit -n 256');
    for (const name of ['steady', 'later']) await createDevice(tidegate, name, certs);
    const steady = await startSteadyDevice(tidegate, 'steady', certs);
    const many = Array.from({ length: 600 }, () => openTcp(tidegate));
    await eventually('a refusal', () => /refused.*128 connections are open/.test(tidegate.output()));
    const before = steady.acknowledged();
    await eventually('the device to be served', () => steady.acknowledged() >= before + 20);
    if (process.platform === 'linux') {
      const open = readdirSync(`/proc/${tidegate.pid}/fd`).length;
      assert.ok(open < 256, `${open} descriptors are open`);
    }
    for (const socket of many) socket.destroy();
    await Promise.all(many.map(closed));
    const later = await eventually('room for another device', async () => {
      return openTls(tidegate, 'later', certs).catch(() => undefined);
    });
    later.destroy();
    await steady.stop();
    assert.equal(await tidegate.stop(), 0);
    assert.equal(new Set(archivedMessages(tidegate).map(({ id }) => id)).size, steady.acknowledged());
    assert.doesNotMatch(tidegate.output(), /EMFILE|"level":"error"/);
  },
);
