// The real template: a notification reaches the channels that its rule names and no other, and an alarm of the stack reaches both.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { PublishCommand } from '@aws-sdk/client-sns';
import { openSns } from '../../packages/local-cloud/tests/sns/fixture.ts';
import { loadTidegate } from './tidegate-template.ts';

const template = loadTidegate({ AlertEmail: 'ops@example.com', AlertPhone: '+12065550100' });

async function publish(topic: string, input: object) {
  const { client, counts } = await openSns({ template });
  const TopicArn = template.outputs[topic];
  await client.send(new PublishCommand({ TopicArn, Message: 'x', ...input }));
  return counts;
}

/** As adapters/notifier.ts sends them. */
const attributesFor = (channels: readonly string[]) => ({
  MessageAttributes: {
    severity: { DataType: 'String', StringValue: 'critical' },
    channels: { DataType: 'String.Array', StringValue: JSON.stringify(channels) },
  },
});

const reached: readonly (readonly [channels: readonly string[], counts: Record<string, number>])[] = [
  [['email'], { mails: 1 }],
  [['sms'], { texts: 1 }],
  [['email', 'sms'], { mails: 1, texts: 1 }],
  [['pager'], {}],
];
for (const [channels, counts] of reached) {
  test(`a notification for ${channels.join(' and ')} makes ${JSON.stringify(counts)}`, async () => {
    assert.deepEqual(await publish('AlertsTopic', attributesFor(channels)), counts);
  });
}

test('a message without attributes, as of a CloudWatch alarm, reaches both by the topic of the alarms', async () => {
  const alarm = { Subject: 'ALARM: "IngestErrorsAlarm"', Message: '{"AlarmName":"IngestErrorsAlarm"}' };
  assert.deepEqual(await publish('AlarmsTopic', alarm), { mails: 1, texts: 1 });
});

test('no alarm goes to a topic whose subscriptions filter, as CloudWatch sends no attributes', () => {
  const filtered = template
    .ofType('AWS::SNS::Subscription')
    .filter(({ properties }) => 'FilterPolicy' in properties)
    .map(({ properties }) => properties['TopicArn']);
  assert.equal(filtered.length, 2);
  const alarms = template.ofType('AWS::CloudWatch::Alarm');
  assert.ok(alarms.length > 10);
  for (const { logicalId, properties } of alarms) {
    const {
      AlarmActions,
      OKActions = [],
      InsufficientDataActions = [],
    } = properties as Record<string, string[]>;
    assert.ok(AlarmActions!.length > 0, logicalId);
    for (const topic of [...AlarmActions!, ...OKActions, ...InsufficientDataActions]) {
      assert.ok(!filtered.includes(topic), logicalId);
    }
  }
});
