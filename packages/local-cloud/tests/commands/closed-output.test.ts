// A reader of a command's output may stop, as `head` does: the command ends cleanly and without a stack trace.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { connect } from 'node:tls';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { eventually } from '../../../../tests/support/waiting.ts';
import { sampleFile } from '../template/fixture.ts';
import { cli } from './running-stack.ts';

function run(args: readonly string[], cwd: string) {
  const child = spawn(process.execPath, [cli, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  process.on('exit', () => child.kill('SIGKILL'));
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
  return { child, errors: () => errors, ended: once(child, 'close') as Promise<[number | null]> };
}

for (const args of [['--help'], ['invoke', '-h'], ['policy', '-h'], ['policy'], ['rule', '-h'], ['rule']]) {
  test(`local-cloud ${args.join(' ')} ends quietly when nobody reads on`, async () => {
    const { child, errors, ended } = run(args, temporaryFolder());
    child.stdout.destroy();
    const [code] = await ended;
    assert.deepEqual([code, errors()], [0, '']);
  });
}

test('a command fails with its code, also when nobody reads its message', async () => {
  const { child, ended } = run(['rule', 'explain'], temporaryFolder());
  child.stdout.destroy();
  child.stderr.destroy();
  assert.equal((await ended)[0], 1);
});

test('a stack whose output is no longer read stops cleanly at its next line', async () => {
  const cwd = temporaryFolder();
  const ports = ['--mqtt-port', '0', '--aws-port', '0', '--web-port', '0'];
  const { child, errors, ended } = run(['--template', sampleFile, ...ports], cwd);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  const [, port] = await eventually(
    'the line `ready`',
    () => /^ready mqtts:\/\/127\.0\.0\.1:(\d+) /m.exec(output) ?? undefined,
    60_000,
  );
  child.stdout.destroy();
  // A connection without a certificate is worth a line.
  const stranger = connect({ host: '127.0.0.1', port: Number(port), rejectUnauthorized: false });
  stranger.on('error', () => {});
  const [code] = await ended;
  assert.deepEqual([code, errors()], [0, '']);
  assert.equal(existsSync(path.join(cwd, '.local-cloud/lock')), false);
});
