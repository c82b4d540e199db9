// What the real template's policy lets a device do: a table, request by request.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { parsePolicyOptions } from '../../packages/local-cloud/commands/policy-options.ts';
import { explainPolicy } from '../../packages/local-cloud/iot/explain.ts';
import { asker, device } from '../../packages/local-cloud/tests/iot/device-fixture.ts';
import { openTestIot } from '../../packages/local-cloud/tests/iot/iot-fixture.ts';
import { loadTidegate } from './tidegate-template.ts';

test("the template's policy lets a device connect and publish as itself, and nothing else", async () => {
  const { iot } = await openTestIot();
  await iot.seed(loadTidegate());
  const { principal } = await device(iot, { thing: 's1', policy: 'TidegateDevice' });
  const ask = asker(iot, principal, 's1');
  assert.deepEqual(ask('iot:Publish', 'topic/telemetry/seattle/s1'), {
    allowed: true,
    reason: 'allowed by TidegateDevice statement 2 (Sid PublishOwnTelemetry)',
    policyName: 'TidegateDevice',
    statement: 2,
  });
  const cases: readonly (readonly [action: string, resource: string, allowed: boolean])[] = [
    ['iot:Connect', 'client/s1', true],
    ['iot:Connect', 'client/s2', false],
    ['iot:Publish', 'topic/$aws/rules/TelemetryRule/telemetry/seattle/s1', true],
    ['iot:Publish', 'topic/$aws/rules/OtherRule/telemetry/seattle/s1', false],
    ['iot:Publish', 'topic/telemetry/seattle/s2', false],
    ['iot:Publish', 'topic/telemetry/a/b/s1', false],
    ['iot:Publish', 'topic/telemetry/seattle/s1/temperature', true],
    ['iot:Publish', 'topic/telemetry/seattle/s1/attic', true],
    ['iot:Publish', 'topic/telemetry/seattle/s1/4/5/6/7/8', true],
    ['iot:Publish', 'topic/$aws/rules/TelemetryRule/telemetry/seattle/s1/attic', true],
    ['iot:Publish', 'topic/$aws/rules/MalformedRule/telemetry/seattle/s1', false],
    ['iot:Publish', 'topic/telemetry/seattle/s2/s1', false],
    ['iot:Publish', 'topic/telemetry/seattle/s2/s1/temperature', false],
    ['iot:Publish', 'topic/telemetry/seattle/s2/attic/s1', false],
    ['iot:Publish', 'topic/telemetry/seattle/s2/attic/s1/temperature', false],
    ['iot:Publish', 'topic/$aws/rules/TelemetryRule/telemetry/seattle/s2/s1', false],
    ['iot:Publish', 'topic/$aws/rules/TelemetryRule/telemetry/seattle/s2/s1/x', false],
    ['iot:Publish', 'topic/telemetry/seattle/s10/attic', false],
    ['iot:Publish', 'topic/telemetry/seattle/xs1/attic', false],
    ['iot:Publish', 'topic/telemetry/s1', false],
    ['iot:Publish', 'topic/other', false],
    ['iot:RetainPublish', 'topic/telemetry/seattle/s1', false],
    ['iot:Subscribe', 'topicfilter/telemetry/seattle/s2', false],
    ['iot:Subscribe', 'topicfilter/#', false],
    ['iot:Receive', 'topic/telemetry/seattle/s2', false],
    ['iot:Publish', 'topic/$aws/things/s1/shadow/get', true],
    ['iot:Publish', 'topic/$aws/things/s1/shadow/name/config/update', true],
    ['iot:Publish', 'topic/$aws/things/s1/shadow/update/accepted', false],
    ['iot:Publish', 'topic/$aws/things/s1/shadow/update/delta', false],
    ['iot:Publish', 'topic/$aws/things/s2/shadow/update', false],
    ['iot:Publish', 'topic/$aws/things/s2/shadow/name/s1/shadow/get', false],
    ['iot:Subscribe', 'topicfilter/$aws/things/s1/shadow/update/delta', true],
    ['iot:Subscribe', 'topicfilter/$aws/things/s1/shadow/name/config/get/rejected', true],
    ['iot:Subscribe', 'topicfilter/$aws/things/s1/shadow/#', true],
    ['iot:Subscribe', 'topicfilter/$aws/things/s1/#', false],
    ['iot:Subscribe', 'topicfilter/$aws/things/+/shadow/update/accepted', false],
    ['iot:Subscribe', 'topicfilter/$aws/things/s2/shadow/update/delta', false],
    ['iot:Receive', 'topic/$aws/things/s1/shadow/update/documents', true],
    ['iot:Receive', 'topic/$aws/things/s2/shadow/update/documents', false],
    ['iot:RetainPublish', 'topic/$aws/things/s1/shadow/update', false],
    ['iot:Subscribe', 'topicfilter/commands/s1/#', true],
    ['iot:Subscribe', 'topicfilter/commands/s1/reboot', true],
    ['iot:Subscribe', 'topicfilter/commands/s2/#', false],
    ['iot:Subscribe', 'topicfilter/commands/+/reboot', false],
    ['iot:Subscribe', 'topicfilter/commands/#', false],
    ['iot:Receive', 'topic/commands/s1/reboot', true],
    ['iot:Receive', 'topic/commands/s2/reboot', false],
    ['iot:Receive', 'topic/commands/s10/reboot', false],
    ['iot:Publish', 'topic/commands/s1/reboot', false],
  ];
  for (const [action, resource, allowed] of cases)
    assert.equal(ask(action, resource).allowed, allowed, `${action} ${resource}`);
  const other = asker(iot, principal, 's2')('iot:Connect', 'client/s2');
  assert.equal(other.allowed, false);
  assert.match(
    other.reason,
    /^no policy of certificate [0-9a-f]{12}\.\.\., which is attached to no thing named "s2", allows iot:Connect on client\/s2 \(nearest: TidegateDevice statement 1 \(Sid ConnectUnderOwnName\): \$\{iot:Connection.Thing.ThingName\} has no value\)$/,
  );
});

test('a gateway publishes for the sensors behind it, and for no sensor beside it', async () => {
  const { iot } = await openTestIot();
  await iot.seed(loadTidegate());
  await device(iot, { thing: 'dev-a', policy: 'TidegateDevice' });
  const explained = (topic: string) => {
    const question = parsePolicyOptions([
      'explain',
      '--thing',
      'dev-a',
      '--action',
      'publish',
      '--topic',
      topic,
    ]);
    return explainPolicy(iot.registry, question!).join('\n');
  };
  assert.match(explained('telemetry/lab/dev-a/sensor-behind-gateway'), /ALLOWED/);
  assert.match(explained('telemetry/lab/sensor-behind-gateway'), /REFUSED/);
  assert.match(explained('telemetry/lab/sensor-behind-gateway/dev-a'), /REFUSED/);
});
