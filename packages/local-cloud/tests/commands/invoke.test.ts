// `local-cloud invoke` as a person runs it: a process of its own against a running Lambda API.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { AwsError } from '../../aws-error.ts';
import { sendError } from '../../aws/wire.ts';
import { start } from '../lambda/fixture.ts';

const program = path.resolve(import.meta.dirname, '../../cli.ts');

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function invoke(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [program, 'invoke', ...args], (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    );
    child.stdin?.end('{"from":"stdin"}');
  });
}

async function stack(): Promise<string> {
  const dir = temporaryFolder();
  const { lambda } = await start(
    {
      EchoFunction: {
        source: `export const handler = async (e: unknown) => { console.log('seen'); return e; };`,
      },
      FailFunction: { source: `export const handler = async () => { throw new Error('wrong'); };` },
    },
    { dir },
  );
  const server = createServer((req, res) => {
    Promise.resolve(lambda.handler(req, res)).catch((error: unknown) =>
      sendError(res, error as AwsError, 'json'),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup(() => server.close());
  const endpoints = {
    aws: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    outputs: { RawBucket: 'b' },
    functions: { EchoFunction: 'tidegate-EchoFunction', FailFunction: 'tidegate-FailFunction' },
  };
  await writeFile(path.join(dir, 'endpoints.json'), JSON.stringify(endpoints));
  await writeFile(path.join(dir, 'event.json'), '{"temperature":4.2}');
  await writeFile(path.join(dir, 'broken.json'), '{"temperature":');
  return dir;
}

test('prints the response and the log of a function named by logical id or by name', async () => {
  const dir = await stack();
  const event = path.join(dir, 'event.json');
  for (const name of ['EchoFunction', 'tidegate-EchoFunction']) {
    const { code, out, err } = await invoke(name, event, '--data-dir', dir);
    assert.equal(out, '{"temperature":4.2}\n');
    assert.match(err, /START RequestId[\s\S]*INFO\tseen[\s\S]*REPORT RequestId/);
    assert.match(err, /\n\S*EchoFunction answered in [\d.]+ ms\n$/);
    assert.equal(code, 0);
  }
  assert.equal((await invoke('EchoFunction', '-', '--data-dir', dir)).out, '{"from":"stdin"}\n');
});

test('exits with 1 and prints the error document when the function fails', async () => {
  const dir = await stack();
  const { code, out, err } = await invoke('FailFunction', path.join(dir, 'event.json'), '--data-dir', dir);
  assert.match(err, /\nFailFunction failed in [\d.]+ ms\n$/);
  assert.equal((JSON.parse(out) as { errorMessage: string }).errorMessage, 'wrong');
  assert.equal(code, 1);
});

test('names the missing thing and the remedy in one line', async () => {
  const dir = await stack();
  const event = path.join(dir, 'event.json');
  const dead = temporaryFolder();
  await writeFile(
    path.join(dead, 'endpoints.json'),
    '{"aws":"http://127.0.0.1:1","outputs":{},"functions":{}}',
  );
  const cases: readonly [string[], RegExp][] = [
    [['EchoFunction'], /^usage: /],
    [['EchoFunction', event, '--sideways'], /^Unknown option '--sideways'.*; usage: /],
    [['EchoFunction', 'nowhere.json', '--data-dir', dir], /^nowhere\.json: no such file; sample events/],
    [['EchoFunction', path.join(dir, 'broken.json'), '--data-dir', dir], /broken\.json: not JSON: /],
    [
      ['EchoFunction', event, '--data-dir', path.join(dir, 'none')],
      /^local-cloud is not running in .*none: run local-cloud start first/,
    ],
    [
      ['EchoFunction', event, '--data-dir', dead],
      /^local-cloud is not running in .*: run local-cloud start first/,
    ],
    [
      ['Nobody', event, '--data-dir', dir],
      /^no function Nobody in the local cloud; it has EchoFunction, FailFunction$/,
    ],
  ];
  for (const [args, message] of cases) {
    const { code, out, err } = await invoke(...args);
    assert.match(err.trimEnd(), message);
    assert.equal(err.trimEnd().includes('\n'), false, err);
    assert.equal(out, '');
    assert.equal(code, 1);
  }
});
