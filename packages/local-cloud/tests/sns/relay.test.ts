// Mails on their way to a real server: sent once, again after an outage or a restart, and never with the password in the log.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { eventually } from '../../../../tests/support/waiting.ts';
import { createManualClock } from '../../clock.ts';
import { parseSmtpUrl } from '../../sns/smtp-url.ts';
import { openTopics, start, topicArn } from './fixture.ts';
import { readEmail } from './read-email.ts';
import { startSmtpServer } from './smtp-server.ts';

type Opened = Awaited<ReturnType<typeof openTopics>>;

const unsent = (dir: string) => readdirSync(path.join(dir, 'sns', 'unsent'));
const settled = ({ dir }: Opened) => eventually('all mails settled', () => unsent(dir).length === 0);
const warned = ({ log }: Opened, times: number) =>
  eventually(`${times} warnings`, () => log.lines.filter(({ level }) => level === 'warn').length >= times);

/** A port on which nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

test('a mail is sent exactly as its file has it, once', async () => {
  const server = await startSmtpServer();
  const opened = await openTopics({ smtpUrl: `smtp://127.0.0.1:${server.port}` });
  await opened.topics.publish({ topicArn, message: 'first\n.second\n..third', subject: 'Too warm' });
  await settled(opened);
  const [[, file]] = opened.files('mail') as [[string, string]];
  assert.deepEqual(server.received, [
    { from: 'no-reply@tidegate.localhost', to: 'alerts@example.com', data: file },
  ]);
  assert.equal(readEmail(file).text.trimEnd(), 'first\r\n.second\r\n..third');
  assert.equal(opened.counts['mails.sent'], 1);
});

test('the sender is the one that SMTP_URL names, in the mail and to the server', async () => {
  const server = await startSmtpServer();
  const smtpUrl = `smtp://127.0.0.1:${server.port}/?from=alerts%40example.org`;
  const opened = await openTopics({ smtpUrl });
  await opened.topics.publish({ topicArn, message: 'x' });
  await settled(opened);
  assert.equal(server.received[0]?.from, 'alerts@example.org');
  assert.match(server.received[0].data, /^From: Tidegate <alerts@example\.org>\r$/m);
});

test('a publish does not wait for the server, and undelivered mails are sent when it is back', async () => {
  const port = await freePort();
  const clock = createManualClock(start);
  const opened = await openTopics({ clock, smtpUrl: `smtp://127.0.0.1:${port}` });
  await opened.topics.publish({ topicArn, message: 'one' });
  await opened.topics.publish({ topicArn, message: 'two' });
  await warned(opened, 1);
  await clock.advance(1_000);
  await warned(opened, 2);
  const server = await startSmtpServer(undefined, port);
  await clock.advance(1_999);
  assert.deepEqual(server.received, []);
  await clock.advance(1);
  await settled(opened);
  const texts = server.received.map(({ data }) => readEmail(data).text.trimEnd());
  assert.deepEqual(texts, ['one', 'two']);
});

test('notifications that were not sent before a stop are sent after the next start', async () => {
  const dir = temporaryFolder();
  const first = await openTopics({ dir, smtpUrl: `smtp://127.0.0.1:${await freePort()}` });
  await first.topics.publish({ topicArn, message: 'x' });
  await warned(first, 1);
  await first.topics.close();
  const server = await startSmtpServer();
  await settled(await openTopics({ dir, smtpUrl: `smtp://127.0.0.1:${server.port}` }));
  assert.equal(server.received.length, 1);
});

const refusals: Readonly<Record<string, string>> = { 'a recipient': 'RCPT', 'a message': 'DATA-END' };
for (const [what, command] of Object.entries(refusals)) {
  test(`${what} that the server refuses is given up with a line, and the next mail is sent`, async () => {
    let left = 1;
    const server = await startSmtpServer((line) =>
      line.startsWith(command) && left-- > 0 ? '550 no such user' : undefined,
    );
    const opened = await openTopics({ smtpUrl: `smtp://127.0.0.1:${server.port}` });
    await opened.topics.publish({ topicArn, message: 'one' });
    await settled(opened);
    const line = opened.log.lines.find(({ message }) => message === 'email not sent, and not tried again');
    assert.match(String(line?.fields?.['reason']), /550 no such user/);
    assert.deepEqual([opened.counts['mails.unsent'], opened.counts['NumberOfNotificationsFailed']], [1, 1]);
    const [[mail], [failure, said]] = opened.files('mail') as [[string], [string, string]];
    assert.equal(failure, `${mail}.failed.txt`);
    assert.match(
      said,
      /^To: alerts@example\.com\nGiven up: 2026-01-01T00:00:00\.000Z\nReason: .*550 no such user\n$/,
    );
    await opened.topics.publish({ topicArn, message: 'two' });
    await settled(opened);
    assert.equal(server.received.length, 1);
  });
}

test('a mail that the server puts off is sent later, and does not hold up the others', async () => {
  let left = 1;
  const server = await startSmtpServer((line) =>
    line === 'DATA-END' && left-- > 0 ? '451 try again' : undefined,
  );
  const clock = createManualClock(start);
  const opened = await openTopics({ clock, smtpUrl: `smtp://127.0.0.1:${server.port}` });
  await opened.topics.publish({ topicArn, message: 'one' });
  await warned(opened, 1);
  await opened.topics.publish({ topicArn, message: 'two' });
  await eventually('the second mail', () => server.received.length === 1);
  await clock.advance(1_000);
  await settled(opened);
  const texts = server.received.map(({ data }) => readEmail(data).text.trimEnd());
  assert.deepEqual(texts, ['two', 'one']);
});

test('a mail that cannot be sent for a day is given up', async () => {
  const clock = createManualClock(start);
  const smtpUrl = `smtp://127.0.0.1:${await freePort()}`;
  const opened = await openTopics({ clock, smtpUrl });
  await opened.topics.publish({ topicArn, message: 'x' });
  await warned(opened, 1);
  await clock.advance(86_400_001);
  await settled(opened);
  assert.match(String(opened.log.lines.at(-1)?.fields?.['reason']), /^not sent within a day: /);
  assert.match(opened.files('mail')[1]![1], /Reason: not sent within a day: /);
});

test('a mail whose file somebody deleted, or whose note is damaged, is given up with a line', async () => {
  const dir = temporaryFolder();
  const first = await openTopics({ dir, smtpUrl: `smtp://127.0.0.1:${await freePort()}` });
  await first.topics.publish({ topicArn, message: 'x' });
  await warned(first, 1);
  await first.topics.close();
  rmSync(path.join(dir, 'mail', first.files('mail')[0]![0]));
  writeFileSync(path.join(dir, 'sns', 'unsent', 'damaged.eml.json'), '{"to":');
  const server = await startSmtpServer();
  const second = await openTopics({ dir, smtpUrl: `smtp://127.0.0.1:${server.port}` });
  await settled(second);
  assert.equal(second.counts['mails.unsent'], 2);
  assert.deepEqual(server.received, []);
});

test('no log line has the user or the password, whatever the server says', async () => {
  const [user, password] = ['operator', 's3cret/pass'];
  const server = await startSmtpServer((line) => {
    if (line.startsWith('EHLO')) return '250-test\r\n250 AUTH PLAIN';
    if (line.startsWith('AUTH')) return `535 wrong: ${line} ${password} ${encodeURIComponent(password)}`;
    return undefined;
  });
  const url = `smtp://${user}:${encodeURIComponent(password)}@127.0.0.1:${server.port}`;
  const opened = await openTopics({ smtpUrl: url });
  await opened.topics.publish({ topicArn, message: 'x' });
  await warned(opened, 1);
  assert.ok(server.commands.some((line) => line.startsWith('AUTH PLAIN')));
  const logged = JSON.stringify(opened.log.lines);
  assert.match(logged, /535 wrong: AUTH PLAIN \*\*\* \*\*\* \*\*\*/);
  assert.doesNotMatch(logged, /s3cret/);
  assert.equal(unsent(opened.dir).length, 1);
});

test('an SMTP_URL that names no mail server stops the start without being shown', async () => {
  for (const smtpUrl of ['mail.example.com', 'http://a:s3cret@b', 'smtp://', 'smtp:s3cret', '://s3cret']) {
    await assert.rejects(openTopics({ smtpUrl }), (error: Error) => {
      assert.equal(error.name, 'StartError');
      assert.match(error.message, /^SMTP_URL .*: set it to smtp:\/\//);
      assert.doesNotMatch(error.message, /s3cret/);
      return true;
    });
  }
  const smtpUrl = 'smtp://localhost?from=a%0Ab@example.com';
  await assert.rejects(openTopics({ smtpUrl }), { name: 'StartError', message: /from/ });
});

test('the user of SMTP_URL is the sender when it is an address', () => {
  assert.equal(parseSmtpUrl('smtps://ops%40example.com:x@mail.example.com').from, 'ops@example.com');
  assert.equal(parseSmtpUrl('smtps://ops:x@mail.example.com').from, undefined);
});

test('without SMTP_URL a mail has no pending delivery to a server', async () => {
  const opened = await openTopics({ smtpUrl: '' });
  await opened.topics.publish({ topicArn, message: 'x' });
  assert.deepEqual(unsent(opened.dir), []);
  assert.equal(opened.files('mail').length, 1);
});
