// Queues behind a topic: as subscribers, and as dead-letter queues of undelivered notifications.

import { test } from '@jest/globals';
import { GetSubscriptionAttributesCommand, SetSubscriptionAttributesCommand } from '@aws-sdk/client-sns';
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { eventually } from '../../../../tests/support/waiting.ts';
import { createManualClock } from '../../clock.ts';
import { openSns, openTopics, start, subscriptionOf, templateWith, topicArn } from './fixture.ts';
import { startSmtpServer } from './smtp-server.ts';

const queueArn = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;
const queueOf = (name: string) => `
  ${name}:
    Type: AWS::SQS::Queue
    Properties: { QueueName: ${name} }
`;
const redriven = (id: string, protocol: string, endpoint: string) =>
  `${subscriptionOf(id, protocol, endpoint)}      RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn }\n`;
const template = templateWith(
  `${queueOf('Dead')}${redriven('Mail', 'email', 'a@example.com')}${redriven('Phone', 'sms', '+12065550100')}`,
);
const refusing = () => startSmtpServer((line) => (line.startsWith('RCPT') ? '550 no such user' : undefined));
const message = {
  topicArn,
  subject: 'Too warm',
  message: '{"default":"all","email":"mail","sms":"text"}',
  messageStructure: 'json',
  attributes: { device: { type: 'String', value: 'fridge-1' } },
};
const settled = ({ dir }: { dir: string }) =>
  eventually('all mails settled', () => readdirSync(path.join(dir, 'sns', 'unsent')).length === 0);

test('a mail that the server refuses goes to the dead-letter queue as a notification', async () => {
  const server = await refusing();
  const opened = await openTopics({ template, smtpUrl: `smtp://127.0.0.1:${server.port}` });
  await opened.topics.publish(message);
  await settled(opened);
  const arn = opened.topics.subscriptions.all().find(({ protocol }) => protocol === 'email')!.arn;
  assert.deepEqual(opened.queued, [
    {
      queue: queueArn('Dead'),
      body: {
        Type: 'Notification',
        MessageId: 'm1',
        TopicArn: topicArn,
        Subject: 'Too warm',
        Message: 'mail',
        Timestamp: '2026-01-01T00:00:00.000Z',
        UnsubscribeURL: `https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=${arn}`,
        MessageAttributes: { device: { Type: 'String', Value: 'fridge-1' } },
      },
    },
  ]);
  assert.equal(opened.counts['NumberOfNotificationsFailed'], 1);
  assert.equal(opened.counts['NumberOfNotificationsRedrivenToDlq'], 1);
  assert.equal(opened.files('mail').length, 2);
});

test('a mail that could not be sent for a day goes there too, also after a restart', async () => {
  const clock = createManualClock(start);
  const dir = temporaryFolder();
  const first = await openTopics({ template, dir, clock, smtpUrl: 'smtp://127.0.0.1:1' });
  await first.topics.publish(message);
  await eventually('a first attempt', () => first.log.lines.some(({ level }) => level === 'warn'));
  await first.topics.close();
  assert.deepEqual(first.queued, []);
  await clock.advance(86_400_001);
  const second = await openTopics({ template, dir, clock, smtpUrl: 'smtp://127.0.0.1:1' });
  await settled(second);
  assert.deepEqual(
    second.queued.map(({ body }) => body['Message']),
    ['mail'],
  );
});

test('a text that is too long for SMS goes to the dead-letter queue', async () => {
  const { topics, queued, counts } = await openTopics({ template });
  await topics.publish({ topicArn, message: 'x'.repeat(1_601) });
  assert.equal(queued.length, 1);
  assert.equal(counts['NumberOfNotificationsRedrivenToDlq'], 1);
});

test('messages that the dead-letter queue refuses are counted and named', async () => {
  const { topics, counts, log } = await openTopics({
    template,
    onQueued() {
      throw new Error('disk full');
    },
  });
  await topics.publish({ topicArn, message: 'x'.repeat(1_601) });
  assert.equal(counts['NumberOfNotificationsFailedToRedriveToDlq'], 1);
  const [, { message: said, fields } = { message: '', fields: {} }] = log.lines;
  assert.equal(said, 'notification lost: its dead-letter queue does not take it');
  assert.deepEqual(fields, { queue: queueArn('Dead'), reason: 'Error: disk full' });
});

test('a queue that subscribes gets the text for its protocol, and its dead-letter queue the refused ones', async () => {
  const subscribed = templateWith(
    `${queueOf('Dead')}${queueOf('Jobs')}${redriven('All', 'sqs', queueArn('Jobs'))}`,
  );
  const { topics, queued } = await openTopics({
    template: subscribed,
    onQueued(arn) {
      if (arn === queueArn('Jobs') && queued.length > 0) throw new Error('full');
    },
  });
  await topics.publish({ ...message, message: '{"default":"all","sqs":"job"}' });
  await topics.publish({ topicArn, message: 'second' });
  assert.deepEqual(
    queued.map(({ queue, body }) => [queue, body['Message']]),
    [
      [queueArn('Jobs'), 'job'],
      [queueArn('Dead'), 'second'],
    ],
  );
});

test('a redrive policy is set and removed at run time, and survives a restart', async () => {
  const { client, topics, dir } = await openSns({ template });
  const { arn } = topics.subscriptions.all().find(({ protocol }) => protocol === 'sms')!;
  const set = (AttributeValue: string) =>
    client.send(
      new SetSubscriptionAttributesCommand({
        SubscriptionArn: arn,
        AttributeName: 'RedrivePolicy',
        AttributeValue,
      }),
    );
  const shown = async () =>
    (await client.send(new GetSubscriptionAttributesCommand({ SubscriptionArn: arn }))).Attributes?.[
      'RedrivePolicy'
    ];
  assert.equal(await shown(), JSON.stringify({ deadLetterTargetArn: queueArn('Dead') }));
  await assert.rejects(set(JSON.stringify({ deadLetterTargetArn: queueArn('No') })), /names no queue/);
  await assert.rejects(set('{'), /failed to parse JSON/);
  await set('');
  assert.equal(await shown(), undefined);
  const again = await openTopics({ template, dir });
  assert.equal(again.topics.subscriptions.find(arn)?.redrive, undefined);
  await again.topics.publish({ topicArn, message: 'x'.repeat(1_601) });
  assert.deepEqual(again.queued, []);
});

const wrong: Readonly<Record<string, string>> = {
  'RedrivePolicy: deadLetterTargetArn names no queue of this template: use !GetAtt Queue.Arn':
    '{ deadLetterTargetArn: x }',
  'RedrivePolicy: maxReceiveCount is not known: use !GetAtt Queue.Arn':
    '{ deadLetterTargetArn: x, maxReceiveCount: 3 }',
};
for (const [problem, policy] of Object.entries(wrong)) {
  test(`a template with a redrive policy is refused: ${problem}`, async () => {
    const text = templateWith(
      `${subscriptionOf('Mail', 'email', 'a@example.com')}      RedrivePolicy: ${policy}\n`,
    );
    await assert.rejects(openTopics({ template: text }), { message: new RegExp(`: Mail: ${problem}$`) });
  });
}
