// A process of its own for the kill -9 test: puts objects as fast as it can and prints the key of each that is acknowledged.

import { writeSync } from 'node:fs';
import { systemClock } from '../../clock.ts';
import { openStore } from './object-store.ts';

const [dir] = process.argv.slice(2);
if (!dir) throw new Error('usage: store-child.ts <folder>');
const store = await openStore(dir, systemClock);
await Promise.all(
  Array.from({ length: 8 }, async (_, lane) => {
    for (let round = 0; ; round += 1) {
      const key = `lane-${lane}/${round % 20}`;
      const version = await store.put('versioned', key, Buffer.from(`${key} round ${round}`));
      writeSync(1, `${key} ${round} ${version.versionId}\n`);
    }
  }),
);
