// The things function on its sample events: a device is added once despite any failure, and only permitted callers change shadows.

import { afterAll, beforeAll, beforeEach, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import {
  AddThingToThingGroupCommand,
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateCertificateFromCsrCommand,
  CreateThingCommand,
  CreateThingGroupCommand,
  CreateThingTypeCommand,
  DeleteCertificateCommand,
  DescribeCertificateCommand,
  DescribeThingCommand,
  DetachThingPrincipalCommand,
  InvalidRequestException,
  IoTClient,
  ListThingPrincipalsCommand,
  ResourceAlreadyExistsException,
  ResourceNotFoundException,
  UpdateCertificateCommand,
  UpdateThingCommand,
} from '@aws-sdk/client-iot';
import {
  ConflictException,
  GetThingShadowCommand,
  IoTDataPlaneClient,
  ResourceNotFoundException as NoShadow,
  UpdateThingShadowCommand,
} from '@aws-sdk/client-iot-data-plane';
import { mockClient } from 'aws-sdk-client-mock';
import type { HttpEvent } from '../../http-api/lambda-http.ts';
import { openTables, type Tables } from '../adapters/tables.ts';
import { contextOf, sampleEvent, startLambda } from './lambda.ts';

const iot = mockClient(IoTClient);
const shadows = mockClient(IoTDataPlaneClient);
/** Of the key of the signing request in events/things-add-device.json. */
const certificatePem = readFileSync(new URL('cellar-1.cert.pem', import.meta.url), 'utf8');
const otherPem = readFileSync(new URL('other.cert.pem', import.meta.url), 'utf8');
const certificateId = 'd'.repeat(64);
const certificateArn = `arn:aws:iot:us-east-1:000000000000:cert/${certificateId}`;
const meta = { message: 'from AWS IoT', $metadata: {} };

let tables: Tables;
let handle: (event: unknown) => Promise<{ statusCode?: number; body?: string; headers?: object }>;

beforeAll(async () => {
  tables = await openTables();
  startLambda({
    AWS_ENDPOINT_URL_DYNAMODB: tables.endpoint,
    DEVICES_TABLE: 'devices',
    REGISTRATIONS_TABLE: 'registrations',
    REGISTRATIONS_PER_HOUR: '2',
    DEVICE_POLICY: 'TidegateDevice',
    USER_POOL_ID: '',
  });
  const { handler } = await import('../../functions/things.ts');
  handle = (event) => handler(event as never, contextOf('things'));
});
afterAll(() => tables.close());

beforeEach(() => {
  iot.reset();
  shadows.reset();
  iot.on(ListThingPrincipalsCommand).rejects(new ResourceNotFoundException(meta));
  iot.on(CreateCertificateFromCsrCommand).resolves({ certificateId, certificateArn, certificatePem });
  for (const command of [
    ...[CreateThingCommand, CreateThingGroupCommand, CreateThingTypeCommand, AddThingToThingGroupCommand],
    ...[AttachPolicyCommand, AttachThingPrincipalCommand, UpdateCertificateCommand, UpdateThingCommand],
    ...[DetachThingPrincipalCommand, DeleteCertificateCommand],
  ])
    iot.on(command as typeof CreateThingCommand).resolves({});
});

/** The thing has such a certificate. */
function certify(status: string, pem = certificatePem): void {
  iot.on(ListThingPrincipalsCommand).resolves({ principals: [certificateArn] });
  iot.on(DescribeCertificateCommand).resolves({
    certificateDescription: {
      ...{ certificateId, certificateArn, status: status as 'ACTIVE', certificatePem: pem },
      creationDate: new Date(1_790_000_000_000),
      validity: { notBefore: new Date(1_790_000_000_000), notAfter: new Date(1_800_000_000_000) },
    },
  });
}

interface Change {
  readonly body?: object;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
}

async function ask(sample: 'things-add-device' | 'things-change-shadow', change: Change = {}) {
  const event = structuredClone(sampleEvent(sample)) as HttpEvent & { rawPath: string };
  const { http } = event.requestContext;
  const { method = http.method, path = event.rawPath, headers = {} } = change;
  const { body: _body, ...rest } = event;
  const body = JSON.stringify({ ...(JSON.parse(event.body!) as object), ...change.body });
  const answer = await handle({
    ...rest,
    ...(method !== 'GET' && { body }),
    rawPath: path,
    headers: { ...event.headers, ...headers },
    requestContext: { ...event.requestContext, http: { ...http, method, path } },
  });
  return {
    status: answer.statusCode,
    body: JSON.parse(answer.body ?? 'null') as Record<string, unknown>,
    headers: answer.headers as Record<string, string>,
  };
}

const names = () => iot.calls().map(({ args }) => args[0].constructor.name.replace(/Command$/, ''));
const add = (body: object = {}) => ask('things-add-device', { body });

test('a device gets its thing, type, group and site, then its certificate, which becomes active last', async () => {
  const { status, body } = await add();
  assert.equal(status, 200, JSON.stringify(body));
  assert.deepEqual(body, {
    ...{ name: 'cellar-1', certificateId, certificatePem, topic: 'telemetry/seattle/cellar-1' },
  });
  assert.deepEqual(names(), [
    ...['ListThingPrincipals', 'CreateCertificateFromCsr', 'CreateThingType', 'CreateThingGroup'],
    ...['CreateThing', 'AddThingToThingGroup', 'AttachPolicy', 'AttachThingPrincipal', 'UpdateCertificate'],
  ]);
  const inputOf = (command: unknown) =>
    iot.commandCalls(command as typeof CreateThingCommand)[0]!.args[0].input;
  assert.equal((inputOf(CreateCertificateFromCsrCommand) as { setAsActive?: boolean }).setAsActive, false);
  assert.deepEqual(inputOf(CreateThingCommand), {
    thingName: 'cellar-1',
    thingTypeName: 'sensor',
    attributePayload: { attributes: { site: 'seattle' } },
  });
  assert.deepEqual(inputOf(AttachPolicyCommand), { policyName: 'TidegateDevice', target: certificateArn });
  assert.deepEqual(inputOf(UpdateCertificateCommand), { certificateId, newStatus: 'ACTIVE' });
});

test('the same request again gives the same certificate, and one for another key is refused by name', async () => {
  certify('ACTIVE');
  assert.equal((await add()).body['certificateId'], certificateId);
  certify('ACTIVE', otherPem);
  const { status, body } = await add();
  assert.equal(status, 409);
  assert.match(
    String(body['detail']),
    /^A device cellar-1 exists already, .*npm run device -- rotate cellar-1$/,
  );
  assert.deepEqual(new Set(names()), new Set(['ListThingPrincipals', 'DescribeCertificate']));
});

test('a device that was not finished is completed', async () => {
  certify('INACTIVE');
  for (const command of [CreateThingCommand, CreateThingGroupCommand, CreateThingTypeCommand])
    iot.on(command as typeof CreateThingCommand).rejects(new ResourceAlreadyExistsException(meta));
  iot.on(DescribeThingCommand).resolves({ thingName: 'cellar-1', thingTypeName: 'sensor' });
  assert.equal((await add()).status, 200);
  const [update] = iot.commandCalls(UpdateThingCommand);
  assert.deepEqual(update!.args[0].input.attributePayload, { attributes: { site: 'seattle' }, merge: true });
});

test('a thing of another type is not changed and gets no certificate', async () => {
  iot.on(CreateThingCommand).rejects(new ResourceAlreadyExistsException(meta));
  iot.on(DescribeThingCommand).resolves({ thingName: 'cellar-1', thingTypeName: 'freezer' });
  const { status, body } = await add();
  assert.deepEqual(
    [status, body['detail']],
    [409, 'The thing cellar-1 exists already, with the type freezer, not sensor'],
  );
  assert.deepEqual(names().slice(-3), ['UpdateCertificate', 'DetachThingPrincipal', 'DeleteCertificate']);
});

for (const step of [AttachPolicyCommand, AttachThingPrincipalCommand, AddThingToThingGroupCommand]) {
  test(`if ${step.name} fails, the certificate is removed`, async () => {
    iot.on(step as unknown as typeof CreateThingCommand).rejects(new Error('AWS IoT is down'));
    assert.equal((await add()).status, 500);
    assert.deepEqual(names().slice(-3), ['UpdateCertificate', 'DetachThingPrincipal', 'DeleteCertificate']);
    assert.deepEqual(
      iot.commandCalls(UpdateCertificateCommand).map(({ args }) => args[0].input.newStatus),
      ['INACTIVE'],
    );
  });
}

const wrong: readonly (readonly [body: object, detail: RegExp])[] = [
  [{ name: 'a b' }, /^`name` must be a name: 1 to 128 of a-z A-Z 0-9 _ -, not beginning with claim-$/],
  [{ name: 'gw:child' }, /^`name` must be a name/],
  [{ name: '<img src=x>', site: 'a/b' }, /^`name` must be a name.*; `site` must be a name/],
  [{ site: undefined }, /^`site` must be given: a name/],
  [{ type: '' }, /^`type` must be a name/],
  [{ sites: 'a' }, /^`sites` is not known here: did you mean site\?$/],
  [{ csr: 'hello' }, /^`csr` must be a signing request in PEM$/],
  [{ csr: `-----BEGIN CERTIFICATE REQUEST-----\n${'A'.repeat(5000)}` }, /^`csr` must be/],
];
for (const [body, detail] of wrong) {
  test(`nothing is made for ${JSON.stringify(body).slice(0, 60)}`, async () => {
    const answer = await add(body);
    assert.equal(answer.status, 400);
    assert.match(String(answer.body['detail']), detail);
    assert.deepEqual(names(), []);
  });
}

test('a signing request that AWS IoT refuses creates no thing', async () => {
  iot.on(CreateCertificateFromCsrCommand).rejects(new InvalidRequestException(meta));
  const { status, body } = await add();
  assert.deepEqual([status, body['detail']], [400, '`csr` is refused by AWS IoT: from AWS IoT']);
  assert.deepEqual(names(), ['ListThingPrincipals', 'CreateCertificateFromCsr']);
});

test('more devices than an hour may have are refused', async () => {
  const answers = [];
  for (const name of ['n-1', 'n-2', 'n-3']) answers.push(await add({ name }));
  const last = answers.at(-1)!;
  assert.equal(last.status, 429);
  assert.match(String(last.body['detail']), /^2 devices were added in this hour, which is the limit/);
});

const answers = (document: object) =>
  shadows.on(GetThingShadowCommand).resolves({ payload: Buffer.from(JSON.stringify(document)) as never });

test('a shadow is changed at the version that was read, and returned whole', async () => {
  iot.on(DescribeThingCommand).resolves({ thingName: 'cellar-1' });
  shadows.on(UpdateThingShadowCommand).resolves({});
  answers({
    state: { desired: { setpoint: 3.5 }, reported: { setpoint: 4 }, delta: { setpoint: 3.5 } },
    ...{ version: 19, timestamp: 1_790_000_000 },
  });
  const { status, body, headers } = await ask('things-change-shadow', { headers: { 'if-match': '"18"' } });
  assert.deepEqual([status, headers['etag']], [200, '"19"']);
  assert.deepEqual(body, {
    ...{ version: 19, asOf: 1_790_000_000_000, desired: { setpoint: 3.5 } },
    ...{ reported: { setpoint: 4 }, delta: { setpoint: 3.5 } },
  });
  const { payload } = shadows.commandCalls(UpdateThingShadowCommand)[0]!.args[0].input;
  assert.deepEqual(JSON.parse(Buffer.from(payload as Uint8Array).toString()), {
    ...{ state: { desired: { setpoint: 3.5 } }, version: 18 },
  });
});

test('a change for another version is refused with both versions, and a name that no thing has with that', async () => {
  iot.on(DescribeThingCommand).resolves({ thingName: 'cellar-1' });
  shadows.on(UpdateThingShadowCommand).rejects(new ConflictException({ ...meta }));
  answers({ state: {}, version: 21, timestamp: 1 });
  const late = await ask('things-change-shadow', { headers: { 'if-match': '"18"' } });
  assert.equal(late.status, 412);
  assert.match(String(late.body['detail']), /now at version 21, and the change is based on version 18/);
  iot.on(DescribeThingCommand).rejects(new ResourceNotFoundException(meta));
  assert.equal((await ask('things-change-shadow')).status, 404);
  assert.equal((await ask('things-change-shadow', { headers: { 'if-match': 'W/"x"' } })).status, 412);
  assert.equal((await ask('things-change-shadow', { body: { desired: {} } })).status, 400);
});

test('a device without a shadow has an empty one of version 0, and a certificate its dates', async () => {
  shadows.on(GetThingShadowCommand).rejects(new NoShadow(meta));
  const { body } = await ask('things-change-shadow', { method: 'GET' });
  assert.deepEqual({ ...body, asOf: 0 }, { version: 0, asOf: 0, reported: {}, desired: {}, delta: {} });
  certify('ACTIVE');
  const path = '/devices/cellar-1/certificates';
  assert.deepEqual((await ask('things-change-shadow', { method: 'GET', path })).body, {
    certificates: [
      { certificateId, status: 'ACTIVE', createdAt: 1_790_000_000_000, expiresAt: 1_800_000_000_000 },
    ],
  });
  iot.on(ListThingPrincipalsCommand).rejects(new ResourceNotFoundException(meta));
  assert.equal((await ask('things-change-shadow', { method: 'GET', path })).status, 404);
});
