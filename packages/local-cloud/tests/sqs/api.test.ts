// The SQS API: what the AWS CLI and boto3 see if they are installed, and raw requests that they would not send.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { isInstalled, testIf } from '../../../../tests/support/conditions.ts';
import { systemClock } from '../../clock.ts';
import { cliEnvironment } from '../aws/local-cloud.ts';
import { arnOf, openApi, queueSpec, withDeadLetters, type Json } from './fixture.ts';

const messagesOf = (body: Json) => (body['Messages'] ?? []) as Json[];

test('a message is sent, received with the requested attributes, and deleted', async () => {
  const { call, QueueUrl, jobs } = await openApi();
  const attributes = {
    kind: { DataType: 'String', StringValue: 'x' },
    'count.a': { DataType: 'Number.int', StringValue: '7' },
    raw: { DataType: 'Binary', BinaryValue: 'AAEC' },
  };
  const trace = 'Root=1-5759e988-bd862e3fe1be46a994272793';
  const sent = await call('SendMessage', {
    QueueUrl,
    MessageBody: 'hello',
    MessageAttributes: attributes,
    MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: trace } },
  });
  assert.equal(sent.response.headers.get('content-type'), 'application/x-amz-json-1.0');
  assert.equal(sent.body['MD5OfMessageBody'], '5d41402abc4b2a76b9719d911017c592');
  const { body } = await call('ReceiveMessage', {
    QueueUrl,
    MessageSystemAttributeNames: ['All'],
    MessageAttributeNames: ['kind', 'count.*'],
  });
  const [{ ReceiptHandle, ...message } = {} as Json] = messagesOf(body);
  assert.equal(message['Body'], 'hello');
  assert.deepEqual(message['MessageAttributes'], { kind: attributes.kind, 'count.a': attributes['count.a'] });
  assert.equal((message['Attributes'] as Json)['AWSTraceHeader'], trace);
  assert.equal((message['Attributes'] as Json)['ApproximateReceiveCount'], '1');
  assert.deepEqual((await call('ReceiveMessage', { QueueUrl })).body, {});
  await call('DeleteMessage', { QueueUrl, ReceiptHandle });
  assert.deepEqual(jobs.counts(), { visible: 0, inFlight: 0, delayed: 0 });
});

test('the digest of attributes is the one that SDKs compare', async () => {
  const { call, QueueUrl } = await openApi();
  const { body } = await call('SendMessage', {
    QueueUrl,
    MessageBody: 'This is a test message',
    MessageAttributes: {
      test_attribute_name_1: { DataType: 'String', StringValue: 'test_attribute_value_1' },
    },
  });
  // Computed by the algorithm of AWS's page about message metadata, with Python's hashlib.
  assert.equal(body['MD5OfMessageAttributes'], 'ba056227cfd9533dba1f72ad9816d233');
});

test('each entry of a batch is done or refused by itself', async () => {
  const { call, QueueUrl } = await openApi();
  const { body } = await call('SendMessageBatch', {
    QueueUrl,
    Entries: [
      { Id: 'a', MessageBody: 'one' },
      { Id: 'b', MessageBody: 'bell \u0007' },
      { Id: 'c', MessageBody: 'three' },
    ],
  });
  assert.deepEqual(
    (body['Successful'] as Json[]).map(({ Id }) => Id),
    ['a', 'c'],
  );
  assert.deepEqual(body['Failed'], [
    {
      Id: 'b',
      Code: 'InvalidMessageContents',
      Message: 'The message contains characters outside the allowed set.',
      SenderFault: true,
    },
  ]);
  const received = await call('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10 });
  const [one, three] = messagesOf(received.body).map(({ ReceiptHandle }) => ReceiptHandle);
  const Entries = [
    { Id: 'one', ReceiptHandle: one, VisibilityTimeout: 0 },
    { Id: 'none', ReceiptHandle: 'x', VisibilityTimeout: 0 },
  ];
  const hidden = await call('ChangeMessageVisibilityBatch', { QueueUrl, Entries });
  assert.deepEqual(hidden.body['Successful'], [{ Id: 'one' }]);
  assert.equal((hidden.body['Failed'] as Json[])[0]!['Code'], 'ReceiptHandleIsInvalid');
  const deleted = await call('DeleteMessageBatch', {
    QueueUrl,
    Entries: [{ Id: 'x', ReceiptHandle: three }],
  });
  assert.deepEqual(deleted.body, { Successful: [{ Id: 'x' }], Failed: [] });
});

const nonExistent = 'AWS.SimpleQueueService.NonExistentQueue;Sender';
const refusals: readonly (readonly [
  what: string,
  operation: string,
  input: Json,
  type: string,
  code?: string,
])[] = [
  [
    'a queue that is not there',
    'SendMessage',
    { QueueUrl: 'http://x/000000000000/no', MessageBody: 'x' },
    'QueueDoesNotExist',
    nonExistent,
  ],
  [
    'a queue of another account',
    'PurgeQueue',
    { QueueUrl: 'http://x/111111111111/jobs' },
    'QueueDoesNotExist',
    nonExistent,
  ],
  ['an empty body', 'SendMessage', { MessageBody: '' }, 'MissingParameter'],
  ['a body of no text', 'SendMessage', { MessageBody: 7 }, 'InvalidParameterValue'],
  ['a body that is too long', 'SendMessage', { MessageBody: 'x'.repeat(2_000) }, 'InvalidParameterValue'],
  [
    'a delay beyond 15 minutes',
    'SendMessage',
    { MessageBody: 'x', DelaySeconds: 901 },
    'InvalidParameterValue',
  ],
  [
    'an attribute of AWS',
    'SendMessage',
    { MessageBody: 'x', MessageAttributes: { 'AWS.x': { DataType: 'String', StringValue: 'x' } } },
    'InvalidParameterValue',
  ],
  [
    'an attribute without a value',
    'SendMessage',
    { MessageBody: 'x', MessageAttributes: { a: { DataType: 'String' } } },
    'MissingParameter',
  ],
  ['a message group', 'SendMessage', { MessageBody: 'x', MessageGroupId: 'a' }, 'InvalidParameterValue'],
  ['eleven messages at once', 'ReceiveMessage', { MaxNumberOfMessages: 11 }, 'InvalidParameterValue'],
  ['a wait beyond 20 seconds', 'ReceiveMessage', { WaitTimeSeconds: 21 }, 'InvalidParameterValue'],
  ['a receipt of nobody', 'DeleteMessage', { ReceiptHandle: 'x' }, 'ReceiptHandleIsInvalid'],
  [
    'an empty batch',
    'DeleteMessageBatch',
    { Entries: [] },
    'EmptyBatchRequest',
    'AWS.SimpleQueueService.EmptyBatchRequest;Sender',
  ],
  [
    'an id twice',
    'DeleteMessageBatch',
    { Entries: [1, 2].map(() => ({ Id: 'a', ReceiptHandle: 'x' })) },
    'BatchEntryIdsNotDistinct',
    'AWS.SimpleQueueService.BatchEntryIdsNotDistinct;Sender',
  ],
  ['an unknown attribute', 'GetQueueAttributes', { AttributeNames: ['Colour'] }, 'InvalidAttributeName'],
  ['a queue at run time', 'CreateQueue', { QueueName: 'x' }, 'UnknownOperationException'],
];
for (const [what, operation, input, type, code = `${type};Sender`] of refusals) {
  test(`${what} is refused in the words of AWS`, async () => {
    const { call, QueueUrl } = await openApi({ queues: [queueSpec({ maxBytes: 1_024 })] });
    const { response, body } = await call(operation, { QueueUrl, ...input });
    assert.ok(response.status >= 400 && response.status < 500, String(response.status));
    assert.equal(body['__type'], `com.amazonaws.sqs#${type}`);
    assert.equal(response.headers.get('x-amzn-query-error'), code);
  });
}

test('a client of the older protocol gets an error that names the newer one', async () => {
  const { call } = await openApi();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  assert.match((await call('ListQueues', {}, headers)).text, /speaks AWS JSON to SQS clients/);
});

test('queues are listed and described, with their waiting messages', async () => {
  const { call, QueueUrl, url, send, receive } = await openApi({ queues: withDeadLetters(3) });
  await send('a', 'b', 'c');
  await receive(1);
  const { body } = await call('GetQueueAttributes', { QueueUrl, AttributeNames: ['All'] });
  const {
    ApproximateNumberOfMessages: visible,
    ApproximateNumberOfMessagesNotVisible: inFlight,
    ...rest
  } = body['Attributes'] as Record<string, string>;
  assert.deepEqual([visible, inFlight], ['2', '1']);
  assert.deepEqual(JSON.parse(rest['RedrivePolicy']!), {
    deadLetterTargetArn: arnOf('dead'),
    maxReceiveCount: 3,
  });
  assert.deepEqual((await call('GetQueueUrl', { QueueName: 'jobs' })).body, { QueueUrl });
  const first = await call('ListQueues', { MaxResults: 1 });
  assert.deepEqual(first.body['QueueUrls'], [`${url}/000000000000/dead`]);
  const next = await call('ListQueues', { MaxResults: 1, NextToken: first.body['NextToken'] });
  assert.deepEqual(next.body, { QueueUrls: [QueueUrl] });
  const dead = { QueueUrl: `${url}/000000000000/dead` };
  assert.deepEqual((await call('ListDeadLetterSourceQueues', dead)).body, { queueUrls: [QueueUrl] });
  await call('PurgeQueue', { QueueUrl });
  assert.equal(
    (await call('PurgeQueue', { QueueUrl })).body['__type'],
    'com.amazonaws.sqs#PurgeQueueInProgress',
  );
  const purged = await call('GetQueueAttributes', {
    QueueUrl,
    AttributeNames: ['ApproximateNumberOfMessages'],
  });
  assert.deepEqual(purged.body['Attributes'], { ApproximateNumberOfMessages: '0' });
});

const run = promisify(execFile);

testIf(isInstalled('aws'), 'the AWS CLI is not installed')(
  'the AWS CLI sends, waits, receives and deletes, and knows the errors',
  async () => {
    const { url, QueueUrl } = await openApi({ clock: systemClock });
    const aws = async (...args: string[]) => {
      // Version 1 takes no other address for SQS.
      const command = ['sqs', ...args, '--output', 'json', '--endpoint-url', url];
      const { stdout } = await run('aws', command, { env: cliEnvironment(url) });
      return (stdout ? JSON.parse(stdout) : {}) as Json;
    };
    const queue = ['--queue-url', QueueUrl];
    const waiting = aws(
      'receive-message',
      ...queue,
      '--wait-time-seconds',
      '20',
      '--message-attribute-names',
      'All',
    );
    const attributes = JSON.stringify({ kind: { DataType: 'String', StringValue: 'x' } });
    await aws('send-message', ...queue, '--message-body', 'hello', '--message-attributes', attributes);
    const [message] = messagesOf(await waiting);
    assert.equal(message!['Body'], 'hello');
    await aws('delete-message', ...queue, '--receipt-handle', String(message!['ReceiptHandle']));
    await assert.rejects(
      aws('get-queue-url', '--queue-name', 'no'),
      /AWS\.SimpleQueueService\.NonExistentQueue/,
    );
  },
);
