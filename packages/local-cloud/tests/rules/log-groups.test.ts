// Log groups as files under the data directory.

import { describe, it } from '@jest/globals';
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { createLogGroups, fileNameOf } from '../../rules/log-groups.ts';

const root = temporaryFolder();
const event = (message: string, timestamp = 1) => ({ timestamp, message });

describe('a log group', () => {
  it('is a file of JSON lines that only its owner reads', async () => {
    const dir = path.join(root, 'one');
    const logs = createLogGroups({ dir, groups: ['/devices/all'] });
    await logs.put('/devices/all', [event('a\nb', 5), event('c')]);
    await logs.put('/devices/all', [event('d')]);
    const file = path.join(dir, '%2Fdevices%2Fall.log');
    assert.equal(
      readFileSync(file, 'utf8'),
      '{"timestamp":5,"message":"a\\nb"}\n{"timestamp":1,"message":"c"}\n{"timestamp":1,"message":"d"}\n',
    );
    assert.deepEqual([statSync(file).mode & 0o777, statSync(dir).mode & 0o777], [0o600, 0o700]);
  });
  it('keeps the order in which events came', async () => {
    const dir = path.join(root, 'order');
    const logs = createLogGroups({ dir, groups: ['g'] });
    await Promise.all(Array.from({ length: 50 }, (_, n) => logs.put('g', [event(String(n))])));
    const lines = readFileSync(path.join(dir, 'g.log'), 'utf8').trim().split('\n');
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { message: string }).message),
      Array.from({ length: 50 }, (_, n) => String(n)),
    );
  });
  it('never takes more than two files', async () => {
    const dir = path.join(root, 'bounded');
    const logs = createLogGroups({ dir, groups: ['g'], maxBytes: 100 });
    for (let n = 0; n < 20; n++) await logs.put('g', [event(String(n))]);
    assert.deepEqual(readdirSync(dir).sort(), ['g.log', 'g.log.1']);
    for (const name of readdirSync(dir)) assert.ok(statSync(path.join(dir, name)).size <= 100);
    assert.match(readFileSync(path.join(dir, 'g.log'), 'utf8'), /"19"\}\n$/);
  });
  it('that the template does not declare is refused', async () => {
    const dir = path.join(root, 'unknown');
    const logs = createLogGroups({ dir, groups: ['g'] });
    await assert.rejects(logs.put('../g', [event('a')]), {
      code: 'ResourceNotFoundException',
      message: 'there is no log group "../g"',
    });
  });
  it('goes on after a write that failed', async () => {
    const dir = path.join(root, 'order', 'g.log', 'under-a-file');
    const logs = createLogGroups({ dir, groups: ['g'] });
    await assert.rejects(logs.put('g', [event('a')]), { code: 'ENOTDIR' });
    await assert.rejects(logs.put('g', [event('b')]), { code: 'ENOTDIR' });
  });
  it('has a file name that leads nowhere else and fits a file system', () => {
    assert.equal(fileNameOf('../../etc/passwd'), '..%2F..%2Fetc%2Fpasswd.log');
    assert.ok(fileNameOf('/'.repeat(512)).length < 200);
    assert.notEqual(fileNameOf('a'.repeat(511)), fileNameOf('a'.repeat(512)));
  });
});
