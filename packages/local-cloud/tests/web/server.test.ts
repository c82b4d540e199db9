// The pages of the web port, and who may read them.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { silentLog } from '../../log.ts';
import { pageOf } from '../../web/page.ts';
import { createWeb, type WebOptions } from '../../web/server.ts';

async function open(options: Partial<WebOptions> = {}) {
  const web = await createWeb({
    host: '127.0.0.1',
    port: 0,
    page: pageOf({ title: 'Cold & <chain>', startCommand: 'local-cloud start' }),
    status: () => ({ totals: { 'mqtt.received': 3 }, outputs: { RawBucket: 'raw' } }),
    inbox: async () => ({ total: 0, messages: [] }),
    refusals: () => [],
    why: async () => ({}),
    upgrade: (_req, socket) => socket.destroy(),
    log: silentLog,
    count: () => {},
    ...options,
  });
  cleanup(() => web.close());
  return web;
}

const ask = (
  port: number,
  path: string,
  method = 'GET',
  host = `127.0.0.1:${port}`,
  more: Readonly<Record<string, string>> = {},
) =>
  new Promise<{ status: number | undefined; type: string | undefined; body: string }>((resolve, reject) => {
    const asked = request({ port, path, method, headers: { host, ...more } }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => (body += text));
      const type = response.headers['content-type'];
      response.on('end', () => resolve({ status: response.statusCode, type, body }));
    });
    asked.on('error', reject).end();
  });

test('the page and the totals are there', async () => {
  const { port } = await open();
  const page = (await ask(port, '/')).body;
  assert.match(page, /<title>Cold &amp; &lt;chain><\/title>/);
  assert.match(page, /Not reachable: is local-cloud start still running\?/);
  const { body } = await ask(port, '/status.json');
  assert.deepEqual(JSON.parse(body), { totals: { 'mqtt.received': 3 }, outputs: { RawBucket: 'raw' } });
});

const readers: readonly (readonly [
  who: string,
  headers: Readonly<Record<string, string>>,
  status: number,
])[] = [
  ['a program', {}, 200],
  ['a page of this port', { 'sec-fetch-site': 'same-origin' }, 200],
  ['the address bar', { 'sec-fetch-site': 'none' }, 200],
  ['a page of another port', { 'sec-fetch-site': 'same-site', origin: 'http://localhost:3000' }, 403],
  ['a script tag of another site', { 'sec-fetch-site': 'cross-site' }, 403],
  ['an old browser on another site', { origin: 'http://site.example' }, 403],
  ['a page that points its name here', { host: 'site.example' }, 403],
];
for (const [who, headers, status] of readers) {
  test(`${who} ${status === 200 ? 'may' : 'may not'} read mails and texts`, async () => {
    const { port } = await open();
    const found = await ask(port, '/inbox.json', 'GET', undefined, headers);
    assert.equal(found.status, status);
    if (status === 200) assert.deepEqual(JSON.parse(found.body), { total: 0, messages: [] });
  });
}

test('mails that cannot be read are named', async () => {
  const { port } = await open({ inbox: () => Promise.reject(new Error('EACCES: mail')) });
  const { status, body } = await ask(port, '/inbox.json');
  assert.deepEqual([status, /cannot be read: EACCES: mail/.test(body)], [500, true]);
});

const refusals = [
  ['/', 'GET', 'evil.example', 403, 'This port answers to localhost only.'],
  ['/', 'POST', undefined, 405, 'POST is not served here.'],
  ['/mqtt', 'GET', undefined, 426, 'MQTT over WebSocket is served here: upgrade the connection.'],
  ['/../etc/passwd', 'GET', undefined, 404, 'There is no /../etc/passwd here.'],
] as const;
for (const [path, method, host, status, title] of refusals) {
  test(`answers ${method} ${path} of ${host ?? 'its own name'} with ${status}`, async () => {
    const { port } = await open();
    const answer = await ask(port, path, method, host);
    assert.deepEqual([answer.status, answer.type], [status, 'application/problem+json']);
    assert.deepEqual(JSON.parse(answer.body), { status, title });
  });
}

const served: readonly (readonly [path: string, isServed: boolean])[] = [
  ['/api', true],
  ['/api/', true],
  ['/api/devices?limit=1', true],
  ['/api?x=1', true],
  ['/apis', false],
  ['/x/api/devices', false],
];
for (const [path, isServed] of served) {
  test(`${path} is ${isServed ? 'the' : 'not the'} HTTP API's, whatever the method`, async () => {
    const { port } = await open({ api: async (_req, res) => void res.writeHead(202).end('api') });
    for (const method of ['GET', 'DELETE']) {
      const { status } = await ask(port, path, method);
      assert.equal(status === 202, isServed);
    }
  });
}

test('the HTTP API is not served under a foreign name, or without an API in the template', async () => {
  const { port } = await open({ api: async (_req, res) => void res.writeHead(202).end('api') });
  assert.equal((await ask(port, '/api/devices', 'GET', 'evil.example')).status, 403);
  assert.equal((await ask((await open()).port, '/api/devices')).status, 404);
});

test('refusals are for programs and for pages of this port, as mails are', async () => {
  const refused = { id: 1, at: 0, message: 'refused', fields: { client: 'x' } };
  const { port } = await open({ refusals: () => [refused] });
  assert.deepEqual(JSON.parse((await ask(port, '/refusals.json')).body), { refusals: [refused] });
  const other = { 'sec-fetch-site': 'cross-site', origin: 'http://localhost:3000' };
  const { status, body } = await ask(port, '/refusals.json', 'GET', `127.0.0.1:${port}`, other);
  assert.equal(status, 403);
  assert.match(body, /Only pages of this port may read refusals/);
});
