// What SNS is asked to publish, and for how long its answer is waited for.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createNotifier } from '../../adapters/notifier.ts';
import { openSns } from '../../adapters/sns-client.ts';
import type { Notification } from '../../core/alert-state.ts';
import { cleanup } from '../support/cleanup.ts';

const notification = (more: Partial<Notification> = {}) =>
  ({
    ...{ alertId: 'a1', transition: 'raised', deviceId: 'store-1', site: 'seattle', ruleId: 'warm' },
    ...{ severity: 'major', channels: ['email', 'sms'], windowStart: 1_790_000_000_000 },
    ...{ since: 1_790_000_000_000, decidedAt: 1_790_000_001_000 },
    ...{ metric: 'temperature', stat: 'max', value: '9', side: 'above', limit: '8' },
    ...more,
  }) as Notification;

/** An SNS that gives `answer`, none where that is undefined, to each request. */
async function openFakeSns(answer: string | undefined) {
  const requests: URLSearchParams[] = [];
  const server = createServer((req: IncomingMessage, res) => {
    let body = '';
    req.setEncoding('utf8').on('data', (text) => (body += text));
    req.on('end', () => {
      requests.push(new URLSearchParams(body));
      if (answer !== undefined) res.end(answer);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const client = openSns({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    answerMs: answer === undefined ? 50 : 8000,
  });
  cleanup(() => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  });
  const topicArn = 'arn:aws:sns:us-east-1:000000000000:alerts';
  const notifier = createNotifier({ client, topicArn, page: 'https://dashboard.example.com' });
  return { notifier, requests };
}

const published =
  '<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>';

/** The message attributes of a request, by name. */
function attributesOf(request: URLSearchParams | undefined): Record<string, string | null> {
  const found: Record<string, string | null> = {};
  for (let n = 1; request?.has(`MessageAttributes.entry.${n}.Name`); n += 1) {
    const entry = `MessageAttributes.entry.${n}`;
    found[request.get(`${entry}.Name`)!] = request.get(`${entry}.Value.StringValue`);
  }
  return found;
}

test('a notification is one publish, with a text for each channel and what subscribers filter by', async () => {
  const { notifier, requests } = await openFakeSns(published);
  await notifier.notify(notification());
  assert.equal(requests.length, 1);
  assert.deepEqual(attributesOf(requests[0]), {
    ...{ severity: 'major', site: 'seattle', device: 'store-1', rule: 'warm', alertId: 'a1' },
    ...{ transition: 'raised', channels: '["email","sms"]' },
  });
  const message = JSON.parse(requests[0]!.get('Message')!) as Record<string, string>;
  assert.deepEqual(Object.keys(message), ['default', 'email', 'sms']);
  assert.match(message['email']!, /https:\/\/dashboard\.example\.com\/\?device=store-1/);
});

test('an attribute without text is left out, as SNS takes none', async () => {
  const { notifier, requests } = await openFakeSns(published);
  await notifier.notify(notification({ site: '' }));
  assert.ok(!('site' in attributesOf(requests[0])));
});

test('a digest is one publish, which subscribers find by whatever is in it', async () => {
  const { notifier, requests } = await openFakeSns(published);
  const severities = ['warning', 'critical', 'minor'] as const;
  const all = severities.map((severity, n) =>
    notification({
      ...{ severity, channels: ['email'], deviceId: `store-${n}`, ruleId: 'warm' },
      site: n === 0 ? '' : 'seattle',
    }),
  );
  await notifier.notifyAll(all);
  assert.equal(requests.length, 1);
  assert.deepEqual(attributesOf(requests[0]), {
    ...{ severity: '["warning","critical","minor"]', transition: 'digest', channels: '["email"]' },
    ...{ site: '["seattle"]', device: '["store-0","store-1","store-2"]', rule: '["warm"]' },
  });
});

test('a digest of ten thousand devices fits a message', async () => {
  const { notifier, requests } = await openFakeSns(published);
  const all = Array.from({ length: 10_000 }, (_, n) => notification({ deviceId: `${n}-${'d'.repeat(100)}` }));
  await notifier.notifyAll(all);
  assert.ok(JSON.stringify(attributesOf(requests[0])).length < 100_000);
});

test('an SNS that takes a request and never answers is given up', async () => {
  const { notifier } = await openFakeSns(undefined);
  await assert.rejects(notifier.notify(notification()), { name: 'TimeoutError' });
});
