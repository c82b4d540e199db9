// Fleet provisioning by claim: requests of a device over MQTT, the answers, and the registry afterwards.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { change } from '../../iot/registry.ts';
import { arn, openTestIot } from '../iot/iot-fixture.ts';
import { allow, body, claim, openFleet, type Fleet } from './fixture.ts';

const provisionTopic = '$aws/provisioning-templates/T/provision/json';

test('a device gets a certificate for its own key, and by the template thing, type, group, policy and configuration', async () => {
  const { iot, certificate, provision } = await openFleet();
  const made = await certificate();
  assert.deepEqual(Object.keys(made).sort(), [
    'certificateId',
    'certificateOwnershipToken',
    'certificatePem',
  ]);
  const id = made.certificateId;
  assert.equal(iot.registry.certificates.get(id)?.status, 'PENDING_ACTIVATION');
  assert.deepEqual(await provision(made.certificateOwnershipToken), {
    deviceConfiguration: { hello: 'you are s1' },
    thingName: 's1',
  });
  assert.equal(iot.registry.certificates.get(id)?.status, 'ACTIVE');
  assert.partialDeepStrictEqual(iot.registry.things.get('s1'), {
    typeName: 'sensor',
    groups: ['Seattle'],
    attributes: [['place', 'attic']],
    principals: [[arn(`cert/${id}`), 'NON_EXCLUSIVE_THING']],
  });
  assert.deepEqual(iot.registry.targets.get(arn(`cert/${id}`))?.policies, ['P']);
  const request = {
    principal: id,
    clientId: 's1',
    sourceIp: '127.0.0.1',
    action: 'iot:Connect',
    resource: 'client/s1',
  };
  assert.equal(iot.authorize(request).allowed, true);
});

test('CreateKeysAndCertificate answers on accepted with a key that fits, to the client that asked', async () => {
  const { request, iot } = await openFleet();
  const { topic, to, answer } = await request('$aws/certificates/create/json', '');
  assert.deepEqual([topic, to], ['$aws/certificates/create/json/accepted', 'claim-1']);
  const certificate = new X509Certificate(answer['certificatePem'] as string);
  assert.equal(certificate.checkPrivateKey(createPrivateKey(answer['privateKey'] as string)), true);
  const id = (answer['certificateId'] as string).slice(0, 12);
  assert.deepEqual(iot.identify(certificate.raw), { refused: `certificate ${id}... is PENDING_ACTIVATION` });
});

test('the hook is asked as AWS asks it, and its overrides count', async () => {
  const fleet = await openFleet(async (name) => {
    assert.equal(name, 'arn:aws:lambda:us-east-1:000000000000:function:hook');
    return { payload: '{"allowProvisioning": true, "parameterOverrides": {"Place": "cellar"}}' };
  });
  const made = await fleet.certificate();
  await fleet.provision(made.certificateOwnershipToken, { Serial: 's1', Place: 'roof', Other: 'x' });
  assert.deepEqual(fleet.asked, [
    {
      claimCertificateId: claim,
      certificateId: made.certificateId,
      certificatePem: made['certificatePem'],
      templateArn: arn('provisioningtemplate/T'),
      clientId: 'claim-1',
      parameters: { Serial: 's1', Place: 'roof', Other: 'x' },
    },
  ]);
  assert.deepEqual(fleet.iot.registry.things.get('s1')?.attributes, [['place', 'cellar']]);
});

const refusingHooks: readonly (readonly [
  title: string,
  answer: () => Promise<{ payload: string; functionError?: string }>,
  reason: RegExp,
])[] = [
  ['says no', async () => ({ payload: '{"allowProvisioning": false}' }), /did not allow it/],
  ['says nothing', async () => ({ payload: 'null' }), /did not allow it/],
  [
    'fails',
    async () => ({ payload: '{"errorMessage":"no"}', functionError: 'Unhandled' }),
    /hook failed: .*no/,
  ],
  [
    'overrides with a value that is not text',
    async () => ({ payload: '{"allowProvisioning":true,"parameterOverrides":{"a":1}}' }),
    /not an object of texts/,
  ],
];
for (const [title, answer, reason] of refusingHooks) {
  test(`a hook that ${title} denies access, and the certificate stays without use`, async () => {
    const { iot, certificate, provision } = await openFleet(answer);
    const made = await certificate();
    const rejected = await provision(made.certificateOwnershipToken);
    assert.deepEqual([rejected.statusCode, rejected.errorCode], [403, 'AccessDenied']);
    assert.match(rejected.errorMessage!, reason);
    assert.equal(iot.registry.things.size, 0);
    assert.equal(iot.registry.certificates.get(made.certificateId)?.status, 'PENDING_ACTIVATION');
  });
}

test('a hook that takes over five seconds denies access', async () => {
  const { certificate, provision, clock } = await openFleet(() => new Promise(() => {}));
  const made = await certificate();
  const answer = provision(made.certificateOwnershipToken);
  await clock.advance(5_000);
  assert.partialDeepStrictEqual(await answer, { statusCode: 403, errorCode: 'AccessDenied' });
});

test('a token is worth nothing after an hour, and its certificate is deleted', async () => {
  const { iot, certificate, provision, clock } = await openFleet();
  const made = await certificate();
  await clock.advance(3_600_000);
  const rejected = await provision(made.certificateOwnershipToken);
  assert.partialDeepStrictEqual(rejected, { statusCode: 400, errorCode: 'InvalidCertificateOwnershipToken' });
  await clock.advance(60_000);
  assert.equal(iot.registry.certificates.has(made.certificateId), false);
  assert.equal(iot.registry.ownerships.size, 0);
});

test('a certificate that was provisioned stays when its token goes', async () => {
  const { iot, certificate, provision, clock } = await openFleet();
  const made = await certificate();
  await provision(made.certificateOwnershipToken);
  await clock.advance(3_700_000);
  assert.equal(iot.registry.ownerships.size, 0);
  assert.equal(iot.registry.certificates.get(made.certificateId)?.status, 'ACTIVE');
});

test('a token serves only the claim that it was given to, once; the same request again gets the same answer', async () => {
  const { certificate, provision, iot } = await openFleet();
  const { certificateOwnershipToken: token } = await certificate();
  assert.equal(
    (await provision(token, { Serial: 's1' }, 'f0'.repeat(32))).errorCode,
    'InvalidCertificateOwnershipToken',
  );
  const first = await provision(token);
  assert.equal(first['thingName'], 's1');
  const { version } = iot.registry.things.get('s1')!;
  assert.deepEqual(await provision(token), first);
  assert.equal(iot.registry.things.get('s1')!.version, version);
  assert.equal((await provision(token, { Serial: 's2' })).errorCode, 'InvalidCertificateOwnershipToken');
});

test('two requests with one token at the same time: one thing', async () => {
  const { certificate, request, iot } = await openFleet();
  const { certificateOwnershipToken } = await certificate();
  await Promise.all(
    ['a', 'b'].map((Serial) =>
      request(provisionTopic, { certificateOwnershipToken, parameters: { Serial } }),
    ),
  );
  assert.equal(iot.registry.things.size, 1);
});

test('no token is on the disk', async () => {
  const dir = temporaryFolder();
  const { certificate } = await openFleet(undefined, dir);
  const { certificateOwnershipToken } = await certificate();
  assert.equal(
    readFileSync(path.join(dir, 'registry.log'), 'utf8').includes(certificateOwnershipToken),
    false,
  );
});

test('a certificate that waits for its provisioning survives a restart', async () => {
  const dir = temporaryFolder();
  const before = await openFleet(undefined, dir);
  const { certificateOwnershipToken } = await before.certificate();
  await before.iot.close();
  const after = await openFleet(undefined, dir);
  assert.equal((await after.provision(certificateOwnershipToken))['thingName'], 's1');
});

const badRequests: readonly (readonly [title: string, topic: string, payload: string, code: string])[] = [
  ['no JSON', provisionTopic, '{', 'InvalidPayload'],
  ['an array', provisionTopic, '[]', 'InvalidPayload'],
  ['no token', provisionTopic, '{}', 'InvalidCertificateOwnershipToken'],
  [
    'a token that is none',
    provisionTopic,
    '{"certificateOwnershipToken":"x"}',
    'InvalidCertificateOwnershipToken',
  ],
  ['a token that is not text', provisionTopic, '{"certificateOwnershipToken":{}}', 'InvalidParameters'],
  ['parameters that are a list', provisionTopic, '{"parameters":[]}', 'InvalidParameters'],
  ['a parameter that is a number', provisionTopic, '{"parameters":{"a":1}}', 'InvalidParameters'],
  [
    'a parameter that is too long',
    provisionTopic,
    JSON.stringify({ parameters: { a: 'x'.repeat(1_025) } }),
    'InvalidParameters',
  ],
  [
    'a hundred parameters and one',
    provisionTopic,
    JSON.stringify({ parameters: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [i, 'x'])) }),
    'InvalidParameters',
  ],
  [
    'a template that does not exist',
    '$aws/provisioning-templates/U/provision/json',
    '{"certificateOwnershipToken":"x"}',
    'ResourceNotFound',
  ],
  ['no signing request', '$aws/certificates/create-from-csr/json', '{}', 'InvalidRequest'],
  [
    'a signing request that is none',
    '$aws/certificates/create-from-csr/json',
    '{"certificateSigningRequest":"x"}',
    'InvalidRequest',
  ],
  ['ten thousand levels', provisionTopic, '['.repeat(10_000) + ']'.repeat(10_000), 'InvalidPayload'],
];
test('a bad request is rejected with a code and a reason', async () => {
  const { request, lines } = await openFleet();
  for (const [title, topic, payload, code] of badRequests) {
    const { topic: answered, answer } = await request(topic, payload);
    assert.deepEqual([answered, answer['errorCode']], [`${topic}/rejected`, code], title);
    assert.equal(lines.at(-1)?.message, 'provisioning refused');
  }
});

test('only the six JSON topics are accepted', async () => {
  const { request } = await openFleet();
  for (const topic of [
    '$aws/certificates/create/cbor',
    '$aws/certificates/create/json/accepted',
    '$aws/provisioning-templates/T/provision/cbor',
    '$aws/provisioning-templates/a/b/provision/json',
    '$aws/provisioning-templates//provision/json',
    'x$aws/certificates/create/json',
  ])
    await assert.rejects(request(topic, ''), { message: `nothing takes ${topic}` });
});

test('a claim cannot make more than a thousand certificates wait', async () => {
  const { iot, certificate } = await openFleet();
  const ownership = { certificateId: 'x', claimant: claim, expiresAt: Infinity };
  await iot.registry.commit(
    Array.from({ length: 1_000 }, (_, i) => change('ownership', String(i), ownership)),
  );
  assert.partialDeepStrictEqual(await certificate(), { statusCode: 429, errorCode: 'Throttling' });
});

async function again(fleet: Fleet, OverrideSettings: object, Place: string) {
  const thing = { ...body.Resources.thing, OverrideSettings };
  await fleet.template({ Resources: { ...body.Resources, thing } });
  const { certificateOwnershipToken } = await fleet.certificate();
  return fleet.provision(certificateOwnershipToken, { Serial: 's1', Place });
}

test('a thing that exists: the same is joined, another is a conflict, and OverrideSettings decide where they are', async () => {
  const fleet = await openFleet();
  const place = () => fleet.iot.registry.things.get('s1')?.attributes;
  await again(fleet, {}, 'attic');
  assert.equal((await again(fleet, {}, 'attic'))['thingName'], 's1');
  assert.equal(fleet.iot.registry.things.get('s1')?.principals.length, 2);
  assert.deepEqual((await again(fleet, {}, 'roof')).errorCode, 'ResourceConflicts');
  assert.deepEqual(place(), [['place', 'attic']]);
  await again(fleet, { AttributePayload: 'DO_NOTHING' }, 'roof');
  assert.deepEqual(place(), [['place', 'attic']]);
  await again(fleet, { AttributePayload: 'REPLACE' }, 'roof');
  assert.deepEqual(place(), [['place', 'roof']]);
  await again(fleet, { AttributePayload: 'MERGE', ThingGroups: 'MERGE', ThingTypeName: 'REPLACE' }, 'hall');
  assert.deepEqual(place(), [['place', 'hall']]);
  const refused = await again(fleet, { ThingTypeName: 'FAIL' }, 'hall');
  assert.deepEqual([refused.statusCode, refused.errorCode], [409, 'ResourceConflicts']);
});

test('nothing is made when one part cannot be', async () => {
  const { iot, certificate, provision, template } = await openFleet();
  const missing: readonly (readonly [object, RegExp])[] = [
    [{ policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'Q' } } }, /Policy Q does not exist/],
    [
      { thing: { Type: 'AWS::IoT::Thing', Properties: { ThingName: 'a', ThingGroups: ['G'] } } },
      /group G does not exist/,
    ],
    [
      { thing: { Type: 'AWS::IoT::Thing', Properties: { ThingName: 'a', ThingTypeName: 'T' } } },
      /type T does not exist/,
    ],
    [
      { thing: { Type: 'AWS::IoT::Thing', Properties: { ThingName: 'a/b' } } },
      /thingName "a\/b" is not allowed/,
    ],
    [
      {
        thing: { Type: 'AWS::IoT::Thing', Properties: { ThingName: 'a', AttributePayload: { 'x y': 'z' } } },
      },
      /attribute name "x y"/,
    ],
  ];
  for (const [resources, reason] of missing) {
    await template({ Resources: { ...body.Resources, ...resources } });
    const { certificateOwnershipToken } = await certificate();
    assert.match((await provision(certificateOwnershipToken)).errorMessage!, reason);
  }
  assert.equal(iot.registry.things.size, 0);
  assert.equal(
    [...iot.registry.certificates.values()].some(({ status }) => status === 'ACTIVE'),
    false,
  );
});

test('a policy of the template itself is made once, under a name that is its digest', async () => {
  const { iot, certificate, provision, template } = await openFleet();
  const PolicyDocument = JSON.parse(allow) as object;
  await template({
    Resources: { ...body.Resources, own: { Type: 'AWS::IoT::Policy', Properties: { PolicyDocument } } },
  });
  for (const Serial of ['s1', 's2'])
    await provision((await certificate()).certificateOwnershipToken, { Serial });
  const names = [...iot.registry.policies.keys()].filter((name) => name !== 'P');
  assert.equal(names.length, 1);
  assert.match(names[0]!, /^[0-9a-f]{64}$/);
});

test('a disabled template provisions nothing', async () => {
  const { iot, certificate, provision } = await openFleet();
  const found = iot.registry.provisioningTemplates.get('T')!;
  await iot.registry.commit([change('provisioningTemplate', 'T', { ...found, enabled: false })]);
  assert.equal((await provision((await certificate()).certificateOwnershipToken)).errorCode, 'AccessDenied');
});

test('a template of the stack that cannot work stops the start with its line', async () => {
  const { iot } = await openTestIot();
  const properties = { TemplateBody: '{"Resources":{}}', ProvisioningRoleArn: 'r', Enabled: 'true' };
  const at = (...where: (string | number)[]) => `template.yaml:${where.join('.')}`;
  const template = { logicalId: 'Fleet', name: 'Fleet', properties, at };
  await assert.rejects(
    iot.seed({ ofType: (type) => (type === 'AWS::IoT::ProvisioningTemplate' ? [template] : []) }),
    {
      name: 'StartError',
      message:
        'template.yaml:TemplateBody: Fleet: The template body is invalid: Template must have certificate resource.',
    },
  );
});
