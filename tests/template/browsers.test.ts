// What the real template lets guests and users of the dashboard do, on MQTT and over HTTP: tables, request by request.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { describeRoutes } from '../../http-api/routes.ts';
import { isForGuests, leastGroup } from '../../http-api/least-group.ts';
import {
  openFixture,
  type Fixture,
  type Issued,
} from '../../packages/local-cloud/tests/cognito/cognito-fixture.ts';
import { openGateway } from '../../packages/local-cloud/tests/http-api/fixture.ts';
import { loadTidegate } from './tidegate-template.ts';

/** `client/` means the identity's own client id. */
const table: readonly (readonly [
  action: string,
  resource: string,
  guest: boolean,
  viewer: boolean,
  admin: boolean,
])[] = [
  ['iot:Connect', 'client/dashboard-ID', true, true, true],
  ['iot:Connect', 'client/dashboard-ID-tab-2', true, true, true],
  ['iot:Connect', 'client/dashboard-us-east-1:0', false, false, false],
  ['iot:Connect', 'client/fridge-1', false, false, false],
  ['iot:Subscribe', 'topicfilter/telemetry/#', true, true, true],
  ['iot:Subscribe', 'topicfilter/telemetry/seattle/+', true, true, true],
  ['iot:Subscribe', 'topicfilter/#', false, false, false],
  ['iot:Subscribe', 'topicfilter/+/seattle/fridge-1', false, false, false],
  ['iot:Subscribe', 'topicfilter/$aws/events/#', false, false, false],
  ['iot:Subscribe', 'topicfilter/commands/seattle/fridge-1', false, true, true],
  ['iot:Subscribe', 'topicfilter/$aws/things/fridge-1/shadow/update/accepted', false, true, true],
  ['iot:Receive', 'topic/telemetry/seattle/fridge-1', true, true, true],
  ['iot:Receive', 'topic/commands/seattle/fridge-1', false, true, true],
  ['iot:Receive', 'topic/$aws/things/fridge-1/shadow/get/accepted', false, true, true],
  ['iot:Publish', 'topic/telemetry/seattle/fridge-1', false, false, false],
  ['iot:Publish', 'topic/$aws/rules/TelemetryRule/telemetry/seattle/fridge-1', false, false, false],
  ['iot:Publish', 'topic/commands/seattle/fridge-1', false, false, true],
  ['iot:Publish', 'topic/$aws/things/fridge-1/shadow/get', false, true, true],
  ['iot:Publish', 'topic/$aws/things/fridge-1/shadow/update', false, false, true],
  ['iot:Publish', 'topic/$aws/things/fridge-1/shadow/name/set/update', false, false, true],
  ['iot:Publish', 'topic/$aws/things/fridge-1/shadow/delete', false, false, false],
  ['iot:RetainPublish', 'topic/commands/seattle/fridge-1', false, false, false],
];

const ask = ({ cognito }: Fixture, keys: Issued, action: string, resource: string) => {
  const session = cognito.credentials.open(keys.accessKeyId, keys.sessionToken);
  assert.ok('role' in session);
  return cognito.permissions.authorize({
    principal: keys.identityId,
    role: session.role,
    clientId: `dashboard-${keys.identityId}`,
    sourceIp: '127.0.0.1',
    action,
    resource: resource.replace('ID', keys.identityId),
  });
};

const attach = async ({ iot }: Fixture, identityId: string) =>
  iot.registry.commit([{ kind: 'target', key: identityId, value: { policies: ['TidegateDashboard'] } }]);

for (const [who, column] of [
  ['guest', 0],
  ['viewer', 1],
  ['operator', 1],
  ['admin', 2],
] as const) {
  test(`on MQTT the template lets a ${who} do what the table lists, and nothing else`, async () => {
    const fixture = await openFixture({ template: loadTidegate() });
    const keys = await (who === 'guest' ? fixture.guest() : fixture.member(who));
    if (who !== 'guest') await attach(fixture, keys.identityId);
    for (const [action, resource, ...allowed] of table) {
      const decision = ask(fixture, keys, action, resource);
      assert.equal(decision.allowed, allowed[column], `${action} ${resource}: ${decision.reason}`);
    }
  });
}

/** Every route of the API, and what API Gateway answers to each group; the API itself checks every admitted caller again. */
test('API Gateway lets each group in to just the routes that are for it, and viewers to those that the API explains', async () => {
  const described = describeRoutes();
  const routes = described.map(({ method, path }) => ({
    ...{ key: `${method} ${path}`, method, path, functionName: 'f' },
  }));
  const { call, guest, member } = await openGateway({ template: loadTidegate(), spec: { routes } });
  const keys = {
    guest: await guest(),
    viewer: await member('viewer'),
    operator: await member('operator'),
    admin: await member('admin', 'viewer'),
  };
  for (const route of described) {
    const { method } = route;
    const path = route.path.replaceAll(/\{\w+\}/g, 'x');
    const statusFor = async (who: keyof typeof keys) =>
      (await call({ method, path, keys: keys[who] })).status;
    const least = leastGroup(route);
    const isOpen = least !== 'admin';
    assert.equal(await statusFor('admin'), 200, `admin ${method} ${path}`);
    for (const who of ['viewer', 'operator'] as const)
      assert.equal(await statusFor(who), isOpen ? 200 : 403, `${who} ${method} ${path}`);
    const isOfDevice = method === 'GET' && route.path.startsWith('/devices/{deviceId}/');
    const isSeen = isForGuests(route) || (isOfDevice && !route.path.includes('/alerts'));
    assert.equal(await statusFor('guest'), isSeen ? 200 : 403, `guest ${method} ${path}`);
  }
});

test('a user in none of the groups gets no credentials', async () => {
  const { member } = await openFixture({ template: loadTidegate() });
  await assert.rejects(member('site-seattle'), /the groups of the user give no role/);
});

test('the identity pool is named after the stack, has no classic flow, and no way in but the user pool', async () => {
  const { callSigned, poolId } = await openFixture({ template: loadTidegate() });
  assert.deepEqual((await callSigned('DescribeIdentityPool', { IdentityPoolId: poolId })).body, {
    IdentityPoolId: poolId,
    IdentityPoolName: 'tidegate-dashboard',
    AllowUnauthenticatedIdentities: true,
    AllowClassicFlow: false,
  });
});

test('without a user pool guests have the identity pool for themselves, and without guests there is none', () => {
  const typesOf = (overrides: Record<string, string>) =>
    new Set([...loadTidegate(overrides).resources.values()].map(({ type }) => type));
  const guests = typesOf({ WithUserPool: 'false' });
  assert.deepEqual(
    [guests.has('AWS::Cognito::IdentityPool'), guests.has('AWS::Cognito::UserPool')],
    [true, false],
  );
  assert.equal(
    typesOf({ WithUserPool: 'false', AllowGuests: 'false' }).has('AWS::Cognito::IdentityPool'),
    false,
  );
});
