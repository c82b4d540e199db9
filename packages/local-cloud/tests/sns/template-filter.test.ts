// Filter policies of the template's subscriptions: read at start, refused by line, and changed at run time, over a restart.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readFilter, type Filter } from '../../sns/filter-policy.ts';
import { openTopics, subscriptionOf, templateWith, topicArn } from './fixture.ts';

const severity = (value: string) => ({
  topicArn,
  message: 'x',
  attributes: { severity: { type: 'String', value } },
});

const filtered = (lines: string) =>
  templateWith(`${subscriptionOf('Mail', 'email', 'a@example.com').trimEnd()}\n      ${lines}\n`);
const critical = filtered('FilterPolicy: { severity: [critical] }');

const forms: Readonly<Record<string, readonly [lines: string, policy: string]>> = {
  'an object': [
    'FilterPolicy: { severity: [critical, { exists: false }] }',
    '{"severity":["critical",{"exists":false}]}',
  ],
  'JSON text': [`FilterPolicy: '{"severity": ["critical", null]}'`, '{"severity": ["critical", null]}'],
  'an object with the scope beside it': [
    'FilterPolicyScope: MessageAttributes\n      FilterPolicy: { severity: [{ prefix: crit }] }',
    '{"severity":[{"prefix":"crit"}]}',
  ],
};
for (const [what, [lines, policy]] of Object.entries(forms)) {
  test(`a filter policy that is ${what} filters`, async () => {
    const { topics, counts } = await openTopics({ template: filtered(lines) });
    assert.equal(topics.subscriptions.all()[0]?.filter.policy, policy);
    await topics.publish(severity('major'));
    assert.deepEqual(counts, {});
    await topics.publish(severity('critical'));
    assert.deepEqual(counts, { mails: 1 });
  });
}

test('a filter policy for bodies filters by body', async () => {
  const template = filtered('FilterPolicyScope: MessageBody\n      FilterPolicy: { a: { b: [1, true] } }');
  const { topics, counts } = await openTopics({ template });
  for (const message of ['{"a":{"b":2}}', '{"a":{"b":"1"}}', '{"a":{"b":1}}', '{"a":{"b":true}}']) {
    await topics.publish({ topicArn, message });
  }
  assert.deepEqual(counts, { mails: 2 });
});

const wrong: Readonly<Record<string, readonly [lines: string, message: RegExp]>> = {
  'an unknown operator': [
    'FilterPolicy: { severity: [{ regex: x }] }',
    /^.*template\.yaml:15: Mail: FilterPolicy: Unrecognized match type regex: https:\/\/docs\.aws/,
  ],
  'text that is not JSON': [
    'FilterPolicy: severity=critical',
    /template\.yaml:15: Mail: FilterPolicy: failed to parse JSON/,
  ],
  'a list': ['FilterPolicy: [critical]', /template\.yaml:15: Mail: FilterPolicy: Filter is not an object/],
  'keys within keys': [
    'FilterPolicy: { a: { b: [x] } }',
    /template\.yaml:15: Mail: Filter policy scope MessageAttributes does not support nested/,
  ],
};
for (const [what, [lines, message]] of Object.entries(wrong)) {
  test(`a filter policy with ${what} stops the start, by line`, async () => {
    await assert.rejects(openTopics({ template: filtered(lines) }), { name: 'StartError', message });
  });
}

function major(): Filter {
  const filter = readFilter('{"severity":["major"]}');
  if ('problem' in filter) assert.fail(filter.problem);
  return filter;
}
const ops = { topicArn, protocol: 'email', endpoint: 'ops@example.com' } as const;
type Opened = Awaited<ReturnType<typeof openTopics>>;
const policies = ({ topics }: Opened) =>
  Object.fromEntries(topics.subscriptions.all().map(({ endpoint, filter }) => [endpoint, filter.policy]));

test('filters that were set at run time outlive a restart, those of the template included', async () => {
  const first = await openTopics({ template: critical });
  const [mail] = first.topics.subscriptions.all();
  await first.topics.subscriptions.add({ ...ops, settings: { filter: major() } });
  await first.topics.subscriptions.set(mail!.arn, () => ({ filter: major() }));
  const second = await openTopics({ template: critical, dir: first.dir });
  const both = { 'a@example.com': '{"severity":["major"]}', 'ops@example.com': '{"severity":["major"]}' };
  assert.deepEqual(policies(second), both);
  await second.topics.publish(severity('critical'));
  await second.topics.publish(severity('major'));
  assert.deepEqual(second.counts, { mails: 2 });
});

test('a subscription of the template has no change to remember once its filter is set back', async () => {
  const { topics, dir } = await openTopics({ template: critical });
  const [mail] = topics.subscriptions.all();
  await topics.subscriptions.set(mail!.arn, () => ({ filter: major() }));
  await topics.subscriptions.set(mail!.arn, () => mail!);
  const saved: unknown = JSON.parse(readFileSync(path.join(dir, 'sns', 'subscriptions.json'), 'utf8'));
  assert.deepEqual(saved, { added: [], removed: [], changed: [] });
  assert.deepEqual(policies(await openTopics({ template: critical, dir })), {
    'a@example.com': '{"severity":["critical"]}',
  });
});

test('an address of the template that is unsubscribed and subscribed again has no filter, also after a restart', async () => {
  const { topics, dir } = await openTopics({ template: critical });
  const [mail] = topics.subscriptions.all();
  await topics.subscriptions.remove(mail!.arn);
  await topics.subscriptions.add({ topicArn, protocol: 'email', endpoint: 'a@example.com' });
  assert.deepEqual(policies(await openTopics({ template: critical, dir })), {
    'a@example.com': undefined,
  });
});

test('a list of subscriptions from before there were filters is read', async () => {
  const { dir } = await openTopics({ template: critical });
  const endpoints = ['a@example.com', 'ops@example.com'];
  const added = endpoints.map((endpoint) => ({ ...ops, endpoint }));
  const file = path.join(dir, 'sns', 'subscriptions.json');
  writeFileSync(file, JSON.stringify({ added, removed: [] }));
  assert.deepEqual(policies(await openTopics({ template: critical, dir })), {
    'a@example.com': '{"severity":["critical"]}',
    'ops@example.com': undefined,
  });
});

test('a change of a filter that cannot be written is undone', async () => {
  const { topics, dir } = await openTopics({ template: critical });
  const [mail] = topics.subscriptions.all();
  const file = path.join(dir, 'sns', 'subscriptions.json');
  await topics.subscriptions.set(mail!.arn, (settings) => settings);
  rmSync(file);
  mkdirSync(path.join(file, 'in the way'), { recursive: true });
  const error = { code: 'InternalError', message: /could not be written/ };
  await assert.rejects(
    topics.subscriptions.set(mail!.arn, () => ({ filter: major() })),
    error,
  );
  assert.equal(topics.subscriptions.find(mail!.arn)?.filter.policy, '{"severity":["critical"]}');
});
