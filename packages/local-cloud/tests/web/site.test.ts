// A project's own page on the web port: its files, its configuration, and what its policy allows.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { silentLog } from '../../log.ts';
import { createWeb } from '../../web/server.ts';
import { createSite } from '../../web/site.ts';

const files = new Map([
  ['index.html', Buffer.from('<!doctype html><title>own</title>')],
  ['assets/main-ABCD1234.js', Buffer.from('void 0')],
]);

async function open(page: { files: () => Promise<ReadonlyMap<string, Uint8Array>> }) {
  const web = await createWeb({
    host: '127.0.0.1',
    port: 0,
    page: '<!doctype html><title>totals</title>',
    site: createSite({ page, config: () => ({ region: 'us-east-1' }), awsUrl: 'http://127.0.0.1:4566' }),
    inbox: async () => ({}),
    refusals: () => [],
    why: async () => ({}),
    status: () => ({ totals: {}, outputs: {} }),
    upgrade: (_req, socket) => socket.destroy(),
    log: silentLog,
    count: () => {},
  });
  cleanup(() => web.close());
  return (path: string, method = 'GET') => fetch(`http://127.0.0.1:${web.port}${path}`, { method });
}

test('the page replaces the totals, which are at /status', async () => {
  const ask = await open({ files: async () => files });
  assert.match(await (await ask('/')).text(), /own/);
  assert.match(await (await ask('/status')).text(), /totals/);
  assert.deepEqual(await (await ask('/config.json')).json(), { region: 'us-east-1' });
  assert.equal((await ask('/status.json')).status, 200);
});

test('a file with a hash in its name is cached without end, and every other file is revalidated', async () => {
  const ask = await open({ files: async () => files });
  const kept = await ask('/assets/main-ABCD1234.js');
  assert.equal(kept.headers.get('content-type'), 'text/javascript; charset=utf-8');
  assert.equal(kept.headers.get('cache-control'), 'public, max-age=31536000, immutable');
  assert.equal((await ask('/')).headers.get('cache-control'), 'no-store');
});

test('its policy allows no inline script or style, and calls to this stack alone', async () => {
  const ask = await open({ files: async () => files });
  const { headers } = await ask('/');
  const policy = headers.get('content-security-policy')!;
  assert.doesNotMatch(policy, /unsafe|\*/);
  assert.match(policy, /^default-src 'none'; /);
  assert.match(policy, /connect-src 'self' ws:\/\/127\.0\.0\.1:\d+ http:\/\/127\.0\.0\.1:4566;/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.equal(headers.get('x-content-type-options'), 'nosniff');
});

test('the page is built only when it is opened, and each visit asks for it again', async () => {
  let built = 0;
  const ask = await open({
    files: async () => {
      built += 1;
      return files;
    },
  });
  await ask('/status');
  assert.equal(built, 0);
  await ask('/');
  await ask('/assets/main-ABCD1234.js');
  assert.equal(built, 1);
  await ask('/');
  assert.equal(built, 2);
});

test('a page that does not build says why, and a missing file is not found', async () => {
  const broken = await open({ files: () => Promise.reject(new Error('main.tsx:3:1: no such name')) });
  const answer = await broken('/');
  assert.equal(answer.status, 500);
  assert.match(await answer.text(), /main\.tsx:3:1: no such name/);
  const ask = await open({ files: async () => files });
  assert.equal((await ask('/assets/other.js')).status, 404);
  assert.equal((await ask('/%2e%2e/etc/passwd')).status, 404);
  assert.equal((await ask('/', 'POST')).status, 405);
  assert.equal(await (await ask('/', 'HEAD')).text(), '');
});
