// Failures at the start print one line with the cause and the remedy; the demo fleet publishes.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';
import { queryWindows, runScript, startTidegate } from './tidegate.ts';

const freePorts = ['--mqtt-port', '0', '--aws-port', '0', '--web-port', '0', '--no-demo'];

/** Ends with code 1 and one line on standard error, without a stack trace. */
async function refusesToStart(args: readonly string[], line: RegExp): Promise<void> {
  const { code, stderr } = await runScript('local.ts', args);
  assert.equal(code, 1, stderr);
  assert.match(stderr, line);
  assert.equal(stderr.trim().split('\n').length, 1, stderr);
}

test('names the port that is in use and the flag that moves it', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  for (const flag of ['--mqtt-port', '--aws-port', '--web-port']) {
    const args = freePorts.with(freePorts.indexOf(flag) + 1, String(port));
    await refusesToStart(
      ['--data-dir', temporaryFolder(), ...args],
      new RegExp(`^port ${port} is in use: stop what uses it, or choose another with ${flag} [^:]*$`),
    );
  }
  server.close();
});

test('names an unknown time zone and where it is set', async () => {
  await refusesToStart(
    [
      ...['--data-dir', temporaryFolder(), ...freePorts],
      ...['--parameter-overrides', 'TimeZone=America/Seattle'],
    ],
    /^parameter TimeZone is America\/Seattle, which is not the name of a time zone such as .*samconfig\.toml/,
  );
});

test('names a data directory that cannot be written', async () => {
  const file = path.join(temporaryFolder(), 'plain-file');
  writeFileSync(file, '');
  await refusesToStart(
    ['--data-dir', path.join(file, 'data'), ...freePorts],
    /data directory .*plain-file.*--data-dir/,
  );
});

test('names a data directory that cannot be created', async () => {
  await refusesToStart(['--data-dir', '/proc/tidegate', ...freePorts], /data directory \/proc\/tidegate/);
});

test('names a file in the data directory that is in the place of a folder', async () => {
  for (const folder of ['journal', 's3', 'build', 'mail']) {
    const dataDir = temporaryFolder();
    const file = path.join(dataDir, folder);
    writeFileSync(file, '');
    await refusesToStart(
      ['--data-dir', dataDir, ...freePorts],
      new RegExp(`^${file}\\S* cannot be written \\([A-Z]+\\): move the existing file away, .* --data-dir`),
    );
  }
});

test('names an unknown flag, a bad port, an unknown parameter and a value its pattern refuses', async () => {
  const dataDir = ['--data-dir', temporaryFolder()];
  await refusesToStart(['--prot', '1', ...dataDir], /--prot/);
  await refusesToStart(['--mqtt-port', '99999', ...dataDir], /--mqtt-port 99999/);
  await refusesToStart(
    [...dataDir, ...freePorts, '--parameter-overrides', 'MaxTemprature=9'],
    /MaxTemprature/,
  );
  await refusesToStart(
    [...dataDir, ...freePorts, '--parameter-overrides', 'AlertEmail=nobody'],
    /AlertEmail/,
  );
});

test('warns that alerts are sent to nobody if no address is set', async () => {
  const none = ['--no-demo', '--parameter-overrides', 'AlertEmail=', 'AlertPhone='];
  const tidegate = await startTidegate(temporaryFolder(), none);
  assert.match(tidegate.output(), /"warn".*alerts go to nobody: .* set AlertEmail under \[local/);
  assert.equal(await tidegate.stop(), 0);
});

test('refuses a second instance on the same data directory, and the first keeps running', async () => {
  const dataDir = temporaryFolder();
  const first = await startTidegate(dataDir);
  await refusesToStart(['--data-dir', dataDir, ...freePorts], /in use by process \d+/);
  assert.equal((await fetch(`${first.endpoints.web}/status.json`)).status, 200);
  assert.equal(await first.stop(), 0);
});

test('shows the demo fleet of five at work', async () => {
  const tidegate = await startTidegate(temporaryFolder(), []);
  for (const n of [1, 2, 3, 4, 5]) {
    await eventually(
      `a window of demo-fridge-${n}`,
      async () => (await queryWindows(tidegate, `demo-fridge-${n}`)).length > 0,
      60_000,
    );
  }
  assert.equal(await tidegate.stop('SIGINT'), 0);
});
