// A process that is killed with SIGKILL in the middle of writing loses nothing that it had called durable.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { openJournal } from '../../journal/journal.ts';
import { silentLog } from '../../log.ts';

const dir = temporaryFolder();

const journalUrl = new URL('../../journal/journal.ts', import.meta.url);
const logUrl = new URL('../../log.ts', import.meta.url);

/** Appends for ever, acknowledges every other entry, and prints the number of each once it is durable. */
const writer = `
  import { writeSync } from 'node:fs';
  const { openJournal } = await import(${JSON.stringify(journalUrl.href)});
  const { silentLog } = await import(${JSON.stringify(logUrl.href)});
  const journal = await openJournal({ dir: ${JSON.stringify(dir)}, log: silentLog, segmentBytes: 50_000 });
  const write = async () => {
    for (;;) {
      const { seq, durable } = journal.append({ meta: {}, payload: Buffer.alloc(100, 1), consumers: ['a'] });
      await durable;
      writeSync(1, seq + '\\n');
      if (seq % 2 === 0) journal.acknowledge(seq, 'a');
    }
  };
  await Promise.all(Array.from({ length: 20 }, write));
`;

test('an entry that was durable and not acknowledged is there after kill -9, three times over', async () => {
  const printed = new Set<number>();
  for (let round = 1; round <= 3; round += 1) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', writer], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    for await (const chunk of child.stdout) {
      output += String(chunk);
      if (output.length > 10_000 * round && !child.killed) child.kill('SIGKILL');
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    for (const line of output.split('\n').slice(0, -1)) printed.add(Number(line));
    const journal = await openJournal({ dir, log: silentLog });
    const pending = new Set(journal.pending().map(({ seq }) => seq));
    const lost = [...printed].filter((seq) => seq % 2 === 1 && !pending.has(seq));
    assert.deepEqual(lost, []);
    for (const seq of [...pending].slice(0, 50)) assert.equal((await journal.read(seq))!.payload.length, 100);
    await journal.close();
  }
  assert.ok(printed.size > 5000);
});
