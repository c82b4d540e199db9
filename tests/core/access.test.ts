// Groups: the highest decides, and groups of sites leave a user these alone.
import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { accessOf, isAtLeast, seesSite, type Access } from '../../core/access.ts';

const cases: readonly (readonly [groups: readonly string[], access: Access | undefined])[] = [
  [[], undefined],
  [['site-seattle'], undefined],
  [['Admin', 'administrators', 'view'], undefined],
  [['viewer'], { group: 'viewer' }],
  [['viewer', 'admin', 'operator'], { group: 'admin' }],
  [['operator', 'site-seattle'], { group: 'operator', sites: ['seattle'] }],
  [['admin', 'site-b', 'site-a-1'], { group: 'admin', sites: ['b', 'a-1'] }],
  // A group without a site is no reason to see all of them.
  [['viewer', 'site-'], { group: 'viewer', sites: [''] }],
];
for (const [groups, access] of cases) {
  test(`groups ${groups.join(', ') || 'none'} give ${JSON.stringify(access)}`, () => {
    assert.deepEqual(accessOf(groups), access);
  });
}

test('each group may do what the lower ones may', () => {
  assert.ok(isAtLeast('admin', 'viewer') && isAtLeast('operator', 'operator'));
  assert.ok(!isAtLeast('viewer', 'operator') && !isAtLeast('operator', 'admin'));
});

test('who is left some sites sees nothing of which no site is known', () => {
  assert.ok(seesSite({}, undefined) && seesSite({}, 'oslo') && seesSite({ sites: ['oslo'] }, 'oslo'));
  assert.ok(!seesSite({ sites: ['oslo'] }, undefined) && !seesSite({ sites: ['oslo'] }, 'Oslo'));
});
