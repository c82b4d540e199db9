// How many connections the system's limit of open files leaves room for.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { testIf } from '../../../../tests/support/conditions.ts';
import { connectionsWithin } from '../../mqtt/descriptors.ts';

for (const [limit, connections] of [
  [Infinity, Infinity],
  [20_000, 15_000],
  [1024, 768],
  [512, 384],
  [256, 128],
  [64, 16],
] as const) {
  test(`${limit} open files leave room for ${connections} connections`, () => {
    assert.equal(connectionsWithin(limit), connections);
  });
}

const testWithLimit = testIf(process.platform !== 'win32', 'there is no limit of open files to set');
testWithLimit('the limit of connections follows that of the process', () => {
  const module = path.resolve(import.meta.dirname, '../../mqtt/limits.ts');
  const script = `const { defaultLimits } = await import(${JSON.stringify(module)}); console.log(defaultLimits.connections)`;
  const command = 'ulimit -n 300; exec "$0" --input-type=module -e "$1"';
  const output = execFileSync('sh', ['-c', command, process.execPath, script], { encoding: 'utf8' });
  assert.equal(output, '172\n');
});
