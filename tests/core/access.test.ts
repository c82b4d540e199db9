// User groups: the highest one decides, and site groups restrict a user to these sites.

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
  // A site group without a name does not give access to all sites.
  [['viewer', 'site-'], { group: 'viewer', sites: [''] }],
];
for (const [groups, access] of cases) {
  test(`groups ${groups.join(', ') || 'none'} give ${JSON.stringify(access)}`, () => {
    assert.deepEqual(accessOf(groups), access);
  });
}

test('each group has the rights of the lower ones', () => {
  assert.ok(isAtLeast('admin', 'viewer') && isAtLeast('operator', 'operator'));
  assert.ok(!isAtLeast('viewer', 'operator') && !isAtLeast('operator', 'admin'));
});

test('a user restricted to some sites sees no data without a known site', () => {
  assert.ok(seesSite({}, undefined) && seesSite({}, 'oslo') && seesSite({ sites: ['oslo'] }, 'oslo'));
  assert.ok(!seesSite({ sites: ['oslo'] }, undefined) && !seesSite({ sites: ['oslo'] }, 'Oslo'));
});
