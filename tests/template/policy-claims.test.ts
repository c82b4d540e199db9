// What the template's policies promise is proven for every thing, identity and topic; a slip in a policy breaks the promise.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { policyClaims } from '../../core/policy-claims.ts';
import { readClaims, type Claims } from '../../packages/local-cloud/prover/claims.ts';
import { proveClaims } from '../../packages/local-cloud/prover/prove-claims.ts';
import { createSides, type PolicyFile } from '../../packages/local-cloud/prover/sources.ts';
import { loadTidegate } from './tidegate-template.ts';

const iotArn = 'arn:aws:iot:us-east-1:000000000000';
const template = loadTidegate();
const claims = readClaims(policyClaims(iotArn), 'claims');

const only = (of: string, titles?: readonly string[]): Claims => ({
  ...claims,
  claims: claims.claims.filter((each) => each.of === of && (titles?.includes(each.claim) ?? true)),
});

const prove = (given: Claims, files: readonly PolicyFile[] = []) =>
  [...proveClaims(given, createSides({ claims: given, files, template }), iotArn)].map(
    ({ claim, verdict }) => [claim.claim, verdict] as const,
  );

for (const [of] of claims.principals) {
  test(`every claim on a ${of} is proven`, () => {
    const proofs = prove(only(of));
    assert.ok(proofs.length > 0);
    for (const [claim, verdict] of proofs)
      assert.equal(verdict.outcome, 'proven', `${claim}: ${JSON.stringify(verdict)}`);
  });
}

const documentOf = (logicalId: string) =>
  JSON.stringify(template.resources.get(logicalId)!.properties['PolicyDocument']);

/** The policy with a slip of the pen, which has to change it. */
function slipIn(name: string, from: string, to: string): PolicyFile {
  const text = documentOf(name);
  assert.ok(text.includes(from), `${name} has no ${from}`);
  return { name, text: text.replaceAll(from, to), shown: name };
}

const thing = '${iot:Connection.Thing.ThingName}';
const connects = 'No device connects with the client ID of another thing';
const publishes = 'No device publishes telemetry of another thing or of the sensors behind it';
const receives = 'No device receives the shadows, jobs, commands or telemetry of another thing';
const requests = 'No device publishes to the shadows, jobs or commands of another thing';

const slips: readonly (readonly [title: string, of: string, file: PolicyFile, broken: readonly string[]])[] =
  [
    [
      'any client ID, which also receives as that client',
      'device',
      slipIn('DevicePolicy', `client/${thing}`, 'client/*'),
      [connects, receives],
    ],
    [
      'any thing in the topic',
      'device',
      slipIn('DevicePolicy', `topic/telemetry/*/${thing}"`, 'topic/telemetry/*/*"'),
      [publishes],
    ],
    [
      'a missing slash',
      'device',
      slipIn('DevicePolicy', `topic/telemetry/*/${thing}"`, `topic/telemetry/*${thing}"`),
      [publishes],
    ],
    [
      'a denial of less',
      'device',
      slipIn('DevicePolicy', `topic/*telemetry/*/*/${thing}"`, `topic/telemetry/*/*/${thing}"`),
      [publishes],
    ],
    [
      'shadows of things whose names begin alike',
      'device',
      slipIn('DevicePolicy', `${thing}/shadow/*get`, `${thing}*/shadow/*get`),
      [requests, 'No device publishes anything but telemetry and requests to its own shadows'],
    ],
    [
      'hearing all commands',
      'device',
      slipIn('DevicePolicy', 'commands/${iot:ClientId}/*', 'commands/*'),
      [receives],
    ],
    [
      'a claim certificate under any name',
      'claim certificate',
      slipIn('ClaimPolicy', 'client/claim-*', 'client/*'),
      ['No claim certificate connects with the client ID of a thing'],
    ],
    [
      'a claim certificate that publishes all that certificates can',
      'claim certificate',
      slipIn('ClaimPolicy', 'topic/$aws/certificates/create/json"', 'topic/$aws/certificates/*"'),
      ['No claim certificate publishes anything but requests to provision'],
    ],
    [
      'jobs without their denial',
      'viewer',
      slipIn('DashboardPolicy', '/jobs/shadow/*', '/jobs/none/*'),
      [
        'No viewer publishes telemetry or commands, or changes a shadow',
        'No viewer receives jobs, events or answers to provisioning',
      ],
    ],
  ];

for (const [title, of, file, broken] of slips) {
  test(`a slip is found: ${title}`, () => {
    const found = prove(only(of, broken), [file]);
    assert.equal(found.length, broken.length);
    for (const [claim, verdict] of found) {
      assert.equal(verdict.outcome, 'broken', `${claim}: ${JSON.stringify(verdict)}`);
      // Put to the evaluator of the broker, which names the statements that allow it.
      if (verdict.outcome === 'broken')
        assert.ok(verdict.counterexample.reasons.every((reason) => reason.includes('allowed by')));
    }
  });
}

test('a topic guarded by two statements may be missing in one of them', () => {
  const file = slipIn('DevicePolicy', 'topicfilter/commands/${iot:ClientId}/*', 'topicfilter/*');
  assert.ok(prove(only('device', [receives]), [file]).every(([, { outcome }]) => outcome === 'proven'));
  const condition = documentOf('DevicePolicy').replace(/,"Condition":\{[^}]*\}\}/, '');
  assert.notEqual(condition, documentOf('DevicePolicy'));
  const bare = { name: 'DevicePolicy', text: condition, shown: 'DevicePolicy' };
  assert.ok(
    prove(only('device', [connects, receives]), [bare]).every(([, { outcome }]) => outcome === 'proven'),
  );
});
