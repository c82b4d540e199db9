// A sync of the world's file modules: it covers writes that ended before it began, as fdatasync promises, and no others.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createDisk } from '../../world/disk.ts';
import { mount, mounted, ROOT } from '../../world/mount.ts';
import { open } from '../../world/node-fs-promises.ts';
import { until, world } from '../../world/runtime.ts';

const SEEDS = 50;
const FILE = `${ROOT}/log`;

test('bytes written while a sync is under way may be lost, and those written before are there', async () => {
  const seen = new Set<string>();
  for (let seed = 0; seed < SEEDS; seed += 1) {
    world.begin(seed, 0);
    mount(createDisk());
    const file = await until(open(FILE, 'w'));
    await until((await until(open(ROOT, 'r'))).sync());
    await until(file.write('before'));
    let isUnderWay = true;
    const synced = file.sync().then(() => (isUnderWay = false));
    await until(file.write(' during'));
    if (!isUnderWay) continue;
    await until(synced);
    mounted().cutPower(world.random());
    const node = mounted().find(FILE);
    assert.ok(node?.kind === 'file');
    seen.add(node.data.toString('utf8', 0, node.size));
  }
  assert.ok(seen.has('before') && seen.has('before during'), [...seen].join());
  for (const text of seen) assert.ok(text.startsWith('before') && 'before during'.startsWith(text), text);
});
