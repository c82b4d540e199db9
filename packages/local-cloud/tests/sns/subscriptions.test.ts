// Subscriptions: those of the template and those of run time, over a restart.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { openTopics, subscriptionOf, templateWith, topicArn, usualTemplate } from './fixture.ts';

type Opened = Awaited<ReturnType<typeof openTopics>>;
const endpoints = ({ topics }: Opened) =>
  topics.subscriptions
    .all()
    .map(({ endpoint }) => endpoint)
    .sort();
const ops = { topicArn, protocol: 'email', endpoint: 'ops@example.com' } as const;

test("the template's subscriptions are there, under ARNs that stay the same", async () => {
  const first = await openTopics();
  assert.deepEqual(endpoints(first), ['+12065550100', 'alerts@example.com']);
  const { topics: second } = await openTopics();
  assert.deepEqual(second.subscriptions.all(), first.topics.subscriptions.all());
  for (const { arn } of second.subscriptions.all()) {
    assert.match(
      arn,
      new RegExp(`^${topicArn}:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`),
    );
  }
});

test('subscribing and unsubscribing at run time outlive a restart', async () => {
  const first = await openTopics();
  const { arn } = await first.topics.subscriptions.add(ops);
  const mail = first.topics.subscriptions.all().find(({ endpoint }) => endpoint === 'alerts@example.com')!;
  await first.topics.subscriptions.remove(mail.arn);
  const { dir } = first;
  const second = await openTopics({ dir });
  assert.deepEqual(endpoints(second), ['+12065550100', 'ops@example.com']);
  await second.topics.publish({ topicArn, message: 'x' });
  assert.match(second.files('mail')[0]![1], /^To: ops@example\.com\r$/m);
  await second.topics.subscriptions.remove(arn);
  await second.topics.subscriptions.add(mail);
  assert.deepEqual(endpoints(await openTopics({ dir })), ['+12065550100', 'alerts@example.com']);
});

test('an address that the template changes takes the place of the old one, removed or not', async () => {
  const first = await openTopics();
  await first.topics.subscriptions.remove(first.topics.subscriptions.all()[0]!.arn);
  const template = templateWith(subscriptionOf('Mail', 'email', 'new@example.com'));
  assert.deepEqual(endpoints(await openTopics({ dir: first.dir, template })), ['new@example.com']);
});

test('subscribing twice is one subscription', async () => {
  const opened = await openTopics();
  const [a, b] = await Promise.all([
    opened.topics.subscriptions.add(ops),
    opened.topics.subscriptions.add(ops),
  ]);
  assert.deepEqual(a, b);
  assert.equal(endpoints(opened).length, 3);
});

test('unsubscribing a missing subscription changes nothing', async () => {
  const opened = await openTopics();
  await opened.topics.subscriptions.remove(`${topicArn}:__proto__`);
  assert.equal(endpoints(opened).length, 2);
});

test('a change that cannot be written is undone and reported, and the next one works', async () => {
  const opened = await openTopics();
  rmSync(path.join(opened.dir, 'sns'), { recursive: true });
  const error = { code: 'InternalError', message: /could not be written: ENOENT/ };
  await assert.rejects(opened.topics.subscriptions.add(ops), error);
  const [first] = opened.topics.subscriptions.all();
  await assert.rejects(opened.topics.subscriptions.remove(first!.arn), error);
  assert.deepEqual(endpoints(opened), ['+12065550100', 'alerts@example.com']);
  await openTopics({ dir: opened.dir }); // makes the folder again
  await opened.topics.subscriptions.add(ops);
  assert.equal(endpoints(opened).length, 3);
});

test('the thousand-and-first subscription is refused', async () => {
  const { dir } = await openTopics();
  const numbered = (n: number) => ({ ...ops, endpoint: `ops${n}@example.com` });
  const changes = { added: Array.from({ length: 998 }, (_, n) => numbered(n)), removed: [] };
  writeFileSync(path.join(dir, 'sns', 'subscriptions.json'), JSON.stringify(changes));
  const { topics } = await openTopics({ dir });
  const add = (n: number) => topics.subscriptions.add(numbered(n));
  await assert.rejects(add(998), { code: 'SubscriptionLimitExceeded', status: 403 });
  await add(0);
});

test('subscriptions of a topic that the template no longer has are dropped, with a line', async () => {
  const dir = temporaryFolder();
  const { topics } = await openTopics({ dir });
  await topics.subscriptions.add(ops);
  const template = usualTemplate.replaceAll('AlertsTopic', 'OtherTopic');
  const later = await openTopics({ dir, template });
  assert.deepEqual(endpoints(later), ['+12065550100', 'alerts@example.com']);
  assert.equal(later.log.lines[0]?.message, 'SNS subscription dropped with its topic');
});

const damaged = [
  '',
  '{',
  'null',
  '[]',
  '{"added":[]}',
  '{"added":[{"topicArn":"a","protocol":"http","endpoint":"b"}],"removed":[]}',
  '{"added":[{"topicArn":"a","protocol":"email","endpoint":"a@example.com\\nBcc: b@example.com"}],"removed":[]}',
  '{"added":[null],"removed":[]}',
  '{"added":[],"removed":[],"changed":[null]}',
  '{"added":[{"topicArn":"a","protocol":"email","endpoint":"a@example.com","filterPolicy":"{"}],"removed":[]}',
];
for (const text of damaged) {
  test(`a list of subscriptions that holds ${JSON.stringify(text)} stops the start`, async () => {
    const { dir } = await openTopics();
    writeFileSync(path.join(dir, 'sns', 'subscriptions.json'), text);
    await assert.rejects(openTopics({ dir }), {
      name: 'StartError',
      message: /subscriptions\.json.*delete it/,
    });
  });
}

const wrong: Readonly<Record<string, readonly [resources: string, message: RegExp]>> = {
  'an address without a domain': [
    subscriptionOf('Mail', 'email', 'alerts'),
    /template\.yaml:14: Mail: Endpoint is "alerts": it must be an email address/,
  ],
  'an address with a header in it': [
    subscriptionOf('Mail', 'email', 'a@example.com\nBcc: b@example.com'),
    /template\.yaml:14: Mail: Endpoint/,
  ],
  'two addresses': [subscriptionOf('Mail', 'email', 'a@example.com, b@example.com'), /Endpoint/],
  'a display name for an address': [subscriptionOf('Mail', 'email', 'A <a@example.com>'), /Endpoint/],
  'a phone number in national form': [
    subscriptionOf('Phone', 'sms', '(206) 555-0100'),
    /template\.yaml:14: Phone: Endpoint is .*: it must be a phone number such as \+12065550100/,
  ],
  'another protocol': [
    subscriptionOf('Hook', 'https', 'https://example.com'),
    /template\.yaml:13: Hook: Protocol/,
  ],
};
for (const [what, [resources, message]] of Object.entries(wrong)) {
  test(`${what} in a subscription of the template stops the start, by line`, async () => {
    await assert.rejects(openTopics({ template: templateWith(resources) }), {
      name: 'StartError',
      message,
    });
  });
}

test('a display name with a line break stops the start, by line', async () => {
  const error = { name: 'StartError', message: /template\.yaml:7: AlertsTopic: DisplayName/ };
  await assert.rejects(openTopics({ template: templateWith('', 'a\nb') }), error);
});
