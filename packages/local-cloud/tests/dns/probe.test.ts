// What one checker says of real servers.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { probe } from '../../dns/probe.ts';
import type { Endpoint } from '../../dns/model.ts';
import { readStandIns } from '../../dns/stand-ins.ts';

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanup(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

const http = (port: number, more: Partial<Endpoint> = {}): Endpoint => ({
  ...{ protocol: 'HTTP', address: '127.0.0.1', port, path: '/health', sni: false },
  ...more,
});

const cases: readonly (readonly [
  fact: string,
  status: number,
  body: string,
  search: string | undefined,
  text: string,
])[] = [
  ['200 is a success', 200, 'ok', undefined, 'Success: HTTP Status Code 200, OK'],
  ['302 is a success', 302, '', undefined, 'Success: HTTP Status Code 302, Found'],
  ['403 is a failure', 403, 'ok', undefined, 'Failure: HTTP Status Code 403, Forbidden'],
  [
    'a search string is found',
    200,
    'all is well',
    'well',
    'Success: HTTP Status Code 200, OK. Search string found',
  ],
  [
    'letters of another case are not found',
    ...([
      200,
      'all is Well',
      'well',
      'Failure: HTTP Status Code 200, OK. Search string not found in the first 5120 bytes',
    ] as const),
  ],
  [
    'what goes beyond the first 5,120 bytes is not found',
    ...([
      200,
      `${'x'.repeat(5_118)}well`,
      'well',
      'Failure: HTTP Status Code 200, OK. Search string not found in the first 5120 bytes',
    ] as const),
  ],
];

test.each(cases)('%s', async (_, status, body, search, text) => {
  const port = await serve((_request, response) => response.writeHead(status).end(body));
  const found = await probe(http(port, search === undefined ? {} : { search }), undefined);
  assert.deepEqual(found, { isSuccess: text.startsWith('Success'), text });
});

test('a request names the host and the checker, and goes to the path', async () => {
  const heads: unknown[] = [];
  const port = await serve(({ url, headers }, response) => {
    heads.push([url, headers.host, headers['user-agent']]);
    response.end();
  });
  await probe(http(port, { domain: 'api.example.com', path: '/health?deep=1' }), undefined);
  assert.deepEqual(heads, [
    ['/health?deep=1', `api.example.com:${port}`, 'Amazon-Route53-Health-Check-Service (local)'],
  ]);
});

test('a local address is checked below its path, without encryption if it has none, and by its own name', async () => {
  const heads: unknown[] = [];
  const port = await serve(({ url, headers }, response) => {
    heads.push([url, headers.host]);
    response.end();
  });
  const standIn = readStandIns([`api.example.com=http://127.0.0.1:${port}/api/`]).get('api.example.com.');
  const endpoint = http(443, { protocol: 'HTTPS', domain: 'api.example.com', sni: true });
  assert.equal((await probe(endpoint, standIn)).isSuccess, true);
  assert.equal(
    (await probe({ ...endpoint, protocol: 'TCP' }, standIn)).text,
    'Success: TCP connection established.',
  );
  assert.deepEqual(heads, [['/api/health', `127.0.0.1:${port}`]]);
});

test('a closed port is refused, over HTTP and TCP', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  for (const protocol of ['HTTP', 'TCP'] as const) {
    assert.deepEqual(await probe(http(port, { protocol }), undefined), {
      isSuccess: false,
      text: 'Failure: Connection refused.',
    });
  }
});

test('an answer that does not come within two seconds is a failure', async () => {
  const port = await serve(() => {});
  assert.deepEqual(await probe(http(port), undefined), {
    isSuccess: false,
    text: 'Failure: The endpoint did not answer in time.',
  });
});
