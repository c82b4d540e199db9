// Requests that a browser sends for a page: refused on the AWS port, except those that the web port's own pages need.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { isInstalled, testIf } from '../../../../tests/support/conditions.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { createAwsServer, type AwsServer } from '../../aws/server.ts';
import { sendJson, type AwsHandler } from '../../aws/wire.ts';
import { createCounters } from '../../counters.ts';
import { silentLog } from '../../log.ts';

const ownPage = 'http://localhost:8080';
const counters = createCounters();
const served: string[] = [];
let server: AwsServer;

const record: AwsHandler = (req, res) => {
  served.push(`${req.method} ${req.url}`);
  sendJson(res, {});
};

beforeAll(async () => {
  server = await createAwsServer({
    host: '127.0.0.1',
    port: 0,
    services: { s3: record, sns: record, iotdata: record, lambda: record, 'cognito-identity': record },
    origins: () => [ownPage],
    log: silentLog,
    count: counters.count,
  });
});
afterAll(() => server.close());

async function send(method: string, path: string, headers: Record<string, string>) {
  const sent = request(server.url, { method, path, headers });
  sent.end(method === 'POST' ? '{"temperature":99}' : undefined);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: answer.statusCode!, headers: answer.headers, body: await text(answer) };
}

const signedFor = (service: string) => ({
  authorization: `AWS4-HMAC-SHA256 Credential=local/20261120/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`,
});
const inUrl = (service: string) =>
  `X-Amz-Credential=local%2F20261120%2Fus-east-1%2F${service}%2Faws4_request`;
const plain = { 'content-type': 'text/plain' };

const refused: readonly (readonly [
  what: string,
  method: string,
  path: string,
  headers: Record<string, string>,
])[] = [
  [
    'a fetch from another port',
    'POST',
    `/topics/t?${inUrl('iotdata')}`,
    { origin: 'http://localhost:3000', ...plain },
  ],
  [
    'the same, by the name of this port',
    'POST',
    `/topics/t?${inUrl('iotdata')}`,
    { origin: 'http://127.0.0.1:3000' },
  ],
  ['a fetch from elsewhere', 'POST', `/topics/t?${inUrl('iotdata')}`, { origin: 'https://evil.example' }],
  ['a frame without an origin', 'POST', `/topics/t?${inUrl('iotdata')}`, { origin: 'null' }],
  ['a form of an old browser', 'POST', `/?${inUrl('sns')}`, { referer: 'http://localhost:3000/a', ...plain }],
  ['a form of another port', 'POST', `/?${inUrl('sns')}`, { 'sec-fetch-site': 'same-site', ...plain }],
  ['a form of another site', 'POST', `/?${inUrl('sns')}`, { 'sec-fetch-site': 'cross-site', ...plain }],
  ['an image', 'GET', `/?Action=Publish&${inUrl('sns')}`, { 'sec-fetch-site': 'cross-site' }],
  ['an image of another port', 'GET', `/?Action=Publish&${inUrl('sns')}`, { 'sec-fetch-site': 'same-site' }],
  ['an object that is a page', 'POST', `/topics/t?${inUrl('iotdata')}`, { 'sec-fetch-site': 'same-origin' }],
  [
    'a link in a mail that changes something',
    'GET',
    `/?Action=Publish&${inUrl('sns')}`,
    { 'sec-fetch-site': 'none' },
  ],
  [
    'a preflight of another port',
    'OPTIONS',
    '/',
    { origin: 'http://localhost:3000', 'access-control-request-method': 'PUT' },
  ],
  [
    'a WebSocket of another port',
    'GET',
    '/',
    { origin: 'http://localhost:3000', upgrade: 'websocket', connection: 'upgrade' },
  ],
  [
    'a page that calls itself the web port with another scheme',
    'POST',
    '/',
    { origin: 'https://localhost:8080' },
  ],
  ['the own page where it has no business', 'POST', `/topics/t?${inUrl('iotdata')}`, { origin: ownPage }],
];
for (const [what, method, path, headers] of refused) {
  test(`refuses ${what} with a sentence, before any service sees it`, async () => {
    served.length = 0;
    const before = counters.get('aws.refused');
    const answer = await send(method, path, headers);
    assert.equal(answer.status, 403);
    assert.match(answer.body, /AccessDenied/);
    assert.match(answer.body, /not served here: only programs|does not serve pages, only programs/);
    assert.equal(answer.headers['access-control-allow-origin'], undefined);
    assert.deepEqual(served, []);
    assert.equal(counters.get('aws.refused'), before + 1);
  });
}

test.each([
  ['the AWS CLI and SDKs', 'POST', signedFor('iotdata')],
  ["Node's own fetch", 'POST', { ...signedFor('iotdata'), 'sec-fetch-mode': 'cors' }],
  [
    'the own page, for Cognito',
    'POST',
    { ...signedFor('cognito-identity'), origin: ownPage, 'sec-fetch-site': 'cross-site' },
  ],
  ['the own page, for Lambda', 'POST', { ...signedFor('lambda'), origin: ownPage }],
  ['a user who opens an object', 'GET', { 'sec-fetch-site': 'none' }],
] as const)('serves %s', async (_title, method, headers) => {
  assert.equal((await send(method, '/x', headers)).status, 200);
});

test('an object that a user opens runs no script and has an origin of its own', async () => {
  const { headers } = await send('GET', '/bucket/page.html', { 'sec-fetch-site': 'none' });
  assert.equal(headers['content-security-policy'], 'sandbox');
  assert.equal(headers['x-content-type-options'], 'nosniff');
});

/** Tries whatever a page can send without asking first, then says so in its title. */
const attack = (target: string) => `<!doctype html><title>begun</title>
  <iframe name="hidden"></iframe>
  <form method="post" enctype="text/plain" target="hidden" action="${target}/form?${inUrl('iotdata')}"><input name="a" value="b"></form>
  <script>
    const url = '${target}';
    const tries = [
      fetch(url + '/fetch?${inUrl('iotdata')}', { method: 'POST', body: 'x', mode: 'no-cors' }),
      fetch(url + '/cors?${inUrl('iotdata')}', { method: 'POST', body: 'x', headers: { 'x-amz-target': 'x' } }),
      fetch(url + '/put?${inUrl('s3')}', { method: 'PUT', body: 'x' }),
      fetch(url + '/get?Action=Publish&${inUrl('sns')}', { mode: 'no-cors' }),
      new Promise((resolve) => { const image = new Image(); image.onerror = resolve; image.src = url + '/image?${inUrl('sns')}'; }),
      new Promise((resolve) => { const socket = new WebSocket(url.replace('http', 'ws') + '/socket'); socket.onerror = resolve; }),
      new Promise((resolve) => resolve(navigator.sendBeacon(url + '/beacon?${inUrl('iotdata')}', 'x'))),
      new Promise((resolve) => { document.querySelector('iframe').onload = resolve; document.forms[0].submit(); }),
    ];
    Promise.allSettled(tries).then(() => fetch('/done'));
  </script>`;

async function serveAttack(
  target: () => string,
): Promise<{ port: number; done: Promise<void>; close(): void }> {
  let finish = () => {};
  const done = new Promise<void>((resolve) => (finish = resolve));
  const pages: Server = createServer((req, res) => {
    if (req.url === '/done') finish();
    res.setHeader('content-type', 'text/html').end(req.url === '/' ? attack(target()) : '');
  });
  await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
  return { port: (pages.address() as AddressInfo).port, done, close: () => pages.close() };
}

for (const name of ['localhost', '127.0.0.1']) {
  testIf(isInstalled('chromium'), 'chromium is not installed')(
    `a page on another port of ${name} changes nothing, in a real browser`,
    async () => {
      served.length = 0;
      const before = counters.get('aws.refused');
      const page = await serveAttack(() => server.url);
      const flags = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${temporaryFolder()}`];
      const limits = ['--timeout=20000', '--dump-dom', `http://${name}:${page.port}/`];
      const browser = promisify(execFile)('chromium', [...flags, ...limits], { timeout: 60_000 });
      await Promise.race([page.done, browser]);
      await browser;
      page.close();
      assert.deepEqual(served, []);
      assert.ok(counters.get('aws.refused') - before >= 7, `${counters.get('aws.refused') - before} came`);
    },
  );
}
