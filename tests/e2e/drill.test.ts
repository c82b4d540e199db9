// The failover drill as a user runs it: one of two regions is killed, the fleet follows the name, and nothing is lost.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { root } from './tidegate.ts';

const LIMIT_MS = 480_000;

interface Report {
  readonly noticed: number;
  readonly ttlSeconds: number;
  readonly devices: readonly { readonly backAfter: number; readonly heldBack: number }[];
  readonly stayed: number;
  readonly sent: number;
  readonly lost: readonly string[];
  readonly findings: readonly string[];
  readonly figures: Readonly<Record<string, number>>;
}

test(
  'devices follow the name to the other region, deliver what they held back, and lose nothing',
  async () => {
    const overrides = ['Ttl=5', 'CheckFailures=1'].flatMap((pair) => ['--parameter-overrides', pair]);
    const args = ['-r', './needs.cjs', 'local.ts', 'dns', 'drill', '--json', '--devices', '2', ...overrides];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, timeout: LIMIT_MS });
    const report = JSON.parse(stdout) as Report;
    assert.deepEqual([report.lost, report.findings], [[], []]);
    assert.equal(report.ttlSeconds, 5);
    assert.equal(report.stayed, 2, 'a name that moves back moves no connection');
    assert.equal(report.figures['acknowledged'], report.sent);
    assert.equal(report.figures['readings of both archives'], report.sent);
    assert.equal(report.devices.length, 2);
    for (const { backAfter, heldBack } of report.devices) {
      assert.ok(backAfter >= report.noticed - 1, JSON.stringify(report));
      assert.ok(heldBack > 0, JSON.stringify(report));
    }
  },
  LIMIT_MS + 30_000,
);
