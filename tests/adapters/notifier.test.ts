// The publish requests to SNS, and their time limit.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createNotifier } from '../../adapters/notifier.ts';
import { openSns } from '../../adapters/sns-client.ts';
import type { Notification } from '../../core/alert-state.ts';
import { digestsOf } from '../../core/digest.ts';
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
async function openFakeSns(answer: string | undefined, status = 200) {
  const requests: URLSearchParams[] = [];
  const server = createServer((req: IncomingMessage, res) => {
    let body = '';
    req.setEncoding('utf8').on('data', (text) => (body += text));
    req.on('end', () => {
      requests.push(new URLSearchParams(body));
      if (answer !== undefined) res.writeHead(status).end(answer);
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
  const settings = { page: 'https://dashboard.example.com', timeZone: 'UTC' };
  const notifier = createNotifier({ client, topicArn, settings });
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

test('a notification is one publish, with a text for each channel and the attributes for filter policies', async () => {
  const { notifier, requests } = await openFakeSns(published);
  await notifier.notify(notification(), []);
  assert.equal(requests.length, 1);
  assert.deepEqual(attributesOf(requests[0]), {
    ...{ severity: 'major', site: 'seattle', device: 'store-1', rule: 'warm', alertId: 'a1' },
    ...{ transition: 'raised', channels: '["email","sms"]' },
    alerts: '["a1 raised major 1790000000000 warm store-1"]',
  });
  const message = JSON.parse(requests[0]!.get('Message')!) as Record<string, string>;
  assert.deepEqual(Object.keys(message), ['default', 'email', 'sms']);
  assert.match(message['email']!, /https:\/\/dashboard\.example\.com\/#\/device\/store-1\?from=\d+&to=\d+/);
});

test('an empty attribute is omitted, since SNS refuses it', async () => {
  const { notifier, requests } = await openFakeSns(published);
  await notifier.notify(notification({ site: '' }), []);
  assert.ok(!('site' in attributesOf(requests[0])));
});

test('a digest is one publish, which matches filters for any of its alerts', async () => {
  const { notifier, requests } = await openFakeSns(published);
  const severities = ['warning', 'critical', 'minor'] as const;
  const all = severities.map((severity, n) =>
    notification({
      ...{ severity, channels: ['email'], deviceId: `store-${n}`, ruleId: 'warm' },
      site: n === 0 ? '' : 'seattle',
    }),
  );
  await notifier.notifyAll({ notifications: all, channels: ['email'] });
  assert.equal(requests.length, 1);
  assert.deepEqual(attributesOf(requests[0]), {
    ...{ severity: '["warning","critical","minor"]', transition: 'digest', channels: '["email"]' },
    ...{ site: '["seattle"]', device: '["store-0","store-1","store-2"]', rule: '["warm"]' },
    alerts: JSON.stringify(
      severities.map((severity, n) => `a1 raised ${severity} 1790000000000 warm store-${n}`),
    ),
  });
});

test('for ten thousand devices every publish fits a message, and the emails name all of them', async () => {
  const { notifier, requests } = await openFakeSns(published);
  const name = (n: number) => `${n}-${'"\\'.repeat(20)}${'d'.repeat(60)}`;
  const all = Array.from({ length: 10_000 }, (_, n) =>
    notification({ deviceId: name(n), site: `site ${n}`, ruleId: 'r'.repeat(60) }),
  );
  for (const digest of digestsOf(all.map((each) => [each])))
    assert.equal(await notifier.notifyAll(digest), undefined);
  const named = new Set<string>();
  for (const request of requests) {
    const attributes = attributesOf(request);
    const bytes = Buffer.byteLength(request.get('Message')!) + Buffer.byteLength(JSON.stringify(attributes));
    assert.ok(bytes < 250_000, String(bytes));
    if (attributes['channels'] === '["email"]')
      for (const device of JSON.parse(attributes['device']!) as string[]) named.add(device);
  }
  assert.equal(named.size, 10_000);
});

const refusals: [code: string, status: number, of: string | undefined][] = [
  ['InvalidParameter', 400, 'message'],
  ['AuthorizationError', 403, 'topic'],
  ['NotFound', 404, 'topic'],
  ['EndpointDisabled', 400, 'topic'],
  ['KMSDisabled', 400, 'topic'],
  ['Throttled', 429, undefined],
  ['InternalError', 500, undefined],
  ['ServiceUnavailable', 503, undefined],
];
for (const [code, status, of] of refusals) {
  const outcome = of ? `refuses permanently (${of})` : 'may take later';
  test(`${code} is the answer to a notification that SNS ${outcome}`, async () => {
    const answer = `<ErrorResponse><Error><Code>${code}</Code><Message>no</Message></Error></ErrorResponse>`;
    const { notifier } = await openFakeSns(answer, status);
    if (of) assert.deepEqual(await notifier.notify(notification(), []), { of, reason: `${code}: no` });
    else await assert.rejects(notifier.notify(notification(), []));
  });
}

test('a notification of several changes also matches a filter for its worst severity', async () => {
  const { notifier, requests } = await openFakeSns(published);
  const folded = { changes: 3, since: 1_790_000_000_000, worst: 'critical' } as const;
  await notifier.notify(notification({ folded }), []);
  assert.equal(attributesOf(requests[0])['severity'], '["major","critical"]');
});

test('a publish to an SNS that never answers is abandoned', async () => {
  const { notifier } = await openFakeSns(undefined);
  await assert.rejects(notifier.notify(notification(), []), { name: 'TimeoutError' });
});
