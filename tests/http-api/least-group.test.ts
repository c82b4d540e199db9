// The permissions of every route, and what callers restricted to some sites see.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { GROUPS, isAtLeast } from '../../core/access.ts';
import { createHttpApi } from '../../http-api/app.ts';
import { resolveCaller, type Signer } from '../../http-api/caller.ts';
import { leastGroup, siteScope, withinSites } from '../../http-api/least-group.ts';
import type { ApiCaller, Route } from '../../http-api/route.ts';
import { describeRoutes } from '../../http-api/routes.ts';

const routes = describeRoutes();
const keyOf = ({ method, path }: Route) => `${method} ${path}`;
const keysOf = (isMeant: (route: Route) => boolean) => routes.filter(isMeant).map(keyOf).sort();

test('reading is for viewers, alerts for operators, and every other change for administrators', () => {
  assert.deepEqual(
    keysOf((route) => route.method !== 'GET' && leastGroup(route) === 'viewer'),
    ['POST /devices/{deviceId}/messages/explain', 'POST /live-access'],
  );
  assert.deepEqual(
    keysOf((route) => leastGroup(route) === 'operator'),
    [
      'DELETE /devices/{deviceId}/outlook/{ruleId}',
      'DELETE /devices/{deviceId}/outlook/{ruleId}/defrosts',
      'DELETE /devices/{deviceId}/snooze',
      'PATCH /devices/{deviceId}/shadow',
      'POST /devices/{deviceId}/alerts/{ruleId}/acknowledge',
      'POST /devices/{deviceId}/alerts/{ruleId}/comment',
      'POST /errors/replay',
      'PUT /devices/{deviceId}/outlook/{ruleId}/defrosts',
      'PUT /devices/{deviceId}/snooze',
    ],
  );
  assert.deepEqual(
    keysOf((route) => route.method === 'GET' && leastGroup(route) !== 'viewer'),
    [],
  );
});

/** The route with an invalid body and an answer that shows that it ran. */
const bare = ({ textType: _type, ...route }: Route): Route => ({
  ...route,
  ...{ params: {}, query: {}, run: async () => ({ ran: true }) },
});

async function ask(route: Route, caller: ApiCaller, params: Record<string, string> = {}) {
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => params[name] ?? 'x');
  const serve = createHttpApi([route]);
  const response = await serve(new Request(`https://api.example${path}`, { method: route.method }), {
    resolve: async () => caller,
    onError: (error) => assert.fail(String(error)),
  });
  return { status: response.status, body: (await response.json()) as { detail?: string } };
}

test('a group without the permission is refused by name before the request is read', async () => {
  for (const route of routes) {
    const least = leastGroup(route);
    for (const group of GROUPS) {
      const { status, body } = await ask(bare(route), { id: 'ann', isGuest: false, group });
      if (isAtLeast(group, least)) {
        assert.notEqual(status, 403, `${group} ${keyOf(route)}`);
        continue;
      }
      assert.equal(status, 403, `${group} ${keyOf(route)}`);
      const needed = least === 'admin' ? 'admin' : 'operator or a higher one';
      assert.equal(
        body.detail,
        `${keyOf(route)} needs the group ${needed}, and you are in ${group}: ask an administrator to add you`,
      );
    }
  }
});

test('a guest reads only devices, windows and public data', async () => {
  const guest: ApiCaller = { id: 'guest', isGuest: true, group: 'viewer' };
  const allowed: string[] = [];
  for (const route of routes) {
    if (route.path.includes('{') || route.method !== 'GET') {
      const { status } = await ask({ ...bare(route), body: undefined }, guest);
      if (status !== 403) allowed.push(keyOf(route));
    } else if ((await ask(bare(route), guest)).status !== 403) allowed.push(keyOf(route));
  }
  assert.deepEqual(allowed.sort(), [
    'GET /devices',
    'GET /devices/{deviceId}',
    'GET /devices/{deviceId}/windows',
    'GET /fleet',
    'GET /health',
    'GET /windows',
  ]);
  assert.deepEqual(
    keysOf((route) => route.isPublic === true),
    ['GET /health'],
  );
});

const site = (deviceId: string) => ({ here: 'seattle', there: 'oslo' })[deviceId];
const devices = {
  load: async (deviceId: string) =>
    deviceId === 'unknown' ? undefined : { deviceId, ...(site(deviceId) && { site: site(deviceId)! }) },
};

test('a caller restricted to some sites can use only their devices, on any route', async () => {
  const caller: ApiCaller = { id: 'ann', isGuest: false, group: 'admin', sites: ['seattle'] };
  for (const route of routes.filter((each) => siteScope(each) === 'device')) {
    const ran: string[] = [];
    const guarded = withinSites(
      { ...route, run: async ({ params }) => void ran.push(String(params['deviceId'])) },
      devices,
    );
    for (const deviceId of ['here', 'there', 'nowhere', 'unknown']) {
      const params = { deviceId, ruleId: 'warm' };
      const run = async () =>
        guarded.run({ params, query: {}, body: {}, caller, count() {}, warn() {}, ifMatch: undefined });
      if (deviceId === 'here') await run();
      else await assert.rejects(run, { message: `There is no device ${deviceId} at your sites, seattle` });
    }
    assert.deepEqual(ran, ['here'], keyOf(route));
  }
});

test('data about all sites is closed to callers restricted to some, except for reading settings', async () => {
  assert.deepEqual(
    keysOf((route) => siteScope(route) === 'shared'),
    [
      ...['GET /health', 'GET /mappings', 'GET /mappings/{mappingId}', 'GET /recipients'],
      ...['GET /rules', 'GET /rules/{ruleId}'],
    ],
  );
  assert.deepEqual(
    keysOf((route) => siteScope(route) === 'own'),
    ['POST /devices'],
  );
  assert.deepEqual(
    keysOf((route) => siteScope(route) === 'filtered'),
    [
      ...['GET /alerts', 'GET /devices', 'GET /fleet', 'GET /reports', 'GET /reports/csv', 'GET /windows'],
      'POST /live-access',
    ],
  );
  const caller: ApiCaller = { id: 'ann', isGuest: false, group: 'admin', sites: ['seattle', 'oslo'] };
  for (const route of routes.filter((each) => siteScope(each) === 'refused')) {
    const guarded = withinSites({ ...route, run: async () => assert.fail(keyOf(route)) }, devices);
    const run = async () => guarded.run({ params: {}, query: {}, caller } as never);
    await assert.rejects(run, {
      message: `${keyOf(route)} is about all sites, and you see only seattle, oslo: ask someone who sees all sites`,
    });
  }
});

const pool = 'us-east-1_AbCdEfGhI';
const signer = (kind: Signer['kind'], amr: readonly string[] = []): Signer => ({
  id: 'id',
  kind,
  poolId: 'p',
  amr,
});
const amr = ['authenticated', `cognito-idp.us-east-1.amazonaws.com/${pool}:CognitoSignIn:ann-1`];

test('the account is an administrator, a guest reads, and a user has the rights of the groups', async () => {
  const groupsOf = async (userId: string) => (userId === 'ann-1' ? ['operator', 'site-oslo'] : []);
  assert.deepEqual(await resolveCaller(signer('account'), '', groupsOf), {
    id: 'id',
    isGuest: false,
    group: 'admin',
  });
  assert.deepEqual(await resolveCaller(signer('guest'), '', groupsOf), {
    id: 'id',
    isGuest: true,
    group: 'viewer',
  });
  assert.deepEqual(await resolveCaller(signer('user', amr), pool, groupsOf), {
    ...{ id: 'id', isGuest: false, isUser: true, group: 'operator', sites: ['oslo'] },
  });
});

test('a user whose login is from another user pool is in no group', async () => {
  const never = async () => assert.fail('asked for groups');
  for (const [given, poolId] of [
    [[], pool],
    [['authenticated'], pool],
    [amr, ''],
    [amr, 'us-east-1_Other'],
    [[`cognito-idp.us-east-1.amazonaws.com/${pool}`], pool],
    [[`evil.example/${pool}:CognitoSignIn:ann-1`], pool],
  ] as const)
    await assert.rejects(resolveCaller(signer('user', given), poolId, never), {
      name: 'ApiProblem',
      message: /not in any of the groups/,
    });
});

test('if the groups cannot be read, nothing is served', async () => {
  const fails = async () => Promise.reject(new Error('throttled'));
  await assert.rejects(resolveCaller(signer('user', amr), pool, fails), /throttled/);
});
