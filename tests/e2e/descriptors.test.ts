// Out of file descriptors: connections are refused, and the program keeps running with the descriptors that it reserved.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { testIf } from '../support/conditions.ts';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';
import { closed, openTcp, openTls, startSteadyDevice } from './abuse.ts';
import { archivedMessages, createDevice, startTidegate } from './tidegate.ts';

const testWithLimit = testIf(process.platform !== 'win32', 'there is no limit of open files to set');

testWithLimit(
  'with 256 descriptors and 600 connections a device is served and archived, and there is room again later',
  async () => {
    const certs = temporaryFolder();
    const tidegate = await startTidegate(temporaryFolder(), ['--no-demo'], {}, 'ulimit -n 256');
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
