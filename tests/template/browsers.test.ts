// What the real template lets guests and users of the dashboard do, on MQTT and over HTTP: tables, request by request.
import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { openFixture, type Fixture } from '../../packages/local-cloud/tests/cognito/cognito-fixture.ts';
import { openGateway } from '../../packages/local-cloud/tests/http-api/fixture.ts';
import { loadTidegate } from './tidegate-template.ts';

/** `client/` stands for the identity's own client id. */
const table: readonly (readonly [action: string, resource: string, guest: boolean, user: boolean])[] = [
  ['iot:Connect', 'client/dashboard-ID', true, true],
  ['iot:Connect', 'client/dashboard-ID-tab-2', true, true],
  ['iot:Connect', 'client/dashboard-us-east-1:0', false, false],
  ['iot:Connect', 'client/fridge-1', false, false],
  ['iot:Subscribe', 'topicfilter/telemetry/#', true, true],
  ['iot:Subscribe', 'topicfilter/telemetry/seattle/+', true, true],
  ['iot:Subscribe', 'topicfilter/#', false, false],
  ['iot:Subscribe', 'topicfilter/+/seattle/fridge-1', false, false],
  ['iot:Subscribe', 'topicfilter/$aws/events/#', false, false],
  ['iot:Subscribe', 'topicfilter/commands/seattle/fridge-1', false, true],
  ['iot:Subscribe', 'topicfilter/$aws/things/fridge-1/shadow/update/accepted', false, true],
  ['iot:Receive', 'topic/telemetry/seattle/fridge-1', true, true],
  ['iot:Receive', 'topic/commands/seattle/fridge-1', false, true],
  ['iot:Receive', 'topic/$aws/things/fridge-1/shadow/get/accepted', false, true],
  ['iot:Publish', 'topic/telemetry/seattle/fridge-1', false, false],
  ['iot:Publish', 'topic/$aws/rules/TelemetryRule/telemetry/seattle/fridge-1', false, false],
  ['iot:Publish', 'topic/commands/seattle/fridge-1', false, true],
  ['iot:Publish', 'topic/$aws/things/fridge-1/shadow/get', false, true],
  ['iot:Publish', 'topic/$aws/things/fridge-1/shadow/update', false, true],
  ['iot:Publish', 'topic/$aws/things/fridge-1/shadow/name/set/update', false, true],
  ['iot:Publish', 'topic/$aws/things/fridge-1/shadow/delete', false, false],
  ['iot:RetainPublish', 'topic/commands/seattle/fridge-1', false, false],
];

const ask = ({ cognito }: Fixture, principal: string, action: string, resource: string) =>
  cognito.permissions.authorize({
    principal,
    clientId: `dashboard-${principal}`,
    sourceIp: '127.0.0.1',
    action,
    resource: resource.replace('ID', principal),
  });

const attach = async ({ iot }: Fixture, identityId: string) =>
  iot.registry.commit([{ kind: 'target', key: identityId, value: { policies: ['TidegateDashboard'] } }]);

for (const [index, who] of (['guest', 'user'] as const).entries()) {
  test(`a ${who} may do what the template says, and nothing else`, async () => {
    const fixture = await openFixture({ template: loadTidegate() });
    const { identityId } = await (who === 'guest' ? fixture.guest() : fixture.login('alice'));
    if (who === 'user') await attach(fixture, identityId);
    for (const [action, resource, ...allowed] of table) {
      const decision = ask(fixture, identityId, action, resource);
      assert.equal(decision.allowed, allowed[index], `${action} ${resource}: ${decision.reason}`);
    }
  });
}

const routes = [
  { key: 'GET /devices', method: 'GET', path: '/devices', functionName: 'f' },
  { key: 'GET /devices/{id}', method: 'GET', path: '/devices/{id}', functionName: 'f' },
  { key: 'DELETE /devices/{id}', method: 'DELETE', path: '/devices/{id}', functionName: 'f' },
  { key: 'GET /devices/{id}/windows', method: 'GET', path: '/devices/{id}/windows', functionName: 'f' },
  { key: 'GET /devices/{id}/alerts', method: 'GET', path: '/devices/{id}/alerts', functionName: 'f' },
  { key: 'GET /alerts', method: 'GET', path: '/alerts', functionName: 'f' },
  { key: 'PUT /rules/{id}', method: 'PUT', path: '/rules/{id}', functionName: 'f' },
];
const forGuests: readonly (readonly [method: string, path: string, status: number])[] = [
  ['GET', '/devices', 200],
  ['GET', '/devices/fridge-1', 200],
  ['GET', '/devices/fridge-1/windows', 200],
  ['DELETE', '/devices/fridge-1', 403],
  ['GET', '/devices/fridge-1/alerts', 403],
  ['GET', '/alerts', 403],
  ['PUT', '/rules/x', 403],
];
test('a guest may see devices and windows and nothing else, a user everything', async () => {
  const { call, guest, login, reasons } = await openGateway({
    template: loadTidegate(),
    spec: { routes },
  });
  const [visitor, alice] = [await guest(), await login('alice')];
  for (const [method, path, status] of forGuests) {
    assert.equal((await call({ method, path, keys: visitor })).status, status, `guest ${method} ${path}`);
    assert.equal((await call({ method, path, keys: alice })).status, 200, `user ${method} ${path}`);
  }
  assert.match(
    reasons.find((reason) => reason.includes('/alerts'))!,
    /may not execute-api:Invoke on arn:aws:execute-api:us-east-1:000000000000:\w{10}\/\$default\/GET\/devices\/fridge-1\/alerts: .*NotForAlerts/,
  );
});

test('the identity pool is named after the stack, and has no classic flow', async () => {
  const { callSigned, poolId } = await openFixture({ template: loadTidegate() });
  assert.deepEqual((await callSigned('DescribeIdentityPool', { IdentityPoolId: poolId })).body, {
    IdentityPoolId: poolId,
    IdentityPoolName: 'tidegate-dashboard',
    AllowUnauthenticatedIdentities: true,
    AllowClassicFlow: false,
    DeveloperProviderName: 'login.tidegate',
  });
});
