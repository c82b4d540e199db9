// What subscribers get: the files of one publish, for mails and texts.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openTopics, subscriptionOf, templateWith, topicArn } from './fixture.ts';
import { readEmail } from './read-email.ts';

const structured = (texts: object) => ({
  topicArn,
  messageStructure: 'json',
  message: JSON.stringify(texts),
});

test('a message is an .eml for the address and a .txt for the phone', async () => {
  const { topics, files, counts } = await openTopics();
  const answer = await topics.publish({ topicArn, message: 'Too warm: 11', subject: 'ALARM critical' });
  assert.deepEqual(answer, { messageId: 'm1' });
  const [[mail, raw]] = files('mail') as [[string, string]];
  assert.equal(mail, '20260101T000000.000Z-m1.eml');
  const { headers, text } = readEmail(raw);
  assert.equal(text.trimEnd(), 'Too warm: 11');
  assert.equal(headers.get('from'), 'Tidegate <no-reply@tidegate.localhost>');
  assert.equal(headers.get('to'), 'alerts@example.com');
  assert.equal(headers.get('subject'), 'ALARM critical');
  assert.equal(headers.get('date'), 'Thu, 01 Jan 2026 00:00:00 +0000');
  assert.equal(headers.get('message-id'), '<m1@tidegate.localhost>');
  assert.equal(headers.get('x-amz-sns-topic-arn'), topicArn);
  assert.deepEqual(files('sms'), [
    [
      '20260101T000000.000Z-+12065550100-m1-2.txt',
      'To: +12065550100\nDate: 2026-01-01T00:00:00.000Z\nMessage-ID: m1-2\n\nTidegate> Too warm: 11\n',
    ],
  ]);
  assert.deepEqual(counts, { mails: 1, texts: 1 });
});

test('only the owner can read files and folders, and no half-written file is beside them', async () => {
  const { topics, dir } = await openTopics();
  await topics.publish({ topicArn, message: 'x' });
  for (const folder of ['mail', 'sms', 'sns'])
    assert.equal(statSync(path.join(dir, folder)).mode & 0o777, 0o700);
  for (const folder of ['mail', 'sms']) {
    const [name] = readdirSync(path.join(dir, folder));
    assert.equal(statSync(path.join(dir, folder, name!)).mode & 0o777, 0o600);
  }
  assert.deepEqual(readdirSync(path.join(dir, 'sns', 'aside')), []);
});

test('half-written files of a killed process are removed at the next start', async () => {
  const { dir } = await openTopics();
  writeFileSync(path.join(dir, 'sns', 'aside', 'half'), 'x');
  await openTopics({ dir });
  assert.deepEqual(readdirSync(path.join(dir, 'sns', 'aside')), []);
});

test('each protocol gets its own text, or the default if it has none or not a string', async () => {
  const { topics, files } = await openTopics();
  await topics.publish(structured({ default: 'usual', email: 'long', sms: 'short' }));
  await topics.publish(structured({ default: 'usual', sms: 7, email: null }));
  const texts = files('mail').map(([, raw]) => readEmail(raw).text.trimEnd());
  assert.deepEqual(texts, ['long', 'usual']);
  const shown = files('sms').map(([, content]) => content.split('\n').at(-2));
  assert.deepEqual(shown, ['Tidegate> short', 'Tidegate> usual']);
});

test('each subscriber of a topic gets a mail of its own and sees no other', async () => {
  const template = templateWith(
    subscriptionOf('One', 'email', 'one@example.com') + subscriptionOf('Two', 'email', 'two@example.com'),
  );
  const { topics, files, counts } = await openTopics({ template });
  await topics.publish({ topicArn, message: 'x' });
  const mails = files('mail').map(([, raw]) => readEmail(raw).headers);
  assert.deepEqual(
    new Set(mails.map((headers) => headers.get('to'))),
    new Set(['one@example.com', 'two@example.com']),
  );
  assert.equal(new Set(mails.map((headers) => headers.get('message-id'))).size, 2);
  assert.deepEqual(counts, { mails: 2 });
});

test('a topic without subscribers accepts a message and keeps no delivery pending', async () => {
  const { topics, files } = await openTopics({ template: templateWith() });
  assert.deepEqual(await topics.publish({ topicArn, message: 'x' }), { messageId: 'm1' });
  assert.deepEqual([...files('mail'), ...files('sms')], []);
});

test('a text goes to a phone directly, with its sender id and without a topic in front', async () => {
  const { topics, files, counts } = await openTopics();
  const attributes = { 'AWS.SNS.SMS.SenderID': { type: 'String', value: 'TIDEGATE' } };
  await topics.publish({ phoneNumber: '+4915123456789', message: 'x', attributes });
  const [[name, content]] = files('sms') as [[string, string]];
  assert.equal(name, '20260101T000000.000Z-+4915123456789-m1.txt');
  assert.match(content, /^To: \+4915123456789\nFrom: TIDEGATE\n.*\n.*\n\nx\n$/);
  assert.deepEqual(counts, { texts: 1 });
});

test('a text over 1,600 characters is logged and counted, and the mail goes out', async () => {
  const { topics, files, counts, log } = await openTopics();
  await topics.publish({ topicArn, message: 'x'.repeat(1_591) });
  assert.equal(counts['mails'], 1);
  assert.equal(counts['texts.refused'], 1);
  assert.deepEqual(files('sms'), []);
  assert.match(String(log.lines[0]?.fields?.['reason']), /1601 characters, and SNS sends at most 1600/);
  await topics.publish({ topicArn, message: 'x'.repeat(1_590) });
  assert.equal(counts['texts'], 1);
});

const hostile = {
  'line breaks and headers': 'first\r\nBcc: all@example.com\r\n\r\nbody\n.\n',
  'bare carriage returns': 'a\rb\rBcc: all@example.com',
  'control characters': 'a\u0000b\u0007c\u001B[2J\u007F',
  'a boundary and a From line': '--b\nFrom mallory Thu Jan  1 00:00:00 2026\n=?UTF-8?Q?x?=\n',
  'every alphabet': 'Kühlschrank ☃ 冷蔵庫 \u202E \u{1F9CA}',
  'half of a character': 'a\uD800b',
  'one long line': 'x'.repeat(100_000),
};
for (const [what, message] of Object.entries(hostile)) {
  test(`a message with ${what} is a body and nothing else`, async () => {
    const { topics, files } = await openTopics();
    await topics.publish(structured({ default: message, sms: 'x' }));
    const { headers, text } = readEmail(files('mail')[0]![1]);
    assert.equal(headers.has('bcc'), false);
    const lines = (body: string) =>
      body.toWellFormed().replaceAll('\r\n', '\n').replaceAll('\r', '\n').trimEnd();
    assert.equal(lines(text), lines(message));
  });
}

test('subject and display name are encoded, whatever they contain', async () => {
  const mail = subscriptionOf('Mail', 'email', 'alerts@example.com');
  const displayName = 'Kühl "haus" <x@y>, z';
  const { topics, files } = await openTopics({ template: templateWith(mail, displayName) });
  const subject = `Alarm ☃, ${'ü'.repeat(80)} =?UTF-8?Q?x?=`.slice(0, 99);
  await topics.publish({ topicArn, message: 'x', subject });
  const { headers } = readEmail(files('mail')[0]![1]);
  assert.equal(headers.get('subject'), subject);
  assert.match(headers.get('from')!, /^"?Kühl .*haus.* <no-reply@tidegate\.localhost>$/);
  assert.equal(headers.get('to'), 'alerts@example.com');
});

test('a message without a subject gets the words that SNS uses', async () => {
  const { topics, files } = await openTopics();
  await topics.publish({ topicArn, message: 'x' });
  assert.equal(readEmail(files('mail')[0]![1]).headers.get('subject'), 'AWS Notification Message');
});

test('if one file cannot be written, none stays, the publisher gets an error, and the next publish works', async () => {
  const { topics, dir, files, log, counts } = await openTopics();
  rmSync(path.join(dir, 'sms'), { recursive: true });
  await assert.rejects(topics.publish({ topicArn, message: 'x' }), {
    code: 'InternalError',
    status: 500,
    message: 'The message could not be written: ENOENT',
  });
  assert.deepEqual(files('mail'), []);
  assert.deepEqual(readdirSync(path.join(dir, 'sns', 'aside')), []);
  assert.deepEqual(counts, {});
  assert.equal(log.lines[0]?.level, 'error');
  mkdirSync(path.join(dir, 'sms'));
  await topics.publish({ topicArn, message: 'x' });
  assert.equal(files('mail').length, 1);
  assert.equal(files('sms').length, 1);
});

test('hundreds of messages at once are all written, each whole', async () => {
  const { topics, files } = await openTopics();
  const numbers = Array.from({ length: 200 }, (_, n) => n);
  await Promise.all(numbers.map((n) => topics.publish({ topicArn, message: `message ${n}` })));
  const texts = files('mail').map(([, raw]) => readEmail(raw).text.trimEnd());
  assert.deepEqual(texts.sort(), numbers.map((n) => `message ${n}`).sort());
  assert.equal(files('sms').length, 200);
});
