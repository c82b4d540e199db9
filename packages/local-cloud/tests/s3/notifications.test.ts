// Notifications of buckets: what the template may declare, which change notifies whom, and what becomes of a failed notification.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createManualClock } from '../../clock.ts';
import { notificationsFromTemplate, type NotificationSpec } from '../../s3/notification-spec.ts';
import { createNotifier } from '../../s3/notifier.ts';
import { createObjectStore } from '../../s3/store.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { createRecordingLog } from '../aws/local-cloud.ts';
import { assertAmongRefused, indent, load } from '../template/fixture.ts';
import { bucketResource } from './object-store.ts';

const template = (configuration: string) => `Resources:
  Jobs: { Type: AWS::SQS::Queue }
  Seen: { Type: AWS::SNS::Topic }
  In:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: inbox
      NotificationConfiguration:
${indent(configuration, 8)}`;

const both = `QueueConfigurations:
  - Event: s3:ObjectCreated:*
    Queue: !GetAtt Jobs.Arn
    Filter: { S3Key: { Rules: [{ Name: prefix, Value: a/ }] } }
TopicConfigurations:
  - { Event: 's3:ObjectRemoved:*', Topic: !Ref Seen }
`;

async function open(notifications: readonly NotificationSpec[], isFull = false) {
  const [told, counts]: [string[], string[]] = [[], []];
  const clock = createManualClock(Date.parse('2026-12-01T10:00:00Z'));
  const log = createRecordingLog();
  const tell = (kind: string) => async (arn: string, text: string) => {
    if (isFull) throw new Error('no space left on device');
    const { Records } = JSON.parse(text) as {
      Records: { eventName: string; s3: { object: { key: string; size?: number; sequencer: string } } }[];
    };
    const [{ eventName, s3 }] = Records as [(typeof Records)[number]];
    told.push(`${kind} ${arn.split(':').at(-1)} ${eventName} ${s3.object.key} ${s3.object.size}`);
  };
  const notify = createNotifier({
    ...{
      notifications,
      clock,
      log,
      region: 'us-east-1',
      newId: () => 'id',
      count: (name) => counts.push(name),
    },
    targets: { lambda: tell('function'), sqs: tell('queue'), sns: tell('topic') },
  });
  const store = await createObjectStore({ dir: temporaryFolder(), clock, log, notify });
  cleanup(() => store.close());
  await store.ensureBucket(bucketResource('inbox', {}));
  return { store, told, counts, log };
}

test('a change notifies the targets whose event and key match, with the key encoded', async () => {
  const { store, told } = await open(notificationsFromTemplate(load(template(both))));
  await store.put('inbox', 'a/b c+d', Buffer.from('123'));
  await store.put('inbox', 'other', Buffer.from('1'));
  await store.remove('inbox', 'other');
  assert.deepEqual(told, [
    'queue tidegate-Jobs ObjectCreated:Put a/b+c%2Bd 3',
    'topic tidegate-Seen ObjectRemoved:Delete other undefined',
  ]);
});

test('a notification that cannot be delivered is counted and logged, and the object stays', async () => {
  const { store, counts, log } = await open(notificationsFromTemplate(load(template(both))), true);
  await store.put('inbox', 'a/1', Buffer.from('1'));
  assert.deepEqual(counts, ['s3.notificationsFailed']);
  assert.match(JSON.stringify(log.lines), /a notification of a bucket is lost.*no space left/);
  assert.equal((await store.list('inbox', { limit: 10 })).objects.length, 1);
});

const refused: readonly (readonly [configuration: string, message: RegExp])[] = [
  [
    'QueueConfigurations: [{ Event: s3:ObjectRestore:Post, Queue: !GetAtt Jobs.Arn }]\n',
    /template\.yaml:9: In: the event s3:ObjectRestore:Post does not come about here: use one of s3:ObjectCreated/,
  ],
  [
    'QueueConfigurations: [{ Event: s3:ObjectCreated:Put, Queue: elsewhere }]\n',
    /template\.yaml:9: In: Queue is elsewhere, but the template has no such AWS::SQS::Queue: refer to one$/,
  ],
  [
    'EventBridgeConfiguration: { EventBridgeEnabled: true }\n',
    /template\.yaml:9: In: EventBridgeConfiguration is not supported by the local cloud: use LambdaConfigurations, /,
  ],
  [
    'QueueConfigurations:\n  - Event: s3:ObjectCreated:Put\n    Queue: !GetAtt Jobs.Arn\n    Filter: { S3Key: { Rules: [{ Name: infix, Value: a }] } }\n',
    /In: Name of a filter rule is infix: use prefix or suffix$/,
  ],
];
for (const [configuration, message] of refused) {
  test(`a template is refused: ${message.source}`, () => {
    assert.throws(() => notificationsFromTemplate(load(template(configuration))), {
      name: 'StartError',
      message,
    });
  });
}

test('a bucket that needs its function, and a function that needs its bucket, are a circle, as on AWS', () => {
  const text = `Resources:
  In: { Type: AWS::S3::Bucket }
  F:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: exports.handler = async () => {}
      Handler: index.handler
      Runtime: nodejs24.x
      Environment: { Variables: { BUCKET: !Ref In } }
      Events: { Put: { Type: S3, Properties: { Bucket: !Ref In, Events: 's3:ObjectCreated:*' } } }
`;
  assertAmongRefused(text, 'template.yaml:9: resources need each other in a circle: In -> F -> In');
});
