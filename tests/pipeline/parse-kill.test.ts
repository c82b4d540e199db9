// A parsing run that is killed with `kill -9` during any write: after the next run nothing is duplicated or missing.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { compareParsed } from '../../audit/compare-parsed.ts';
import { openParsedFolder } from '../../adapters/parsed-folder.ts';
import { temporaryFolder } from '../support/folders.ts';
import { rawKeyOf } from '../support/parsed-copy.ts';

const HOUR = 3_600_000;
const AT = Date.parse('2026-09-21T14:00:00Z');
const EVENING = AT + 4 * HOUR;
const MORNING = Date.parse('2026-09-22T01:30:00Z');
const PROGRAM = path.join(import.meta.dirname, 'parse-process.ts');
const HOURS = `${AT}-${AT + 2 * HOUR}`;

/** What comes to the raw archive, and the run after it. */
interface Step {
  readonly objects: Readonly<Record<string, readonly [hour: number, count: number, site: string]>>;
  readonly at: number;
  readonly span: string;
}
const STEPS: readonly Step[] = [
  { objects: { a: [AT, 700, 's'], b: [AT + HOUR, 700, 's'] }, at: EVENING, span: HOURS },
  { objects: { c: [AT, 20, 'other'] }, at: MORNING, span: '' },
  { objects: { d: [AT + HOUR, 20, 's'] }, at: MORNING, span: HOURS },
];

function put(folder: string, { objects }: Step): void {
  for (const [name, [hour, count, site]] of Object.entries(objects)) {
    const file = path.join(folder, 'raw', rawKeyOf(hour, `${name}.ndjson`));
    mkdirSync(path.dirname(file), { recursive: true });
    const lines = Array.from({ length: count }, (_, n) => {
      const reading = { deviceId: `d-${n % 3}`, site, timestamp: hour + n * 500, t: n, h: n / 10, id: name };
      return `${JSON.stringify({ ...reading, receivedAt: hour + n * 500, traceId: `${name}${n}` })}\n`;
    });
    writeFileSync(file, lines.join(''));
  }
}

function run(folder: string, { at, span }: Pick<Step, 'at' | 'span'>, killAt = 0) {
  const args = [PROGRAM, folder, String(at), span, String(killAt)];
  const { signal, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (killAt === 0) assert.equal(stderr, '');
  const said =
    signal === null ? (JSON.parse(stdout) as { writes: number; failed: []; unmerged: [] }) : undefined;
  if (said) assert.deepEqual([said.failed, said.unmerged], [[], []]);
  return { signal, writes: said?.writes ?? 0 };
}

async function assertWhole(folder: string, why: string): Promise<void> {
  const archive = path.join(folder, 'parsed');
  const announced: string[] = [];
  const limits = { maxLatenessSeconds: 604_800, maxSkewSeconds: 60, windowSeconds: 10 };
  const options = {
    paths: [path.join(folder, 'raw')],
    table: '',
    client: {},
    ...limits,
    isWholeArchive: true,
  };
  const { agrees, readings } = await compareParsed(options, archive, (line) => announced.push(line));
  assert.deepEqual([agrees, readings], [true, 1440], `${why}: ${announced.join('\n')}`);
  for (const partition of openParsedFolder(archive).partitions()) {
    const files = readdirSync(path.join(archive, partition)).filter((name) => name.endsWith('.parquet'));
    assert.equal(files.length, 1, `${why}: ${files.join()}`);
  }
  // The folder of the last run; those of the killed ones are gone.
  assert.ok(readdirSync(folder).filter((name) => name.startsWith('tidegate-parsed-')).length <= 1);
}

test('a run that is killed during some of its writes and repeated gives the same files', async () => {
  const whole = temporaryFolder();
  const writes = STEPS.map((step) => {
    put(whole, step);
    return run(whole, step).writes;
  });
  await assertWhole(whole, 'without a kill');
  // Each run has 5 to 20 writes: of each some, spread over them.
  for (const [n, step] of STEPS.entries()) {
    for (let killAt = 1 + n; killAt <= writes[n]!; killAt += 5) {
      const folder = temporaryFolder();
      for (const [before, each] of STEPS.entries()) {
        put(folder, each);
        if (before < n) run(folder, each);
        if (before === n) assert.equal(run(folder, step, killAt).signal, 'SIGKILL');
      }
      run(folder, { at: MORNING + HOUR, span: HOURS });
      run(folder, { at: MORNING + HOUR, span: '' });
      await assertWhole(folder, `run ${n} killed at write ${killAt} of ${writes[n]}`);
    }
  }
}, 240_000);
