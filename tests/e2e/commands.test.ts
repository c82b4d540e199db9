// The npm scripts around the stack: they match README, read the real template, and end with npm.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';
import { root, runScript } from './tidegate.ts';

const rule = (input: string | Buffer, ...args: string[]) =>
  spawnSync(process.execPath, ['local.ts', 'rule', 'explain', ...args], {
    cwd: root,
    input,
    encoding: 'utf8',
  });

test('explains a rule of template.yaml without a running stack, and names the rules that fire instead', () => {
  const topic = ['--topic', 'telemetry/seattle/s1', '--client-id', 'c1'];
  const { stdout, status } = rule(Buffer.from([0xff, 0xfe]), 'TelemetryRule', '-', ...topic);
  assert.equal(status, 0);
  assert.match(
    stdout,
    /^Rule TelemetryRule\nMessage on telemetry\/seattle\/s1 from client c1: 2 bytes, not JSON, not even UTF-8\n/,
  );
  assert.match(stdout, /\nThe same message fires MalformedRule\.\n$/);
});

test('lists the rules of template.yaml when an unknown one is requested', () => {
  const { stderr, status } = rule('', 'Nope', '-', '--topic', 'a');
  assert.equal(status, 1);
  assert.match(stderr, /^no rule Nope in template\.yaml; it has TelemetryRule, MalformedRule.*\n$/);
});

/** What a stack that ran once leaves; `fetch` refuses port 1 itself. `policy explain` needs no more than its folder. */
const ENDED = {
  ...{ mqtt: 'mqtts://127.0.0.1:1', aws: 'http://127.0.0.1:2', web: 'http://127.0.0.1:2', ca: 'ca.pem' },
  ...{
    outputs: {
      ApiUrl: 'http://127.0.0.1:2/api',
      RawBucket: 'raw',
      WindowsTable: 'w',
      DashboardUsers: 'us-east-1_a',
    },
    functions: {},
  },
};
const needy: readonly (readonly [command: string, script: string, args: string[]])[] = [
  ['invoke', 'local.ts', ['invoke', 'F', 'events/ingest.json']],
  ['policy', 'local.ts', ['policy', 'explain', '--thing', 's1', '--action', 'connect']],
  ['device', 'device-sim/device.ts', ['list', '--local']],
  ['sim', 'device-sim/sim.ts', ['--local', '--devices', '1']],
  ['audit', 'audit/main.ts', ['--local', 'events']],
  ['rebuild', 'audit/rebuild-main.ts', ['--local', 'events', '--retention-days', '90']],
  ['watch', 'commands/watch.ts', []],
  ['alerts', 'commands/alerts.ts', []],
  ['limit', 'commands/limit.ts', []],
  ['env', 'commands/env.ts', []],
  ['user', 'commands/user.ts', []],
  ['cost', 'bench/cost.ts', ['--measured', '--seconds', '1']],
];
for (const [command, script, args] of needy) {
  test(`npm run ${command} reports in the same words that Tidegate is not running, whether or not it ever ran`, async () => {
    const [never, ended] = [temporaryFolder(), temporaryFolder()];
    writeFileSync(path.join(ended, 'endpoints.json'), JSON.stringify(ENDED));
    writeFileSync(path.join(ended, 'ca.pem'), 'x');
    for (const dataDir of [never, ended]) {
      const { code, stderr } = await runScript(script, [...args, '--data-dir', dataDir]);
      assert.notEqual(code, 0);
      const [line = ''] = /Tidegate is not running.*/.exec(stderr) ?? [];
      assert.equal(
        line.replace(/; for AWS give --[a-z-]+$/, ''),
        `Tidegate is not running in ${dataDir}: run npm start first, or name its folder with --data-dir`,
        stderr,
      );
    }
  });
}

test('npm start accepts no other template', async () => {
  const { code, stderr } = await runScript('local.ts', ['--template', 'other.yaml']);
  assert.equal(code, 1);
  assert.match(stderr, /^Unknown option '--template'; usage: npm start -- /);
});

test('a signal to npm stops the stack in order, and leaves nothing running', async () => {
  const dataDir = temporaryFolder();
  const ports = ['--mqtt-port', '0', '--aws-port', '0', '--web-port', '0'];
  const args = ['start', '--', '--no-demo', '--data-dir', dataDir, ...ports];
  const npm = spawn('npm', args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  npm.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  await eventually('the line `ready`', () => /^ready /m.test(output), 60_000);
  const [pid] = readFileSync(path.join(dataDir, 'lock'), 'utf8').split(' ');
  npm.kill('SIGTERM');
  const [code] = (await once(npm, 'exit')) as [number | null];
  assert.equal(code, 0);
  assert.match(output, /^stopping: /m);
  assert.equal(existsSync(path.join(dataDir, 'lock')), false);
  assert.throws(() => process.kill(Number(pid), 0), { code: 'ESRCH' });
});
