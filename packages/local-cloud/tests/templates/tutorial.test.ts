// The tutorials of the AWS IoT developer guide, typed step by step: first device, and rules to other services.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { CreateTableCommand, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateKeysAndCertificateCommand,
  CreatePolicyCommand,
  CreateThingCommand,
  CreateTopicRuleCommand,
  IoTClient,
  type Action,
} from '@aws-sdk/client-iot';
import { AddPermissionCommand, GetPolicyCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { connectAsync, type MqttClient } from 'mqtt';
import { eventually } from '../../../../tests/support/waiting.ts';
import { credentials, startSample, type Running } from './stack.ts';

let running: Running;
let iot: IoTClient;
let device: MqttClient;
let roleArn: string;
const READING = { temperature: 38, humidity: 80, wind: { velocity: 22, bearing: 255 } };

/** One call in the query protocol, as `aws iam ...` sends it. @returns the answer, as text */
async function iam(action: string, parameters: Readonly<Record<string, string>>): Promise<string> {
  const response = await fetch(running.stack.endpoints.aws, {
    method: 'POST',
    headers: { authorization: 'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/iam/aws4_request' },
    body: new URLSearchParams({ Action: action, Version: '2010-05-08', ...parameters }),
  });
  return response.text();
}

async function createRule(ruleName: string, sql: string, action: Action): Promise<void> {
  const topicRulePayload = { sql, awsIotSqlVersion: '2016-03-23', actions: [action] };
  await iot.send(new CreateTopicRuleCommand({ ruleName, topicRulePayload }));
}

/** The policy that the kit for a first device writes. */
const KIT_POLICY = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: ['iot:Publish', 'iot:Receive', 'iot:PublishRetain'], Resource: '*' },
    { Effect: 'Allow', Action: 'iot:Subscribe', Resource: '*' },
    { Effect: 'Allow', Action: 'iot:Connect', Resource: '*' },
  ],
};

beforeAll(async () => {
  running = await startSample({ folder: 'tutorial' });
  const { aws, mqtt } = running.stack.endpoints;
  iot = new IoTClient({ region: 'us-east-1', endpoint: aws, credentials });
  await iot.send(new CreateThingCommand({ thingName: 'MyIotThing' }));
  const keys = await iot.send(new CreateKeysAndCertificateCommand({ setAsActive: true }));
  const policyDocument = JSON.stringify(KIT_POLICY);
  await iot.send(new CreatePolicyCommand({ policyName: 'MyIotPolicy', policyDocument }));
  await iot.send(new AttachPolicyCommand({ policyName: 'MyIotPolicy', target: keys.certificateArn }));
  const principal = keys.certificateArn!;
  await iot.send(new AttachThingPrincipalCommand({ thingName: 'MyIotThing', principal }));
  device = await connectAsync(mqtt, {
    ca: readFileSync(path.join(running.dataDir, 'iot/ca.pem')),
    cert: keys.certificatePem!,
    key: keys.keyPair!.PrivateKey!,
    clientId: 'basicPubSub',
  });
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [] });
  const created = await iam('CreateRole', { RoleName: 'rules', AssumeRolePolicyDocument });
  roleArn = /<Arn>(.*)<\/Arn>/.exec(created)![1]!;
});
afterAll(async () => {
  await device.endAsync();
  iot.destroy();
  await running.stop();
});

const publish = (id: number) => device.publishAsync(`device/${id}/data`, JSON.stringify(READING), { qos: 1 });

test('republishing an MQTT message', async () => {
  const sql = "SELECT topic(2) AS device_id, temperature FROM 'device/+/data'";
  await createRule('republish', sql, { republish: { roleArn, topic: 'device/data/temp', qos: 0 } });
  await device.subscribeAsync('device/data/temp');
  const message = new Promise<string>((resolve) => {
    device.once('message', (_topic, payload) => resolve(payload.toString()));
  });
  await publish(22);
  assert.deepEqual(JSON.parse(await message), { device_id: '22', temperature: 38 });
});

test('storing device data in a DynamoDB table', async () => {
  const tables = new DynamoDBClient({
    region: 'us-east-1',
    endpoint: running.stack.endpoints.aws,
    credentials,
  });
  await tables.send(
    new CreateTableCommand({
      TableName: 'wx_data',
      AttributeDefinitions: [
        { AttributeName: 'sample_time', AttributeType: 'N' },
        { AttributeName: 'device_id', AttributeType: 'N' },
      ],
      KeySchema: [
        { AttributeName: 'sample_time', KeyType: 'HASH' },
        { AttributeName: 'device_id', KeyType: 'RANGE' },
      ],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  await createRule('wx_data_ddb', "SELECT temperature, wind.velocity AS wind FROM 'device/+/data'", {
    dynamoDB: {
      ...{ tableName: 'wx_data', roleArn, payloadField: 'device_data' },
      ...{ hashKeyField: 'sample_time', hashKeyValue: '${timestamp()}', hashKeyType: 'NUMBER' },
      ...{
        rangeKeyField: 'device_id',
        rangeKeyValue: '${cast(topic(2) AS DECIMAL)}',
        rangeKeyType: 'NUMBER',
      },
    },
  });
  await publish(22);
  const item = await eventually('an item in wx_data', async () => {
    const { Items = [] } = await tables.send(new ScanCommand({ TableName: 'wx_data' }));
    return Items[0];
  });
  tables.destroy();
  assert.deepEqual(item['device_id'], { N: '22' });
  assert.deepEqual(item['device_data'], { M: { temperature: { N: '38' }, wind: { N: '22' } } });
});

test('formatting a notification by using a Lambda function', async () => {
  const options = { region: 'us-east-1', endpoint: running.stack.endpoints.aws, credentials };
  const [sns, lambda] = [new SNSClient(options), new LambdaClient(options)];
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'high_temp_notice' }));
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'email', Endpoint: 'you@example.com' }));
  const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:format-high-temp';
  await createRule(
    'wx_friendly_text',
    `SELECT cast(topic(2) AS DECIMAL) AS device_id, temperature AS reported_temperature, 30 AS max_temperature,
      '${TopicArn}' AS notify_topic_arn FROM 'device/+/data' WHERE temperature > 30`,
    { lambda: { functionArn } },
  );
  const FunctionName = 'format-high-temp';
  const permission = { FunctionName, StatementId: 'rule', Action: 'lambda:InvokeFunction' };
  await lambda.send(new AddPermissionCommand({ ...permission, Principal: 'iot.amazonaws.com' }));
  const again = new AddPermissionCommand({ ...permission, Principal: 'iot.amazonaws.com' });
  await assert.rejects(lambda.send(again), { name: 'ResourceConflictException' });
  const { Policy } = await lambda.send(new GetPolicyCommand({ FunctionName }));
  assert.match(Policy!, /"Sid":"rule".*"Service":"iot.amazonaws.com"/);
  await publish(32);
  const mail = path.join(running.dataDir, 'mail');
  await eventually('the mail', () =>
    readdirSync(mail, { recursive: true })
      .map(String)
      .some(
        (file) => file.endsWith('.eml') && readFileSync(path.join(mail, file), 'utf8').includes('Device 32'),
      ),
  );
  sns.destroy();
  lambda.destroy();
});

test('a role has its policies, and cannot be deleted before them', async () => {
  const PolicyDocument = JSON.stringify(KIT_POLICY);
  const created = await iam('CreatePolicy', { PolicyName: 'publish', PolicyDocument });
  const PolicyArn = /<Arn>(.*)<\/Arn>/.exec(created)![1]!;
  const role = { RoleName: 'rules' };
  await iam('AttachRolePolicy', { ...role, PolicyArn });
  await iam('PutRolePolicy', { ...role, PolicyName: 'inline', PolicyDocument });
  assert.match(await iam('ListAttachedRolePolicies', role), /<PolicyName>publish<\/PolicyName>/);
  assert.match(await iam('GetRolePolicy', { ...role, PolicyName: 'inline' }), /iot%3APublishRetain/);
  assert.match(await iam('DeleteRole', role), /<Code>DeleteConflict<\/Code>/);
  assert.match(await iam('DeletePolicy', { PolicyArn }), /<Code>DeleteConflict<\/Code>/);
  await iam('DetachRolePolicy', { ...role, PolicyArn });
  await iam('DeleteRolePolicy', { ...role, PolicyName: 'inline' });
  assert.doesNotMatch(await iam('DeleteRole', role), /<Error>/);
  assert.match(await iam('GetRole', role), /<Code>NoSuchEntity<\/Code>/);
  const AssumeRolePolicyDocument = '{';
  const malformed = await iam('CreateRole', { ...role, AssumeRolePolicyDocument });
  assert.match(malformed, /<Code>MalformedPolicyDocument<\/Code>/);
});
