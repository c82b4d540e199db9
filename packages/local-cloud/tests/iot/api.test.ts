// The AWS IoT control plane through the real SDK: its answers, and its refusals with AWS's codes.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { generateKeyPairSync, X509Certificate, createPrivateKey } from 'node:crypto';
import * as iotApi from '@aws-sdk/client-iot';
import { supportedCalls } from '../../iot/api.ts';
import { makeKeyAndRequest } from './device-fixture.ts';
import { arn, openTestIot, serve } from './iot-fixture.ts';

const document = JSON.stringify({
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Action: 'iot:*', Resource: '*' },
});

async function open() {
  const opened = await openTestIot();
  return { ...opened, ...(await serve(opened.iot)) };
}

const named = (name: string) => (error: unknown) => {
  assert.equal((error as Error).name, name, String(error));
  return true;
};

async function certificate(client: iotApi.IoTClient, setAsActive = true) {
  const { csr } = await makeKeyAndRequest('s1');
  const made = await client.send(
    new iotApi.CreateCertificateFromCsrCommand({ certificateSigningRequest: csr, setAsActive }),
  );
  return { arn: made.certificateArn!, id: made.certificateId!, pem: made.certificatePem! };
}

test('every call that is answered has a command of the same name in the SDK', () => {
  for (const name of supportedCalls) assert.ok(Object.hasOwn(iotApi, `${name}Command`), name);
});

test('a thing type is created twice alike, but not twice otherwise', async () => {
  const { client } = await open();
  const create = (description: string) =>
    client.send(
      new iotApi.CreateThingTypeCommand({
        thingTypeName: 'sensor',
        thingTypeProperties: { thingTypeDescription: description, searchableAttributes: ['city'] },
      }),
    );
  const first = await create('A sensor');
  assert.equal(first.thingTypeArn, arn('thingtype/sensor'));
  assert.equal((await create('A sensor')).thingTypeId, first.thingTypeId);
  await assert.rejects(create('Another'), named('ResourceAlreadyExistsException'));
  const { thingTypes } = await client.send(new iotApi.ListThingTypesCommand({}));
  assert.equal(thingTypes?.[0]?.thingTypeMetadata?.creationDate?.toISOString(), '2026-11-20T12:00:00.000Z');
});

test('the endpoint has the port where it is not the usual one', async () => {
  const { client, iot } = await open();
  const endpoint = async () =>
    (await client.send(new iotApi.DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' }))).endpointAddress;
  assert.equal(await endpoint(), 'localhost');
  iot.endpoint.port = 40_883;
  assert.equal(await endpoint(), 'localhost:40883');
});

test('tags are kept, shown and removed, where AWS has them', async () => {
  const { client } = await open();
  const resourceArn = arn('thinggroup/g1');
  await client.send(new iotApi.CreateThingGroupCommand({ thingGroupName: 'g1' }));
  const tags = [
    { Key: 'a', Value: '1' },
    { Key: 'b', Value: '2' },
  ];
  await client.send(new iotApi.TagResourceCommand({ resourceArn, tags }));
  await client.send(new iotApi.UntagResourceCommand({ resourceArn, tagKeys: ['a'] }));
  const found = await client.send(new iotApi.ListTagsForResourceCommand({ resourceArn }));
  assert.deepEqual(found.tags, [{ Key: 'b', Value: '2' }]);
  const tag = (of: string) => client.send(new iotApi.TagResourceCommand({ resourceArn: arn(of), tags }));
  await assert.rejects(tag('thinggroup/none'), named('ResourceNotFoundException'));
  await assert.rejects(tag('thing/t1'), named('InvalidRequestException'));
});

test('a thing type is deleted only when deprecated for five minutes and unused', async () => {
  const { client, clock } = await open();
  const thingTypeName = 'sensor';
  const remove = () => client.send(new iotApi.DeleteThingTypeCommand({ thingTypeName }));
  await client.send(new iotApi.CreateThingTypeCommand({ thingTypeName }));
  await client.send(new iotApi.CreateThingCommand({ thingName: 's1', thingTypeName }));
  await assert.rejects(remove(), /must be deprecated/);
  await client.send(new iotApi.DeprecateThingTypeCommand({ thingTypeName }));
  await assert.rejects(remove(), /can be deleted in 300 s/);
  await assert.rejects(
    client.send(new iotApi.CreateThingCommand({ thingName: 's2', thingTypeName })),
    /deprecated/,
  );
  await clock.advance(300_000);
  await assert.rejects(remove(), /still the type of thing s1/);
  await client.send(new iotApi.UpdateThingCommand({ thingName: 's1', removeThingType: true }));
  await remove();
  await assert.rejects(
    client.send(new iotApi.DescribeThingTypeCommand({ thingTypeName })),
    named('ResourceNotFoundException'),
  );
});

test('a thing keeps type, attributes and version', async () => {
  const { client } = await open();
  const thingName = 's1';
  await client.send(new iotApi.CreateThingTypeCommand({ thingTypeName: 'sensor' }));
  const attributes = { city: 'Seattle', floor: '2' };
  const create = (more: object) =>
    client.send(
      new iotApi.CreateThingCommand({
        thingName,
        thingTypeName: 'sensor',
        attributePayload: { attributes, ...more },
      }),
    );
  const { thingId } = await create({});
  assert.equal((await create({})).thingId, thingId);
  await assert.rejects(create({ attributes: { city: 'Oslo' } }), {
    name: 'ResourceAlreadyExistsException',
    resourceId: thingName,
    resourceArn: arn(`thing/${thingName}`),
  });
  const merge = { attributes: { floor: '', room: '7' }, merge: true };
  await client.send(
    new iotApi.UpdateThingCommand({ thingName, attributePayload: merge, expectedVersion: 1 }),
  );
  await assert.rejects(
    client.send(new iotApi.UpdateThingCommand({ thingName, expectedVersion: 1 })),
    named('VersionConflictException'),
  );
  const { $metadata: _metadata, ...thing } = await client.send(
    new iotApi.DescribeThingCommand({ thingName }),
  );
  assert.deepEqual(thing, {
    thingName,
    thingId,
    thingArn: arn('thing/s1'),
    thingTypeName: 'sensor',
    attributes: { city: 'Seattle', room: '7' },
    version: 2,
    defaultClientId: 's1',
  });
});

test('things are listed in pages, by type and by attribute', async () => {
  const { client } = await open();
  await client.send(new iotApi.CreateThingTypeCommand({ thingTypeName: 'odd' }));
  for (let n = 0; n < 7; n += 1) {
    const type = n % 2 ? { thingTypeName: 'odd' } : {};
    const attributePayload = { attributes: { city: n < 3 ? 'Seattle' : 'Sedona' } };
    await client.send(new iotApi.CreateThingCommand({ thingName: `s${n}`, ...type, attributePayload }));
  }
  const pages: (string | undefined)[][] = [];
  for await (const page of iotApi.paginateListThings({ client, pageSize: 3 }, {})) {
    pages.push(page.things!.map((thing) => thing.thingName));
  }
  assert.deepEqual(pages, [['s0', 's1', 's2'], ['s3', 's4', 's5'], ['s6']]);
  const list = async (input: iotApi.ListThingsCommandInput) =>
    (await client.send(new iotApi.ListThingsCommand(input))).things!.map((thing) => thing.thingName);
  assert.deepEqual(await list({ thingTypeName: 'odd' }), ['s1', 's3', 's5']);
  assert.deepEqual(await list({ attributeName: 'city', attributeValue: 'Seattle' }), ['s0', 's1', 's2']);
  const prefix = { attributeName: 'city', attributeValue: 'Se', usePrefixAttributeValue: true };
  assert.equal((await list(prefix)).length, 7);
});

const refusedThings: readonly (readonly [what: string, input: iotApi.CreateThingCommandInput])[] = [
  ['a slash', { thingName: 'a/b' }],
  ['dots', { thingName: '..' }],
  ['129 characters', { thingName: 'a'.repeat(129) }],
  ['a line break', { thingName: 'a\nb' }],
  ['an attribute value with a space', { thingName: 'a', attributePayload: { attributes: { a: 'b c' } } }],
  ['an attribute name with a star', { thingName: 'a', attributePayload: { attributes: { '*': 'b' } } }],
  [
    'four attributes and no type',
    { thingName: 'a', attributePayload: { attributes: { a: '1', b: '1', c: '1', d: '1' } } },
  ],
];
for (const [what, input] of refusedThings) {
  test(`a thing with ${what} is refused`, async () => {
    const { client } = await open();
    await assert.rejects(client.send(new iotApi.CreateThingCommand(input)), named('InvalidRequestException'));
  });
}

test('names such as __proto__ and constructor are names like others', async () => {
  const { client, iot } = await open();
  for (const thingName of ['__proto__', 'constructor', 'hasOwnProperty']) {
    await assert.rejects(
      client.send(new iotApi.DescribeThingCommand({ thingName })),
      named('ResourceNotFoundException'),
    );
    const attributes = JSON.parse('{"__proto__":"x"}') as Record<string, string>;
    await client.send(new iotApi.CreateThingCommand({ thingName }));
    await client.send(new iotApi.UpdateThingCommand({ thingName, attributePayload: { attributes } }));
    assert.equal((await client.send(new iotApi.DescribeThingCommand({ thingName }))).thingName, thingName);
  }
  assert.deepEqual([...iot.registry.things.keys()], ['__proto__', 'constructor', 'hasOwnProperty']);
});

test('groups nest, hold things once in a hierarchy, and lose their things when they go', async () => {
  const { client } = await open();
  const create = (thingGroupName: string, parentGroupName?: string) =>
    client.send(new iotApi.CreateThingGroupCommand({ thingGroupName, parentGroupName }));
  await create('usa');
  await create('seattle', 'usa');
  await create('portland', 'usa');
  await assert.rejects(create('oslo', 'norway'), named('ResourceNotFoundException'));
  await client.send(new iotApi.CreateThingCommand({ thingName: 's1' }));
  const add = (thingGroupName: string) =>
    client.send(new iotApi.AddThingToThingGroupCommand({ thingGroupName, thingName: 's1' }));
  await add('seattle');
  await add('seattle');
  await assert.rejects(add('portland'), /in seattle already/);
  const members = async (thingGroupName: string, recursive: boolean) =>
    (await client.send(new iotApi.ListThingsInThingGroupCommand({ thingGroupName, recursive }))).things;
  assert.deepEqual(await members('usa', false), []);
  assert.deepEqual(await members('usa', true), ['s1']);
  const { thingGroupMetadata } = await client.send(
    new iotApi.DescribeThingGroupCommand({ thingGroupName: 'seattle' }),
  );
  assert.deepEqual(thingGroupMetadata?.rootToParentThingGroups, [
    { groupName: 'usa', groupArn: arn('thinggroup/usa') },
  ]);
  await assert.rejects(
    client.send(new iotApi.DeleteThingGroupCommand({ thingGroupName: 'usa' })),
    /child group/,
  );
  await client.send(new iotApi.DeleteThingGroupCommand({ thingGroupName: 'seattle' }));
  const { thingGroups } = await client.send(new iotApi.ListThingGroupsForThingCommand({ thingName: 's1' }));
  assert.deepEqual(thingGroups, []);
});

test('a certificate from a CSR keeps its key and subject, and starts inactive unless asked', async () => {
  const { client, iot } = await open();
  const { csr, keyPem } = await makeKeyAndRequest('store-1');
  const made = await client.send(
    new iotApi.CreateCertificateFromCsrCommand({ certificateSigningRequest: csr }),
  );
  const parsed = new X509Certificate(made.certificatePem!);
  assert.ok(parsed.checkPrivateKey(createPrivateKey(keyPem)));
  assert.equal(parsed.subject, 'CN=store-1');
  assert.equal(made.certificateId, parsed.fingerprint256.replaceAll(':', '').toLowerCase());
  assert.ok(iot.ca.signed(parsed));
  const { certificateDescription } = await client.send(
    new iotApi.DescribeCertificateCommand({ certificateId: made.certificateId }),
  );
  assert.equal(certificateDescription?.status, 'INACTIVE');
  assert.equal(certificateDescription?.validity?.notAfter?.toISOString(), '2049-12-31T23:59:59.000Z');
});

test('CreateKeysAndCertificate gives a 2048-bit RSA key that fits its certificate', async () => {
  const { client } = await open();
  const made = await client.send(new iotApi.CreateKeysAndCertificateCommand({ setAsActive: true }));
  const key = createPrivateKey(made.keyPair!.PrivateKey!);
  assert.equal(key.asymmetricKeyDetails?.modulusLength, 2048);
  assert.ok(new X509Certificate(made.certificatePem!).checkPrivateKey(key));
});

test('a request that is not a CSR, or has a weak key, is refused', async () => {
  const { client } = await open();
  const { csr } = await makeKeyAndRequest('a');
  const tampered = csr.replace(/[A-Za-z](?=[A-Za-z0-9+/=]*\n-----END)/, (letter) =>
    letter === 'A' ? 'B' : 'A',
  );
  for (const certificateSigningRequest of [
    'rubbish',
    '-----BEGIN X-----\nAAAA\n-----END X-----',
    tampered,
    'a'.repeat(4097),
  ]) {
    await assert.rejects(
      client.send(new iotApi.CreateCertificateFromCsrCommand({ certificateSigningRequest })),
      named('InvalidRequestException'),
    );
  }
});

test('a foreign certificate is registered without its CA, a CA certificate is not', async () => {
  const { client, iot } = await open();
  const { iot: other } = await openTestIot();
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const certificatePem = await other.ca.issue({ publicKey: spki, subject: [{ CN: ['x'] }] });
  const register = (pem: string) =>
    client.send(new iotApi.RegisterCertificateWithoutCACommand({ certificatePem: pem, status: 'ACTIVE' }));
  const { certificateId } = await register(certificatePem);
  assert.partialDeepStrictEqual(iot.identify(new X509Certificate(certificatePem).raw), {
    principal: certificateId,
  });
  await assert.rejects(register(certificatePem), (error: iotApi.ResourceAlreadyExistsException) => {
    return /^[0-9a-f]{64}$/.test(error.resourceId!) && error.resourceArn === arn(`cert/${error.resourceId}`);
  });
  await assert.rejects(register(other.ca.certificatePem), named('CertificateValidationException'));
  await assert.rejects(register('rubbish'), named('CertificateValidationException'));
});

test('a certificate is deleted only when inactive, detached from its thing and without policies', async () => {
  const { client } = await open();
  const { id: certificateId, arn: principal } = await certificate(client);
  await client.send(new iotApi.CreatePolicyCommand({ policyName: 'P', policyDocument: document }));
  await client.send(new iotApi.CreateThingCommand({ thingName: 's1' }));
  await client.send(new iotApi.AttachPolicyCommand({ policyName: 'P', target: principal }));
  await client.send(new iotApi.AttachThingPrincipalCommand({ thingName: 's1', principal }));
  const remove = () => client.send(new iotApi.DeleteCertificateCommand({ certificateId }));
  await assert.rejects(remove(), named('CertificateStateException'));
  await client.send(new iotApi.UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' }));
  await assert.rejects(remove(), /attached to thing s1/);
  await assert.rejects(client.send(new iotApi.DeleteThingCommand({ thingName: 's1' })), /still attached/);
  await assert.rejects(
    client.send(new iotApi.DeletePolicyCommand({ policyName: 'P' })),
    named('DeleteConflictException'),
  );
  await client.send(new iotApi.DetachThingPrincipalCommand({ thingName: 's1', principal }));
  await assert.rejects(remove(), named('DeleteConflictException'));
  await client.send(new iotApi.DetachPolicyCommand({ policyName: 'P', target: principal }));
  await remove();
  await client.send(new iotApi.DeletePolicyCommand({ policyName: 'P' }));
  await client.send(new iotApi.DeleteThingCommand({ thingName: 's1' }));
  await client.send(new iotApi.DeleteThingCommand({ thingName: 's1' }));
});

test('a policy has at most five versions, and one of them in force', async () => {
  const { client } = await open();
  const policyName = 'P';
  const version = (setAsDefault = false) =>
    client.send(
      new iotApi.CreatePolicyVersionCommand({ policyName, policyDocument: document, setAsDefault }),
    );
  await client.send(new iotApi.CreatePolicyCommand({ policyName, policyDocument: document }));
  for (let n = 2; n <= 5; n += 1) assert.equal((await version()).policyVersionId, String(n));
  await assert.rejects(version(), named('VersionsLimitExceededException'));
  await client.send(new iotApi.DeletePolicyVersionCommand({ policyName, policyVersionId: '2' }));
  assert.equal((await version(true)).policyVersionId, '6');
  assert.equal((await client.send(new iotApi.GetPolicyCommand({ policyName }))).defaultVersionId, '6');
  await assert.rejects(
    client.send(new iotApi.DeletePolicyVersionCommand({ policyName, policyVersionId: '6' })),
    named('DeleteConflictException'),
  );
  await client.send(new iotApi.SetDefaultPolicyVersionCommand({ policyName, policyVersionId: '1' }));
  const { policyVersions } = await client.send(new iotApi.ListPolicyVersionsCommand({ policyName }));
  assert.deepEqual(
    policyVersions?.map((each) => [each.versionId, each.isDefaultVersion]),
    [
      ['6', false],
      ['5', false],
      ['4', false],
      ['3', false],
      ['1', true],
    ],
  );
  await assert.rejects(
    client.send(new iotApi.CreatePolicyCommand({ policyName: 'Q', policyDocument: '{}' })),
    named('MalformedPolicyException'),
  );
});

test('a certificate exclusive to one thing is attached to no other', async () => {
  const { client } = await open();
  const { arn: principal } = await certificate(client);
  for (const thingName of ['s1', 's2']) await client.send(new iotApi.CreateThingCommand({ thingName }));
  const attach = (thingName: string, thingPrincipalType?: iotApi.ThingPrincipalType) =>
    client.send(new iotApi.AttachThingPrincipalCommand({ thingName, principal, thingPrincipalType }));
  await attach('s1');
  await attach('s2');
  await assert.rejects(attach('s1', 'EXCLUSIVE_THING'), named('InvalidRequestException'));
  await client.send(new iotApi.DetachThingPrincipalCommand({ thingName: 's2', principal }));
  await attach('s1', 'EXCLUSIVE_THING');
  await assert.rejects(attach('s2'), /exclusively/);
  const { principalThingObjects } = await client.send(new iotApi.ListPrincipalThingsV2Command({ principal }));
  assert.deepEqual(principalThingObjects, [{ thingName: 's1', thingPrincipalType: 'EXCLUSIVE_THING' }]);
});

test('policies are listed by target, with those of the groups above, and targets by policy', async () => {
  const { client } = await open();
  const { arn: target } = await certificate(client);
  await client.send(new iotApi.CreateThingGroupCommand({ thingGroupName: 'usa' }));
  await client.send(
    new iotApi.CreateThingGroupCommand({ thingGroupName: 'seattle', parentGroupName: 'usa' }),
  );
  for (const [policyName, to] of [
    ['P', target],
    ['Q', arn('thinggroup/usa')],
    ['P', arn('thinggroup/seattle')],
  ] as const) {
    await client
      .send(new iotApi.CreatePolicyCommand({ policyName, policyDocument: document }))
      .catch(() => undefined);
    await client.send(new iotApi.AttachPolicyCommand({ policyName, target: to }));
  }
  const attached = async (to: string, recursive: boolean) =>
    (await client.send(new iotApi.ListAttachedPoliciesCommand({ target: to, recursive }))).policies?.map(
      (policy) => policy.policyName,
    );
  assert.deepEqual(await attached(target, false), ['P']);
  assert.deepEqual(await attached(arn('thinggroup/seattle'), true), ['P', 'Q']);
  const { targets } = await client.send(new iotApi.ListTargetsForPolicyCommand({ policyName: 'P' }));
  assert.deepEqual(targets, [target, arn('thinggroup/seattle')].sort());
  await assert.rejects(
    client.send(new iotApi.AttachPolicyCommand({ policyName: 'P', target: 'arn:aws:s3:::bucket' })),
    named('InvalidRequestException'),
  );
});

test('the older calls attach, list and detach the policies of a principal', async () => {
  const { client } = await open();
  const { arn: principal } = await certificate(client);
  const policyName = 'P';
  await client.send(new iotApi.CreatePolicyCommand({ policyName, policyDocument: document }));
  await client.send(new iotApi.CreateThingGroupCommand({ thingGroupName: 'usa' }));
  await client.send(new iotApi.AttachPolicyCommand({ policyName, target: arn('thinggroup/usa') }));
  await client.send(new iotApi.AttachPrincipalPolicyCommand({ policyName, principal }));
  const { policies } = await client.send(new iotApi.ListPrincipalPoliciesCommand({ principal }));
  assert.deepEqual(policies, [{ policyName, policyArn: arn('policy/P') }]);
  const principals = async () =>
    (await client.send(new iotApi.ListPolicyPrincipalsCommand({ policyName }))).principals;
  assert.deepEqual(await principals(), [principal]);
  await client.send(new iotApi.DetachPrincipalPolicyCommand({ policyName, principal }));
  assert.deepEqual(await principals(), []);
  await assert.rejects(
    client.send(new iotApi.ListPolicyPrincipalsCommand({ policyName: 'nope' })),
    named('ResourceNotFoundException'),
  );
});

test('the data endpoint is localhost, and other endpoints are refused', async () => {
  const { client } = await open();
  const { endpointAddress } = await client.send(
    new iotApi.DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' }),
  );
  assert.equal(endpointAddress, 'localhost');
  const provider = await client.send(
    new iotApi.DescribeEndpointCommand({ endpointType: 'iot:CredentialProvider' }),
  );
  assert.equal(provider.endpointAddress, 'localhost:8883');
  await assert.rejects(
    client.send(new iotApi.DescribeEndpointCommand({ endpointType: 'iot:Jobs' })),
    named('NotImplementedException'),
  );
  await assert.rejects(
    client.send(new iotApi.DescribeEndpointCommand({ endpointType: 'iot:Other' })),
    named('InvalidRequestException'),
  );
});

test('a call or a parameter that is not supported is refused by name, never half done', async () => {
  const { client, iot } = await open();
  const billing = client.send(new iotApi.ListBillingGroupsCommand({}));
  await assert.rejects(billing, /AWS IoT GET \/billing-groups is not supported/);
  await assert.rejects(
    client.send(new iotApi.CreateThingCommand({ thingName: 's1', billingGroupName: 'b' })),
    /CreateThing: billingGroupName is not supported/,
  );
  assert.equal(iot.registry.things.size, 0);
});

test('a request that is broken below the API gets an error, not a stack trace', async () => {
  const { url } = await open();
  const broken: readonly (readonly [string, RequestInit])[] = [
    ['/things/%zz', { method: 'POST' }],
    ['/things/a', { method: 'POST', body: '{' }],
    ['/things/a', { method: 'POST', body: '[1]' }],
    ['/things/a', { method: 'POST', body: '{"thingTypeName":{"a":1}}' }],
    ['/things/a', { method: 'POST', body: '{"attributePayload":[]}' }],
    ['/things/a', { method: 'POST', body: '{"attributePayload":{"attributes":{"a":1}}}' }],
    ['/things/a', { method: 'POST', body: 'x'.repeat(600_000) }],
    ['/things?maxResults=0', {}],
    ['/things?nextToken=%00', {}],
    ['/thing-groups/addThingToThingGroup', { method: 'PUT', body: '{}' }],
    [`/target-policies/P`, { method: 'PUT', body: '{}' }],
  ];
  for (const [pathname, init] of broken) {
    const answer = await fetch(url + pathname, init);
    const body = (await answer.json()) as { message: string };
    assert.equal(answer.status, 400, `${pathname}: ${body.message}`);
    assert.equal(answer.headers.get('x-amzn-errortype'), 'InvalidRequestException', pathname);
    assert.doesNotMatch(body.message, /\n|node:|\.ts/);
  }
});
