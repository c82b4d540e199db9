// What each API call needs, as a table, by the request as SDKs send it.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { needsOf } from '../../iam/needs.ts';

const place = { region: 'us-east-1', accountId: '000000000000' };
const partitionKeys = (_table: string, index?: string) => (index === 'Days' ? 'day' : 'id');

interface Asked {
  readonly method?: string;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object | string;
}

const arn = (service: string, resource: string) => `arn:aws:${service}:us-east-1:000000000000:${resource}`;

function needs(
  service: string,
  { method = 'POST', url = '/', headers = {}, body = '' }: Asked,
): string[] | undefined {
  const req = { method, url, headers } as unknown as IncomingMessage;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return needsOf(req, service, text, { place, partitionKeys })?.map(
    ({ action, resource, keys = {} }) =>
      `${action} ${resource.replace('arn:aws:', '').replace(':us-east-1:000000000000', '')}` +
      Object.entries(keys)
        .map(([key, value]) => ` ${key}=${String(value)}`)
        .join(''),
  );
}

const target = (name: string) => ({ 'x-amz-target': name });
const dynamo = (operation: string, body: object): Asked => ({
  headers: target(`DynamoDB_20120810.${operation}`),
  body,
});
const table = { TableName: 'T' };
const cert = arn('iot', 'cert/ab12');

const cases: readonly (readonly [
  title: string,
  service: string,
  asked: Asked,
  needs: readonly string[] | undefined,
])[] = [
  [
    'GetItem',
    'dynamodb',
    dynamo('GetItem', { ...table, Key: { id: { S: 'a' } } }),
    ['dynamodb:GetItem dynamodb:table/T dynamodb:leadingkeys=a'],
  ],
  [
    'a query of an index, by its partition key',
    'dynamodb',
    dynamo('Query', {
      ...{ ...table, IndexName: 'Days', KeyConditionExpression: '#d = :d AND at > :t' },
      ...{
        ExpressionAttributeNames: { '#d': 'day' },
        ExpressionAttributeValues: { ':d': { S: 'mon' }, ':t': { N: '1' } },
      },
    }),
    ['dynamodb:Query dynamodb:table/T/index/Days dynamodb:leadingkeys=mon'],
  ],
  [
    'a table by its ARN',
    'dynamodb',
    dynamo('Scan', { TableName: arn('dynamodb', 'table/T') }),
    ['dynamodb:Scan dynamodb:table/T'],
  ],
  [
    'each part of a transaction',
    'dynamodb',
    dynamo('TransactWriteItems', {
      TransactItems: [
        { Put: { ...table, Item: { id: { S: 'a' } } } },
        { ConditionCheck: { TableName: 'U', Key: { id: { N: '7' } } } },
      ],
    }),
    [
      'dynamodb:PutItem dynamodb:table/T dynamodb:leadingkeys=a dynamodb:enclosingoperation=TransactWriteItems',
      'dynamodb:ConditionCheckItem dynamodb:table/U dynamodb:leadingkeys=7 dynamodb:enclosingoperation=TransactWriteItems',
    ],
  ],
  [
    'each statement of a transaction',
    'dynamodb',
    dynamo('ExecuteTransaction', {
      TransactStatements: [
        { Statement: `INSERT INTO T VALUE {'id': ?}`, Parameters: [{ S: 'a', unknown: 'left out' }] },
        { Statement: `EXISTS(SELECT * FROM "U" WHERE id = 7)` },
        { Statement: 'what DynamoDB refuses' },
      ],
    }),
    [
      'dynamodb:PartiQLInsert dynamodb:table/T dynamodb:leadingkeys=a dynamodb:enclosingoperation=ExecuteTransaction',
      'dynamodb:PartiQLSelect dynamodb:table/U dynamodb:leadingkeys=7 dynamodb:enclosingoperation=ExecuteTransaction',
    ],
  ],
  [
    'a PartiQL statement of an index',
    'dynamodb',
    dynamo('ExecuteStatement', { Statement: `SELECT * FROM "T"."Days" WHERE day IN ['a', 'b']` }),
    ['dynamodb:PartiQLSelect dynamodb:table/T/index/Days dynamodb:leadingkeys=a,b'],
  ],
  [
    'each table of a batch',
    'dynamodb',
    dynamo('BatchWriteItem', {
      RequestItems: {
        T: [{ PutRequest: { Item: { id: { S: 'a' } } } }, { DeleteRequest: { Key: { id: { S: 'b' } } } }],
        U: [],
      },
    }),
    [
      'dynamodb:BatchWriteItem dynamodb:table/T dynamodb:leadingkeys=a,b',
      'dynamodb:BatchWriteItem dynamodb:table/U',
    ],
  ],
  [
    'reading an object',
    's3',
    { method: 'GET', url: '/b/raw/a.gz?x-id=GetObject' },
    ['s3:GetObject s3:::b/raw/a.gz'],
  ],
  ['the head of an object', 's3', { method: 'HEAD', url: '/b/k' }, ['s3:GetObject s3:::b/k']],
  [
    'reading a version',
    's3',
    { method: 'GET', url: '/b/k?versionId=v1' },
    ['s3:GetObjectVersion s3:::b/k s3:versionid=v1'],
  ],
  [
    'listing a prefix',
    's3',
    { method: 'GET', url: '/b?list-type=2&prefix=raw%2F' },
    ['s3:ListBucket s3:::b s3:prefix=raw/'],
  ],
  [
    'writing with tags',
    's3',
    { method: 'PUT', url: '/b/k', headers: { 'x-amz-tagging': 'a=b' } },
    ['s3:PutObject s3:::b/k', 's3:PutObjectTagging s3:::b/k'],
  ],
  [
    'a copy',
    's3',
    { method: 'PUT', url: '/b/k', headers: { 'x-amz-copy-source': 'from/x%20y' } },
    ['s3:PutObject s3:::b/k', 's3:GetObject s3:::from/x y'],
  ],
  [
    'a part of an upload',
    's3',
    { method: 'PUT', url: '/b/k?partNumber=1&uploadId=u' },
    ['s3:PutObject s3:::b/k'],
  ],
  [
    'each object of a deletion',
    's3',
    {
      url: '/b?delete',
      body: '<Delete><Object><Key>a&amp;b</Key></Object><Object><Key>c</Key><VersionId>1</VersionId></Object></Delete>',
    },
    ['s3:DeleteObject s3:::b/a&b', 's3:DeleteObjectVersion s3:::b/c'],
  ],
  [
    'each object of a deletion that is written with a prefix, an attribute and CDATA',
    's3',
    {
      url: '/b?delete',
      body: '<s:Delete xmlns:s="x"><s:Object><s:Key>a</s:Key></s:Object><Object at="1"><Key><![CDATA[b]]></Key></Object></s:Delete>',
    },
    ['s3:DeleteObject s3:::b/a', 's3:DeleteObject s3:::b/b'],
  ],
  [
    'publishing',
    'sns',
    { body: `Action=Publish&TopicArn=${arn('sns', 'alerts')}&Message=x` },
    ['sns:Publish sns:alerts'],
  ],
  [
    'a batch of notifications',
    'sns',
    { body: `Action=PublishBatch&TopicArn=${arn('sns', 'alerts')}` },
    ['sns:Publish sns:alerts'],
  ],
  [
    'a subscription, by its topic',
    'sns',
    { body: `Action=Unsubscribe&SubscriptionArn=${arn('sns', 'alerts:1-2')}` },
    ['sns:Unsubscribe sns:alerts'],
  ],
  ['a message to a phone', 'sns', { body: 'Action=Publish&PhoneNumber=%2B12065550100' }, ['sns:Publish *']],
  [
    'a batch to a queue',
    'sqs',
    { headers: target('AmazonSQS.SendMessageBatch'), body: { QueueUrl: 'http://h/000000000000/q' } },
    ['sqs:SendMessage sqs:q'],
  ],
  [
    'records to a stream',
    'kinesis',
    { headers: target('Kinesis_20131202.PutRecords'), body: { StreamARN: arn('kinesis', 'stream/s') } },
    ['kinesis:PutRecords kinesis:stream/s'],
  ],
  [
    'a record to Firehose',
    'firehose',
    { headers: target('Firehose_20150804.PutRecord'), body: { DeliveryStreamName: 'd' } },
    ['firehose:PutRecord firehose:deliverystream/d'],
  ],
  [
    'groups of a user',
    'cognito-idp',
    {
      headers: target('AWSCognitoIdentityProviderService.AdminListGroupsForUser'),
      body: { UserPoolId: 'us-east-1_a' },
    },
    ['cognito-idp:AdminListGroupsForUser cognito-idp:userpool/us-east-1_a'],
  ],
  ['who one is', 'sts', { body: 'Action=GetCallerIdentity' }, []],
  [
    'an alarm in CBOR, by its operation alone',
    'monitoring',
    { url: '/service/GraniteServiceVersion20100801/operation/PutMetricData' },
    ['cloudwatch:PutMetricData *'],
  ],
  [
    'an invocation',
    'lambda',
    { url: '/2015-03-31/functions/fn/invocations' },
    ['lambda:InvokeFunction lambda:function:fn'],
  ],
  [
    'an invocation of a version',
    'lambda',
    { url: '/2015-03-31/functions/fn/invocations?Qualifier=live' },
    ['lambda:InvokeFunction lambda:function:fn:live'],
  ],
  [
    'an invocation by ARN',
    'lambda',
    { url: `/2015-03-31/functions/${encodeURIComponent(arn('lambda', 'function:fn'))}/invocations` },
    ['lambda:InvokeFunction lambda:function:fn'],
  ],
  ['a thing', 'iot', { method: 'GET', url: '/things/fridge' }, ['iot:DescribeThing iot:thing/fridge']],
  [
    'a thing and its group',
    'iot',
    {
      method: 'PUT',
      url: '/thing-groups/addThingToThingGroup',
      body: { thingName: 'f', thingGroupName: 'g' },
    },
    ['iot:AddThingToThingGroup iot:thing/f', 'iot:AddThingToThingGroup iot:thinggroup/g'],
  ],
  [
    'a policy for a certificate',
    'iot',
    { method: 'PUT', url: '/target-policies/P', body: { target: cert } },
    ['iot:AttachPolicy iot:cert/ab12'],
  ],
  [
    'a policy for an identity',
    'iot',
    { method: 'PUT', url: '/target-policies/P', body: { target: 'us-east-1:1-2' } },
    ['iot:AttachPolicy *'],
  ],
  [
    'a principal of a thing',
    'iot',
    { method: 'PUT', url: '/things/f/principals', headers: { 'x-amzn-principal': cert } },
    ['iot:AttachThingPrincipal iot:cert/ab12'],
  ],
  ['a shadow', 'iotdata', { method: 'GET', url: '/things/f/shadow' }, ['iot:GetThingShadow iot:thing/f']],
  ['a named shadow', 'iotdata', { url: '/things/f/shadow?name=n' }, ['iot:UpdateThingShadow iot:thing/f/n']],
  [
    'a retained message',
    'iotdata',
    { url: '/topics/a%2Fb?retain=true' },
    ['iot:Publish iot:topic/a/b', 'iot:RetainPublish iot:topic/a/b'],
  ],
  [
    'a signature, by the ID of the key',
    'kms',
    { headers: target('TrentService.Sign'), body: { KeyId: 'k-1', Message: 'YQ==' } },
    ['kms:Sign kms:key/k-1'],
  ],
  [
    'a public key, by ARN',
    'kms',
    { headers: target('TrentService.GetPublicKey'), body: { KeyId: arn('kms', 'key/k-1') } },
    ['kms:GetPublicKey kms:key/k-1'],
  ],
  [
    'a key by an alias, which KMS itself does not find',
    'kms',
    { headers: target('TrentService.DescribeKey'), body: { KeyId: 'alias/a' } },
    [],
  ],
  ['a service without a table', 'route53', { method: 'GET', url: '/2013-04-01/hostedzone' }, undefined],
];

test.each(cases)('%s', (_title, service, asked, expected) => {
  assert.deepEqual(needs(service, asked), expected);
});

test('a deletion that S3 cannot read is refused as S3 does', () => {
  const body = '<Delete><Object><Key>&#x110000;</Key></Object></Delete>';
  assert.throws(() => needs('s3', { url: '/b?delete', body }), { code: 'MalformedXML' });
});
