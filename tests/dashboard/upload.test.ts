// The uploaded files of the page, their order and their cache lifetime.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { rootCertificates } from 'node:tls';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeEndpointCommand, IoTClient } from '@aws-sdk/client-iot';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { amazonRootsIn } from '../../core/amazon-roots.ts';
import { upload } from '../../dashboard/upload.ts';

const outputs = {
  PageBucket: 'tidegate-page',
  PageUrl: 'https://d1.cloudfront.net',
  ApiUrl: 'https://a1.execute-api.eu-west-1.amazonaws.com',
  DashboardIdentityPool: 'eu-west-1:1',
  WindowSeconds: '10',
  WindowRetentionDays: '90',
  DashboardUsers: 'eu-west-1_Abc',
  DashboardClient: 'client',
  LoginUrl: 'https://login-1.auth.eu-west-1.amazoncognito.com',
};

function onAws(given: Readonly<Record<string, string>>) {
  const stack = mockClient(CloudFormationClient);
  const pairs = Object.entries(given).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }));
  stack.on(DescribeStacksCommand).resolves({
    Stacks: [{ StackName: 't', CreationTime: new Date(0), StackStatus: 'CREATE_COMPLETE', Outputs: pairs }],
  });
  const iot = mockClient(IoTClient);
  iot.on(DescribeEndpointCommand).resolves({ endpointAddress: 'x-ats.iot.eu-west-1.amazonaws.com' });
  const s3 = mockClient(S3Client);
  s3.on(PutObjectCommand).resolves({});
  return s3;
}

test('index.html comes last, and only hashed names are cached without expiry', async () => {
  const s3 = onAws(outputs);
  assert.equal(await upload('tidegate', 'eu-west-1'), outputs.PageUrl);
  const puts = s3.commandCalls(PutObjectCommand).map(({ args: [{ input }] }) => input);
  assert.equal(puts.at(-1)?.Key, 'index.html');
  assert.ok(puts.every(({ Bucket }) => Bucket === 'tidegate-page'));
  for (const { Key, CacheControl } of puts)
    assert.equal(
      CacheControl,
      Key!.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    );
  const config = puts.find(({ Key }) => Key === 'config.json')!;
  assert.deepEqual(JSON.parse(Buffer.from(config.Body as Uint8Array).toString()), {
    region: 'eu-west-1',
    identityPoolId: 'eu-west-1:1',
    api: outputs.ApiUrl,
    mqtt: 'wss://x-ats.iot.eu-west-1.amazonaws.com/mqtt',
    cognitoIdentity: 'https://cognito-identity.eu-west-1.amazonaws.com',
    storage: { windowSeconds: 10, windowDays: 90 },
    broker: {
      ...{ host: 'x-ats.iot.eu-west-1.amazonaws.com', port: 8883 },
      ca: amazonRootsIn(rootCertificates),
    },
    login: {
      url: outputs.LoginUrl,
      clientId: 'client',
      provider: 'cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc',
    },
  });
});

test('a stack without a page is named, with the remedy, and nothing is uploaded', async () => {
  const { PageBucket: _bucket, ...others } = outputs;
  const s3 = onAws(others);
  await assert.rejects(
    upload('tidegate', 'eu-west-1'),
    /stack tidegate does not host the page: deploy it with HostPage=true/,
  );
  assert.equal(s3.commandCalls(PutObjectCommand).length, 0);
});
