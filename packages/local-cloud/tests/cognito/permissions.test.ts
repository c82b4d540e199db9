// What the template lets guests and users do on MQTT: a table, request by request.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { thingOperations } from '../../iot/thing-operations.ts';
import { thingPrincipalOperations } from '../../iot/thing-principal-operations.ts';
import { openFixture, type Fixture } from './cognito-fixture.ts';

/** `client/` means the identity's own client id. */
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
  ['iot:Receive', 'topic/telemetry/seattle/fridge-1', true, true],
  ['iot:Receive', 'topic/commands/seattle/fridge-1', false, true],
  ['iot:Publish', 'topic/telemetry/seattle/fridge-1', false, false],
  ['iot:Publish', 'topic/$aws/rules/TelemetryRule/telemetry/seattle/fridge-1', false, false],
  ['iot:Publish', 'topic/commands/seattle/fridge-1', false, true],
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
  iot.registry.commit([{ kind: 'target', key: identityId, value: { policies: ['Dashboard'] } }]);

for (const [index, who] of (['guest', 'user'] as const).entries()) {
  test(`a ${who} may do what the template allows, and nothing else`, async () => {
    const fixture = await openFixture();
    const { identityId } = await (who === 'guest' ? fixture.guest() : fixture.login('alice'));
    if (who === 'user') await attach(fixture, identityId);
    for (const [action, resource, ...allowed] of table) {
      const decision = ask(fixture, identityId, action, resource);
      assert.equal(decision.allowed, allowed[index], `${action} ${resource}: ${decision.reason}`);
    }
  });
}

test('a user has nothing without the attached policy, and loses it with the policy at once', async () => {
  const fixture = await openFixture();
  const { identityId } = await fixture.login('alice');
  const subscribe = () => ask(fixture, identityId, 'iot:Subscribe', 'topicfilter/telemetry/#');
  assert.deepEqual(subscribe(), {
    allowed: false,
    reason: `Cognito identity ${identityId} has no policy attached`,
  });
  await attach(fixture, identityId);
  assert.equal(subscribe().allowed, true);
  await fixture.iot.registry.commit([{ kind: 'target', key: identityId, value: undefined }]);
  assert.equal(subscribe().allowed, false);
});

test('an attached policy allows nothing that the role does not', async () => {
  const fixture = await openFixture();
  const { registry } = fixture.iot;
  const { identityId } = await fixture.login('alice');
  const document = JSON.stringify({
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Action: 'iot:*', Resource: '*' },
  });
  const times = { createdAt: 0, modifiedAt: 0 };
  const version = { id: 1, document, createdAt: 0 };
  const policy = { name: 'All', ...times, defaultVersion: 1, lastVersion: 1, versions: [version] };
  await registry.commit([
    { kind: 'policy', key: 'All', value: policy },
    { kind: 'target', key: identityId, value: { policies: ['All'] } },
  ]);
  assert.equal(ask(fixture, identityId, 'iot:Publish', 'topic/commands/a/b').allowed, true);
  const refused = ask(fixture, identityId, 'iot:Publish', 'topic/telemetry/a/b');
  assert.match(
    refused.reason,
    /^no policy of role DashboardUserRole allows iot:Publish on topic\/telemetry\/a\/b/,
  );
});

test('an explicit denial in the attached policy counts', async () => {
  const fixture = await openFixture();
  const { identityId } = await fixture.login('alice');
  const document = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 'iot:*', Resource: '*' },
      {
        Sid: 'NotHere',
        Effect: 'Deny',
        Action: 'iot:Receive',
        Resource: 'arn:aws:iot:*:*:topic/telemetry/b/*',
      },
    ],
  });
  const version = { id: 1, document, createdAt: 0 };
  const policy = {
    name: 'Part',
    createdAt: 0,
    modifiedAt: 0,
    defaultVersion: 1,
    lastVersion: 1,
    versions: [version],
  };
  await fixture.iot.registry.commit([
    { kind: 'policy', key: 'Part', value: policy },
    { kind: 'target', key: identityId, value: { policies: ['Part'] } },
  ]);
  assert.equal(ask(fixture, identityId, 'iot:Receive', 'topic/telemetry/a/x').allowed, true);
  assert.deepEqual(ask(fixture, identityId, 'iot:Receive', 'topic/telemetry/b/x'), {
    allowed: false,
    reason: 'denied by Part statement 2 (Sid NotHere)',
    policyName: 'Part',
    statement: 2,
  });
});

test('a thing attached to an identity does not fill the policy variables of its connections', async () => {
  const fixture = await openFixture();
  const { registry } = fixture.iot;
  const { identityId } = await fixture.login('alice');
  const operation = (name: string) =>
    [...thingOperations, ...thingPrincipalOperations].find((each) => each.name === name)!;
  const thing = { labels: new Map([['thingName', 'fridge-1']]), query: new URLSearchParams(), body: {} };
  await operation('CreateThing').run(fixture.iot, { ...thing, header: () => undefined });
  await operation('AttachThingPrincipal').run(fixture.iot, { ...thing, header: () => identityId });
  const document = JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Action: 'iot:Publish',
      Resource: 'arn:aws:iot:*:*:topic/commands/${iot:Connection.Thing.ThingName}',
    },
  });
  const version = { id: 1, document, createdAt: 0 };
  const times = { createdAt: 0, modifiedAt: 0 };
  const policy = { name: 'Own', ...times, defaultVersion: 1, lastVersion: 1, versions: [version] };
  await registry.commit([
    { kind: 'policy', key: 'Own', value: policy },
    { kind: 'target', key: identityId, value: { policies: ['Own'] } },
  ]);
  const asked = { principal: identityId, clientId: 'fridge-1', sourceIp: '127.0.0.1' };
  const publish = { ...asked, action: 'iot:Publish', resource: 'topic/commands/fridge-1' };
  assert.equal(fixture.cognito.permissions.authorize(publish).allowed, false);
});

test('an attached policy gives a guest nothing: only the role counts', async () => {
  const fixture = await openFixture();
  const { identityId } = await fixture.guest();
  await attach(fixture, identityId);
  assert.equal(ask(fixture, identityId, 'iot:Publish', 'topic/commands/a/b').allowed, false);
});

test('a guest of before may do nothing once guests are not let in any more', async () => {
  const first = await openFixture();
  const { identityId } = await first.guest();
  await first.iot.close();
  const second = await openFixture({ dir: first.dir, overrides: { AllowGuests: 'false' } });
  assert.deepEqual(ask(second, identityId, 'iot:Connect', 'client/dashboard-ID'), {
    allowed: false,
    reason: 'identity pool tidegate-dashboard gives unauthenticated identities no role',
  });
});

test('the account may do everything, and an unknown caller nothing', async () => {
  const fixture = await openFixture();
  assert.equal(ask(fixture, '000000000000', 'iot:Publish', 'topic/telemetry/a/b').allowed, true);
  for (const principal of ['', 'root', '111111111111', fixture.poolId, '__proto__']) {
    assert.equal(ask(fixture, principal, 'iot:Connect', 'client/x').allowed, false, principal);
  }
});
