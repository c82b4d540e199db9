// `npm run reading -- explain --mapping`: an expression, or a whole mapping as it would be put.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../support/folders.ts';

const root = path.resolve(import.meta.dirname, '../..');

function explain(payload: string, mapping: readonly [name: string, text: string]) {
  const folder = temporaryFolder();
  const file = path.join(folder, mapping[0]);
  writeFileSync(file, mapping[1]);
  const args = ['commands/reading.ts', 'explain', '-', '--topic', 'telemetry/s/d', '--mapping', file];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, {
    cwd: root,
    input: payload,
    encoding: 'utf8',
  });
  return { stdout, stderr: stderr.replaceAll(`${folder}/`, ''), status };
}

const payload = '{"temperature": "41 °F", "humidity": 51}';

test('a mapping as JSON adds units and Celsius to the readings of the formats', () => {
  const mapping = '{"match": {"type": "us-*"}, "celsius": true, "units": {"humidity": "%RH"}}';
  const { stdout, status } = explain(payload, ['us.json', mapping]);
  assert.match(stdout, /^format {4}general$/m);
  assert.match(stdout, /^ +temperature = 5 °C\n +humidity = 51 %$/m);
  assert.equal(status, 0);
});

test('any other file is an expression', () => {
  const { stdout } = explain(payload, ['own.jsonata', '{"h": humidity}']);
  assert.match(stdout, /^format {4}mapping own$/m);
  assert.match(stdout, /^ +h = 51$/m);
});

test('an invalid mapping is reported with its member', () => {
  assert.deepEqual(explain(payload, ['us.json', '{"celsius": 5}']), {
    ...{ stdout: '', stderr: 'us.json: celsius must be true or false\n', status: 2 },
  });
  const { stderr, status } = explain(payload, ['us.json', '{']);
  assert.match(stderr, /^us\.json: .*JSON/);
  assert.equal(status, 2);
});
