// When a check is healthy, of one checker and of all together.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createManualClock } from '../../clock.ts';
import { startCheckers } from '../../dns/checkers.ts';
import { checkHealth, newChecker, observed, type Checker } from '../../dns/health.ts';
import type { HealthCheck } from '../../dns/model.ts';
import { checkerRegions } from '../../dns/regions.ts';

const endpoint: HealthCheck = {
  ...{ id: 'x', label: 'X', inverted: false, disabled: false, at: 'dns.yaml:1' },
  config: {
    kind: 'endpoint',
    endpoint: { protocol: 'HTTPS', domain: 'x.test', port: 443, path: '/health', sni: true },
    ...{ intervalSeconds: 10, threshold: 3, regions: checkerRegions },
  },
};

const seen = (isSuccess: boolean) => ({ isSuccess, text: isSuccess ? 'Success' : 'Failure', at: 0 });
const checkersOf = (healthy: number, all: number): Checker[] =>
  Array.from({ length: all }, (_, index) => observed(newChecker('us-east-1', ''), seen(index < healthy), 1));

const shares: readonly (readonly [healthy: number, all: number, isHealthy: boolean])[] = [
  [16, 16, true],
  [3, 16, true],
  [2, 16, false],
  [0, 16, false],
  [2, 11, true],
  [9, 50, false],
];

test.each(shares)(
  '%i of %i checkers: healthy is %s, as more than 18 %% must say so',
  (healthy, all, expected) => {
    const known = { checks: new Map([['x', endpoint]]), checkersOf: () => checkersOf(healthy, all) };
    assert.equal(checkHealth('x', known).isHealthy, expected);
    const opposite = new Map([['x', { ...endpoint, inverted: true }]]);
    assert.equal(checkHealth('x', { ...known, checks: opposite }).isHealthy, !expected);
    const disabled = new Map([['x', { ...endpoint, disabled: true }]]);
    assert.equal(checkHealth('x', { ...known, checks: disabled }).isHealthy, true);
  },
);

test('a check without a result is healthy, and unhealthy if it is inverted', () => {
  const checkers = [newChecker('us-east-1', ''), newChecker('eu-west-1', '')];
  for (const inverted of [false, true]) {
    const known = { checks: new Map([['x', { ...endpoint, inverted }]]), checkersOf: () => checkers };
    assert.equal(checkHealth('x', known).isHealthy, !inverted);
  }
});

test('a checker changes its mind after as many results in a row as the threshold says, either way', () => {
  let checker = newChecker('us-east-1', '');
  const states = [false, false, true, false, false, false, true, true, false, true, true, true].map(
    (isSuccess) => {
      checker = observed(checker, seen(isSuccess), 3);
      return checker.isHealthy;
    },
  );
  assert.deepEqual(states, [true, true, true, true, true, false, false, false, false, false, false, true]);
});

test('a calculated check counts its children', () => {
  const calculated: HealthCheck = {
    ...{ id: 'all', label: 'All', inverted: false, disabled: false, at: 'dns.yaml:9' },
    config: { kind: 'calculated', children: ['x', 'y'], threshold: 2 },
  };
  const checks = new Map([
    ['x', endpoint],
    ['y', { ...endpoint, id: 'y', label: 'Y' }],
    ['all', calculated],
  ]);
  const known = { checks, checkersOf: (id: string) => checkersOf(id === 'x' ? 5 : 0, 5) };
  assert.deepEqual(checkHealth('all', known), {
    isHealthy: false,
    why: 'All is unhealthy: 1 of its 2 checks are healthy, and it needs 2',
  });
});

test('sixteen checkers ask once an interval each, and the check fails when all but two say so', async () => {
  const clock = createManualClock(0);
  let asked = 0;
  let draws = 0;
  let isUp = true;
  const changes: string[] = [];
  const checkers = startCheckers({
    checks: new Map([['x', endpoint]]),
    probe() {
      asked += 1;
      return Promise.resolve({ isSuccess: isUp, text: isUp ? 'Success' : 'Failure: Connection refused.' });
    },
    onChange: (_, { why }) => void changes.push(`${clock.now()} ${why}`),
    clock,
    random: () => draws++ / 16,
  });
  await clock.advance(9_999);
  assert.equal(asked, 16);
  isUp = false;
  await clock.advance(30_000);
  assert.equal(asked, 64);
  assert.equal(changes.length, 1);
  // The fourteenth of sixteen sees its third failure 13/16 of an interval after the second round of the first.
  assert.equal(
    changes[0],
    '38125 X is unhealthy: 2 of 16 checkers say healthy, the others see: Failure: Connection refused.',
  );
  isUp = true;
  await clock.advance(30_000);
  assert.match(changes[1]!, /X is healthy: 3 of 16 checkers say healthy/);
  checkers.close();
  await clock.advance(60_000);
  assert.equal(asked, 112);
});
