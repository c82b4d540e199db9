// The tutorial on direct calls to AWS services: a device gets credentials of a role by its certificate.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import path from 'node:path';
import {
  AttachPolicyCommand,
  CreateKeysAndCertificateCommand,
  CreatePolicyCommand,
  CreateRoleAliasCommand,
  DeleteRoleAliasCommand,
  DescribeEndpointCommand,
  DescribeRoleAliasCommand,
  IoTClient,
  ListRoleAliasesCommand,
  UpdateRoleAliasCommand,
} from '@aws-sdk/client-iot';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { credentials, startSample, type Running } from './stack.ts';

const roleAlias = 'Thermostat-dynamodb-access-role-alias';
const roleArn = 'arn:aws:iam::000000000000:role/dynamodb-access-role';
const policy = (Resource: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'iot:AssumeRoleWithCertificate', Resource }],
  });

let running: Running;
let iot: IoTClient;
let device: { ca: Buffer; cert: string; key: string };

beforeAll(async () => {
  running = await startSample({ folder: 'tutorial' });
  iot = new IoTClient({ region: 'us-east-1', endpoint: running.stack.endpoints.aws, credentials });
  const { roleAliasArn } = await iot.send(new CreateRoleAliasCommand({ roleAlias, roleArn }));
  const keys = await iot.send(new CreateKeysAndCertificateCommand({ setAsActive: true }));
  const policyName = 'Thermostat-policy';
  await iot.send(new CreatePolicyCommand({ policyName, policyDocument: policy(roleAliasArn!) }));
  await iot.send(new AttachPolicyCommand({ policyName, target: keys.certificateArn }));
  device = {
    ca: readFileSync(path.join(running.dataDir, 'iot/ca.pem')),
    ...{ cert: keys.certificatePem!, key: keys.keyPair!.PrivateKey! },
  };
});
afterAll(async () => {
  iot.destroy();
  await running.stop();
});

/** Asks as the tutorial does with curl. */
async function ask(alias: string): Promise<{ status: number | undefined; body: string }> {
  const asked = await iot.send(new DescribeEndpointCommand({ endpointType: 'iot:CredentialProvider' }));
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number | undefined; body: string }>();
  const url = `https://${asked.endpointAddress}/role-aliases/${alias}/credentials`;
  const sent = request(
    url,
    { ...device, headers: { 'x-amzn-iot-thingname': 'mythermostat' } },
    (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode, body }));
    },
  );
  sent.on('error', reject);
  sent.end();
  return promise;
}

interface Given {
  readonly credentials: Readonly<Record<string, string>>;
}

test('credentials for the role of an alias, and a call with them', async () => {
  const { status, body } = await ask(roleAlias);
  assert.equal(status, 200);
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = (JSON.parse(body) as Given).credentials;
  const left = Date.parse(expiration!) - Date.now();
  assert.ok(left > 3_500_000 && left <= 3_600_000, expiration);
  const given = { accessKeyId: accessKeyId!, secretAccessKey: secretAccessKey!, sessionToken: sessionToken! };
  const endpoint = running.stack.endpoints.aws;
  const s3 = new S3Client({ region: 'us-east-1', endpoint, credentials: given, forcePathStyle: true });
  assert.deepEqual((await s3.send(new ListBucketsCommand({}))).Buckets ?? [], []);
  s3.destroy();
});

test('an alias that the policy does not allow', async () => {
  await iot.send(new CreateRoleAliasCommand({ roleAlias: 'other', roleArn }));
  const { status, body } = await ask('other');
  assert.equal(status, 403);
  assert.match(body, /"message":"Access Denied"/);
});

test('an alias that is updated, listed and deleted', async () => {
  const changed = { roleAlias, credentialDurationSeconds: 900 };
  await iot.send(new UpdateRoleAliasCommand(changed));
  const { roleAliasDescription } = await iot.send(new DescribeRoleAliasCommand({ roleAlias }));
  assert.partialDeepStrictEqual(roleAliasDescription, { ...changed, roleArn, owner: '000000000000' });
  await assert.rejects(
    iot.send(new UpdateRoleAliasCommand({ roleAlias, credentialDurationSeconds: 60 })),
    /must be a number from 900 to 43200/,
  );
  assert.ok((await iot.send(new ListRoleAliasesCommand({}))).roleAliases!.includes(roleAlias));
  await iot.send(new DeleteRoleAliasCommand({ roleAlias }));
  assert.equal((await ask(roleAlias)).status, 404);
});
