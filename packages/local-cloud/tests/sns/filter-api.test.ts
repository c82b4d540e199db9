// Filter policies through the SDK and the AWS CLI: set, shown, changed, removed, refused, and applied to publishes.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import {
  GetSubscriptionAttributesCommand,
  PublishBatchCommand,
  PublishCommand,
  SetSubscriptionAttributesCommand,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import { isInstalled, testIf } from '../../../../tests/support/conditions.ts';
import { cliEnvironment } from '../aws/local-cloud.ts';
import { openSns, templateWith, topicArn, type Draft } from './fixture.ts';

const run = promisify(execFile);
const testWithCli = testIf(isInstalled('aws'), 'the AWS CLI is not installed');

const policy = '{ "severity" : ["critical"] }';
const severity = (value: string) => ({
  MessageAttributes: { severity: { DataType: 'String', StringValue: value } },
});

/** A topic without subscribers, and calls to it in short. */
async function open(draft: Draft = {}) {
  const opened = await openSns({ template: templateWith(), ...draft });
  const { client } = opened;
  return {
    ...opened,
    subscribe: async (Attributes?: Record<string, string>) => {
      const ops = { TopicArn: topicArn, Protocol: 'email', Endpoint: 'ops@example.com' };
      const { SubscriptionArn } = await client.send(new SubscribeCommand({ ...ops, Attributes }));
      return SubscriptionArn!;
    },
    set: (SubscriptionArn: string, AttributeName: string, AttributeValue?: string) =>
      client.send(new SetSubscriptionAttributesCommand({ SubscriptionArn, AttributeName, AttributeValue })),
    shown: async (SubscriptionArn: string) => {
      const { Attributes } = await client.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }));
      return [Attributes?.['FilterPolicy'], Attributes?.['FilterPolicyScope']];
    },
    publish: (input: object = {}) =>
      client.send(new PublishCommand({ TopicArn: topicArn, Message: 'x', ...input })),
  };
}

test('a subscriber with a filter policy gets matching messages; the others are published, written nowhere and not counted', async () => {
  const { subscribe, shown, publish, counts, files, log } = await open();
  assert.deepEqual(await shown(await subscribe({ FilterPolicy: policy })), [policy, 'MessageAttributes']);
  const { MessageId } = await publish(severity('major'));
  await publish();
  assert.equal(MessageId, 'm1');
  assert.deepEqual([counts, files('mail'), log.lines], [{}, [], []]);
  await publish(severity('critical'));
  assert.deepEqual(counts, { mails: 1 });
  assert.equal(files('mail')[0]![0], '20260101T000000.000Z-m3.eml');
});

test('a filter policy for bodies looks at the text that the subscriber would get', async () => {
  const { subscribe, publish, counts } = await open();
  await subscribe({ FilterPolicy: '{"a":{"b":["x"]}}', FilterPolicyScope: 'MessageBody' });
  await publish({ Message: '{"a":{"b":"y"}}' });
  await publish({ Message: 'x' });
  const texts = { default: '{}', sms: '{}', email: '{"a":{"b":"x"}}' };
  await publish({ Message: JSON.stringify(texts), MessageStructure: 'json' });
  assert.deepEqual(counts, { mails: 1 });
  await publish({ Message: '{"a":{"b":"x"}}' });
  assert.deepEqual(counts, { mails: 2 });
});

test('each message of a batch is filtered by its own attributes', async () => {
  const { subscribe, client, files } = await open();
  await subscribe({ FilterPolicy: policy });
  const { Successful } = await client.send(
    new PublishBatchCommand({
      TopicArn: topicArn,
      PublishBatchRequestEntries: [
        { Id: 'a', Message: 'x', ...severity('major') },
        { Id: 'b', Message: 'x', ...severity('critical') },
      ],
    }),
  );
  assert.equal(Successful?.length, 2);
  assert.deepEqual(
    files('mail').map(([name]) => name),
    ['20260101T000000.000Z-m2.eml'],
  );
});

test('a text to a phone number is not a subscription, and no filter keeps it back', async () => {
  const { subscribe, publish, counts } = await open();
  await subscribe({ FilterPolicy: policy });
  await publish({ TopicArn: undefined, PhoneNumber: '+12065550199' });
  assert.deepEqual(counts, { texts: 1 });
});

test('a filter policy is set, changed and removed at run time', async () => {
  const { subscribe, set, shown, publish, counts } = await open();
  const arn = await subscribe();
  assert.deepEqual(await shown(arn), [undefined, undefined]);
  await set(arn, 'FilterPolicyScope', 'MessageBody');
  assert.deepEqual(await shown(arn), [undefined, undefined]);
  await set(arn, 'FilterPolicy', '{"a":{"b":["x"]}}');
  assert.deepEqual(await shown(arn), ['{"a":{"b":["x"]}}', 'MessageBody']);
  const nested = { name: 'InvalidParameterException', message: /MessageAttributes does not support nested/ };
  await assert.rejects(set(arn, 'FilterPolicyScope', 'MessageAttributes'), nested);
  await publish();
  assert.deepEqual(counts, {});
  for (const empty of ['{}', '', undefined]) {
    await set(arn, 'FilterPolicy', policy);
    await set(arn, 'FilterPolicy', empty);
    assert.deepEqual(await shown(arn), [undefined, undefined]);
  }
  await set(arn, 'FilterPolicyScope', 'MessageAttributes');
  await publish();
  assert.deepEqual(counts, { mails: 1 });
});

test('two changes at once are both there afterwards', async () => {
  const { subscribe, set, shown } = await open();
  const arn = await subscribe();
  await Promise.all([set(arn, 'FilterPolicy', policy), set(arn, 'FilterPolicyScope', 'MessageBody')]);
  assert.deepEqual(await shown(arn), [policy, 'MessageBody']);
});

test('subscribing again is the same subscription, but with another filter it is refused', async () => {
  const { subscribe, shown } = await open();
  const arn = await subscribe({ FilterPolicy: policy });
  assert.equal(await subscribe({ FilterPolicy: policy }), arn);
  assert.equal(await subscribe(), arn);
  await assert.rejects(subscribe({ FilterPolicy: '{"a":["b"]}' }), {
    name: 'InvalidParameterException',
    message: 'Invalid parameter: Attributes Reason: Subscription already exists with different attributes',
  });
  assert.deepEqual(await shown(arn), [policy, 'MessageAttributes']);
});

test('a malformed filter policy is refused with the code and words of AWS, and changes nothing', async () => {
  const { subscribe, set, shown, topics } = await open();
  const wrong = '{"k":"v"}';
  const problem = 'FilterPolicy: "k" must be an object or an array';
  const name = 'InvalidParameterException';
  await assert.rejects(subscribe({ FilterPolicy: wrong }), {
    name,
    message: `Invalid parameter: Attributes Reason: ${problem}`,
  });
  assert.equal(topics.subscriptions.all().length, 0);
  const arn = await subscribe({ FilterPolicy: policy });
  await assert.rejects(set(arn, 'FilterPolicy', wrong), { name, message: `Invalid parameter: ${problem}` });
  await assert.rejects(set(arn, 'FilterPolicyScope', 'Body'), {
    name,
    message: /FilterPolicyScope: Invalid value \[Body\]/,
  });
  assert.deepEqual(await shown(arn), [policy, 'MessageAttributes']);
});

test('attributes that nothing here would heed are refused by name, and so is a subscription that is not there', async () => {
  const { subscribe, set } = await open();
  const refused = { name: 'NotImplemented', message: /"RawMessageDelivery"; it has FilterPolicy/ };
  await assert.rejects(subscribe({ RawMessageDelivery: 'true' }), refused);
  const arn = await subscribe();
  await assert.rejects(set(arn, 'RawMessageDelivery', 'true'), refused);
  await assert.rejects(set(`${topicArn}:x`, 'FilterPolicy', policy), { name: 'NotFoundException' });
});

testWithCli('the AWS CLI subscribes with a filter policy, changes it and reads it back', async () => {
  const { url, publish, counts } = await open();
  const aws = async (...args: string[]) => {
    const { stdout } = await run('aws', ['sns', ...args, '--output', 'json'], { env: cliEnvironment(url) });
    return stdout ? (JSON.parse(stdout) as Record<string, unknown>) : {};
  };
  const to = ['--topic-arn', topicArn, '--protocol', 'email', '--notification-endpoint', 'a@example.com'];
  const attributes = '{"FilterPolicy": "{\\"severity\\": [\\"critical\\"]}"}';
  const { SubscriptionArn } = await aws('subscribe', ...to, '--attributes', attributes);
  await publish(severity('major'));
  await publish(severity('critical'));
  assert.deepEqual(counts, { mails: 1 });
  const subscription = ['--subscription-arn', String(SubscriptionArn)];
  const filter = ['--attribute-name', 'FilterPolicy', '--attribute-value'];
  await aws('set-subscription-attributes', ...subscription, ...filter, '{"severity":[{"prefix":"m"}]}');
  await publish(severity('major'));
  assert.deepEqual(counts, { mails: 2 });
  const { Attributes } = await aws('get-subscription-attributes', ...subscription);
  const { FilterPolicy, FilterPolicyScope } = Attributes as Record<string, string>;
  assert.deepEqual([FilterPolicy, FilterPolicyScope], ['{"severity":[{"prefix":"m"}]}', 'MessageAttributes']);
  await assert.rejects(
    aws('set-subscription-attributes', ...subscription, ...filter, '{'),
    /InvalidParameter.*FilterPolicy: failed to parse JSON/,
  );
});
