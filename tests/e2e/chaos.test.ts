// A short run of the chaos harness in each mode: after kills, nothing is lost, duplicated or altered, and no alarm is missed.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { root, runScript } from './tidegate.ts';

const run = promisify(execFile);
const program = path.join(root, 'bench/chaos/main.ts');
/** Retries of a function take three minutes where a fault made one fail. */
const LIMIT_MS = 540_000;

interface Outcome {
  readonly figures: Readonly<Record<string, number>>;
  readonly faults: readonly { readonly kind: string }[];
  readonly findings: readonly unknown[];
  readonly problems: readonly string[];
}

async function chaos(...flags: readonly string[]): Promise<Outcome> {
  const found = await run(process.execPath, [program, '--json', ...flags], {
    cwd: root,
    timeout: LIMIT_MS,
    maxBuffer: 1 << 26,
  }).catch((error: { stdout: string; stderr: string }) => error);
  assert.ok(found.stdout.startsWith('{'), `${found.stdout}${found.stderr}`);
  return JSON.parse(found.stdout) as Outcome;
}

for (const [mode, seed] of [
  ['direct', 3],
  ['stream', 9],
] as const) {
  test(
    `what ${mode} mode acknowledged is in the archive, the windows and the mails after kills`,
    async () => {
      const flags = ['--seed', `${seed}`, '--minutes', '0.2', '--mode', mode, '--devices', '6'];
      const { figures, faults, findings, problems } = await chaos(...flags);
      assert.deepEqual({ findings, problems }, { findings: [], problems: [] });
      assert.ok(faults.some(({ kind }) => kind === 'kill'));
      const figure = (name: string) => figures[name] ?? 0;
      assert.ok(figure('acknowledged') >= 80, JSON.stringify(figures));
      assert.ok(figure('sent again with DUP') > 0, JSON.stringify(figures));
      assert.ok(figure('readings rejected') > 0, JSON.stringify(figures));
      assert.ok(figure('alerts raised') > 0, JSON.stringify(figures));
    },
    LIMIT_MS + 30_000,
  );
}

test('an invalid option ends with exit code 2 and the expected value', async () => {
  const { code, stderr } = await runScript('bench/chaos/main.ts', ['--mode', 'sideways']);
  assert.equal(code, 2);
  assert.match(stderr, /^--mode sideways is not direct or stream\n/);
});
