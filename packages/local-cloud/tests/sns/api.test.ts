// SNS through the SDK and the AWS CLI, as handlers and people call it.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import {
  CreateTopicCommand,
  DeleteTopicCommand,
  GetSubscriptionAttributesCommand,
  GetTopicAttributesCommand,
  ListSubscriptionsByTopicCommand,
  ListSubscriptionsCommand,
  ListTopicsCommand,
  PublishBatchCommand,
  PublishCommand,
  SubscribeCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import { isInstalled, testIf } from '../../../../tests/support/conditions.ts';
import { cliEnvironment } from '../aws/local-cloud.ts';
import { openSns, openTopics, subscriptionOf, templateWith, topicArn } from './fixture.ts';
import { readEmail } from './read-email.ts';

const run = promisify(execFile);
const testWithCli = testIf(isInstalled('aws'), 'the AWS CLI is not installed');

test("a publish as the ingest function's reaches mail and phone", async () => {
  const { client, files } = await openSns();
  const { MessageId } = await client.send(
    new PublishCommand({
      TopicArn: topicArn,
      Subject: 'ALARM critical: temperature 11 above 8',
      MessageStructure: 'json',
      Message: JSON.stringify({ default: 'd', email: 'Zürich\n+1 & 2=3%', sms: 'short' }),
      MessageAttributes: {
        severity: { DataType: 'String', StringValue: 'critical' },
        channels: { DataType: 'String.Array', StringValue: '["email","sms"]' },
        value: { DataType: 'Number', StringValue: '11' },
        raw: { DataType: 'Binary', BinaryValue: Buffer.from([0, 255]) },
      },
    }),
  );
  assert.equal(MessageId, 'm1');
  const { headers, text } = readEmail(files('mail')[0]![1]);
  assert.equal(headers.get('subject'), 'ALARM critical: temperature 11 above 8');
  assert.equal(text.trimEnd(), 'Zürich\r\n+1 & 2=3%');
  assert.match(files('sms')[0]![1], /\n\nTidegate> short\n$/);
});

test('a publish to a phone, and one by TargetArn, are accepted', async () => {
  const { client, counts } = await openSns();
  await client.send(new PublishCommand({ PhoneNumber: '+12065550199', Message: 'x' }));
  await client.send(new PublishCommand({ TargetArn: topicArn, Message: 'x', MessageGroupId: 'g' }));
  assert.deepEqual(counts, { texts: 2, mails: 1 });
});

test('a message of 256 KiB that form-encoding makes three times as long is accepted', async () => {
  const { client, counts } = await openSns({
    template: templateWith(subscriptionOf('M', 'email', 'a@example.com')),
  });
  await client.send(new PublishCommand({ TopicArn: topicArn, Message: '\u0001'.repeat(262_144) }));
  assert.deepEqual(counts, { mails: 1 });
});

const refusals: Readonly<Record<string, readonly [object, object]>> = {
  'a topic that is not there': [{ TopicArn: `${topicArn}x`, Message: 'x' }, { name: 'NotFoundException' }],
  'an empty message': [
    { TopicArn: topicArn, Message: '' },
    { name: 'InvalidParameterException', message: /Empty message/ },
  ],
  'no target': [{ Message: 'x' }, { name: 'InvalidParameterException' }],
  'two topics': [
    { TopicArn: topicArn, TargetArn: topicArn, Message: 'x' },
    { name: 'InvalidParameterException' },
  ],
  'a wrong attribute': [
    { TopicArn: topicArn, Message: 'x', MessageAttributes: { a: { DataType: 'Number', StringValue: 'x' } } },
    { name: 'InvalidParameterValueException' },
  ],
  'an attribute without a value': [
    { TopicArn: topicArn, Message: 'x', MessageAttributes: { a: { DataType: 'String' } } },
    { name: 'InvalidParameterValueException' },
  ],
  'an id that only a FIFO topic reads': [
    { TopicArn: topicArn, Message: 'x', MessageDeduplicationId: 'x' },
    { name: 'InvalidParameterException', message: /standard topic/ },
  ],
};
for (const [what, [input, error]] of Object.entries(refusals)) {
  test(`the SDK gets the exception of AWS for ${what}`, async () => {
    const { client, counts } = await openSns();
    await assert.rejects(client.send(new PublishCommand(input as { Message: string })), error);
    assert.deepEqual(counts, {});
  });
}

test('a batch answers for each of its messages', async () => {
  const { client, files } = await openSns();
  const { Successful, Failed } = await client.send(
    new PublishBatchCommand({
      TopicArn: topicArn,
      PublishBatchRequestEntries: [
        { Id: 'good', Message: 'one' },
        { Id: 'empty', Message: '' },
        { Id: 'subject', Message: 'x', Subject: 'x'.repeat(100) },
        { Id: 'also', Message: 'two', MessageAttributes: { a: { DataType: 'String', StringValue: 'x' } } },
      ],
    }),
  );
  assert.deepEqual(Successful, [
    { Id: 'good', MessageId: 'm1' },
    { Id: 'also', MessageId: 'm2' },
  ]);
  assert.deepEqual(
    Failed?.map(({ Id, Code, SenderFault }) => ({ Id, Code, SenderFault })),
    [
      { Id: 'empty', Code: 'InvalidParameter', SenderFault: true },
      { Id: 'subject', Code: 'InvalidParameter', SenderFault: true },
    ],
  );
  assert.equal(files('mail').length, 2);
});

const entry = (Id: string, Message = 'x') => ({ Id, Message });
const batches: Readonly<Record<string, readonly [{ Id: string; Message: string }[], string]>> = {
  'no messages': [[], 'EmptyBatchRequestException'],
  'eleven messages': [
    Array.from({ length: 11 }, (_, n) => entry(`m${n}`)),
    'TooManyEntriesInBatchRequestException',
  ],
  'an id twice': [[entry('a'), entry('a')], 'BatchEntryIdsNotDistinctException'],
  'an id with a slash': [[entry('../a')], 'InvalidBatchEntryIdException'],
  'an empty id': [[entry('')], 'InvalidBatchEntryIdException'],
  'more than 256 KiB in all': [
    [entry('a', 'x'.repeat(200_000)), entry('b', 'x'.repeat(62_145))],
    'BatchRequestTooLongException',
  ],
};
for (const [what, [PublishBatchRequestEntries, name]] of Object.entries(batches)) {
  test(`a batch with ${what} is refused as a whole`, async () => {
    const { client, counts } = await openSns();
    const command = new PublishBatchCommand({ TopicArn: topicArn, PublishBatchRequestEntries });
    await assert.rejects(client.send(command), { name });
    assert.deepEqual(counts, {});
  });
}

test('topics and subscriptions are listed with their attributes', async () => {
  const { client } = await openSns();
  const { Topics } = await client.send(new ListTopicsCommand({}));
  assert.deepEqual(Topics, [{ TopicArn: topicArn }]);
  const { Attributes } = await client.send(new GetTopicAttributesCommand({ TopicArn: topicArn }));
  assert.deepEqual(Attributes, {
    TopicArn: topicArn,
    Owner: '000000000000',
    DisplayName: 'Tidegate',
    SubscriptionsConfirmed: '2',
    SubscriptionsPending: '0',
    SubscriptionsDeleted: '0',
  });
  const { Subscriptions = [], NextToken } = await client.send(new ListSubscriptionsCommand({}));
  assert.equal(NextToken, undefined);
  const shown = Subscriptions.map(
    ({ Protocol, Endpoint, TopicArn }) => `${Protocol} ${Endpoint} ${TopicArn}`,
  );
  assert.deepEqual(
    new Set(shown),
    new Set([`email alerts@example.com ${topicArn}`, `sms +12065550100 ${topicArn}`]),
  );
  const one = await client.send(
    new GetSubscriptionAttributesCommand({ SubscriptionArn: Subscriptions[0]?.SubscriptionArn }),
  );
  assert.equal(one.Attributes?.['PendingConfirmation'], 'false');
  await assert.rejects(
    client.send(new GetSubscriptionAttributesCommand({ SubscriptionArn: `${topicArn}:x` })),
    {
      name: 'NotFoundException',
    },
  );
});

test('a new subscriber counts as confirmed, gets messages, and none after leaving', async () => {
  const { client, counts } = await openSns({ template: templateWith() });
  const subscribe = new SubscribeCommand({
    TopicArn: topicArn,
    Protocol: 'email',
    Endpoint: 'ops@example.com',
  });
  const { SubscriptionArn } = await client.send(subscribe);
  assert.match(SubscriptionArn!, /^arn:aws:sns:.*:tidegate-AlertsTopic:[0-9a-f-]{36}$/);
  await client.send(new PublishCommand({ TopicArn: topicArn, Message: 'x' }));
  await client.send(new UnsubscribeCommand({ SubscriptionArn }));
  await client.send(new PublishCommand({ TopicArn: topicArn, Message: 'x' }));
  assert.deepEqual(counts, { mails: 1 });
});

const subscribers: Readonly<Record<string, readonly [object, object]>> = {
  'a web address': [
    { Protocol: 'https', Endpoint: 'https://example.com' },
    { message: /email, sms, sqs and lambda only/ },
  ],
  'a protocol of the prototype': [
    { Protocol: 'constructor', Endpoint: 'x' },
    { message: /email, sms, sqs and lambda only/ },
  ],
  'an address with a header': [
    { Protocol: 'email', Endpoint: 'a@example.com\r\nBcc: b@example.com' },
    { message: /must be an email address/ },
  ],
  'no address': [{ Protocol: 'email' }, { message: /must be an email address/ }],
  'a name for a phone number': [{ Protocol: 'sms', Endpoint: 'me' }, { message: /must be a phone number/ }],
};
for (const [what, [input, error]] of Object.entries(subscribers)) {
  test(`a subscription with ${what} is refused`, async () => {
    const { client, topics } = await openSns();
    const command = new SubscribeCommand({ TopicArn: topicArn, Protocol: undefined, ...input });
    await assert.rejects(client.send(command), error);
    assert.equal(topics.subscriptions.all().length, 2);
  });
}

test('subscriptions come in pages of a hundred', async () => {
  const many = Array.from({ length: 250 }, (_, n) => subscriptionOf(`S${n}`, 'email', `a${n}@example.com`));
  const { client } = await openSns({ template: templateWith(many.join('')) });
  const found = new Set<string | undefined>();
  const sizes: number[] = [];
  let NextToken: string | undefined;
  do {
    const command = new ListSubscriptionsByTopicCommand({ TopicArn: topicArn, NextToken });
    const page = await client.send(command);
    sizes.push(page.Subscriptions?.length ?? 0);
    for (const { Endpoint } of page.Subscriptions ?? []) found.add(Endpoint);
    NextToken = page.NextToken;
  } while (NextToken);
  assert.deepEqual(sizes, [100, 100, 50]);
  assert.equal(found.size, 250);
  await assert.rejects(client.send(new ListSubscriptionsCommand({ NextToken: 'x' })), {
    name: 'InvalidParameterException',
  });
});

testWithCli('the AWS CLI publishes, lists and subscribes', async () => {
  const { url, files } = await openSns();
  const aws = async (...args: string[]) => {
    const { stdout } = await run('aws', ['sns', ...args, '--output', 'json'], { env: cliEnvironment(url) });
    return stdout ? (JSON.parse(stdout) as Record<string, unknown>) : {};
  };
  const attributes = '{"severity":{"DataType":"String","StringValue":"critical"}}';
  const published = await aws(
    'publish',
    '--topic-arn',
    topicArn,
    '--subject',
    'From the CLI',
    '--message',
    'ü & <b>',
    '--message-attributes',
    attributes,
  );
  assert.deepEqual(published, { MessageId: 'm1' });
  const { headers, text } = readEmail(files('mail')[0]![1]);
  assert.equal(headers.get('subject'), 'From the CLI');
  assert.equal(text.trimEnd(), 'ü & <b>');
  const { SubscriptionArn } = await aws(
    'subscribe',
    '--topic-arn',
    topicArn,
    '--protocol',
    'sms',
    '--notification-endpoint',
    '+4915123456789',
  );
  const { Subscriptions } = (await aws('list-subscriptions')) as { Subscriptions: { Endpoint: string }[] };
  assert.equal(Subscriptions.length, 3);
  await aws('unsubscribe', '--subscription-arn', String(SubscriptionArn));
  await assert.rejects(
    aws('tag-resource', '--resource-arn', topicArn, '--tags', 'Key=a,Value=b'),
    /InvalidAction.*The local SNS has no action 'TagResource'/,
  );
});

test('a topic that is made at run time is subscribed to, published to, kept, and deleted with its subscriptions', async () => {
  const { client, dir } = await openSns();
  const Attributes = { DisplayName: 'Shop' };
  const { TopicArn } = await client.send(new CreateTopicCommand({ Name: 'made', Attributes }));
  assert.equal(TopicArn, topicArn.replace(/[^:]+$/, 'made'));
  assert.deepEqual((await client.send(new CreateTopicCommand({ Name: 'made' }))).TopicArn, TopicArn);
  await client.send(new SubscribeCommand({ TopicArn, Protocol: 'email', Endpoint: 'a@example.com' }));
  await client.send(new PublishCommand({ TopicArn, Message: 'hello' }));

  const again = await openTopics({ dir });
  assert.equal(again.topics.topics.get(TopicArn)?.displayName, 'Shop');
  assert.equal(again.topics.subscriptions.ofTopic(TopicArn).length, 1);
  await client.send(new DeleteTopicCommand({ TopicArn }));
  await assert.rejects(client.send(new PublishCommand({ TopicArn, Message: 'x' })), {
    name: 'NotFoundException',
  });
  await assert.rejects(client.send(new DeleteTopicCommand({ TopicArn: topicArn })), {
    message: /the template declares the topic, remove it there/,
  });
  await assert.rejects(client.send(new CreateTopicCommand({ Name: 'a.fifo' })), {
    message: /FIFO topics do not run/,
  });
});
