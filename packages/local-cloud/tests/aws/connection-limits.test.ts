// Slow and half-sent requests, over real sockets: closed after their limit, and never in the way of clients that send whole ones.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, createServer, request, type IncomingMessage, type RequestListener } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { eventually } from '../../../../tests/support/waiting.ts';
import {
  httpConnectionsWithin,
  limitConnections,
  type ConnectionLimits,
} from '../../aws/connection-limits.ts';

const patient: ConnectionLimits = {
  connections: 1_000,
  headMs: 60_000,
  bodyMs: 60_000,
  bodyBytesPerSecond: 1_000,
  idleMs: 60_000,
  unreadMs: 60_000,
};

const answering: RequestListener = (req, res) =>
  void text(req).then(
    (body) => res.end(`${body.length} bytes`),
    () => {},
  );

async function serve(limits: Partial<ConnectionLimits>, answer = answering) {
  const cut: string[] = [];
  const server = createServer(answer);
  server.on('upgrade', (_req, socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
  limitConnections(server, { ...patient, ...limits }, (reason) => cut.push(reason));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { port, cut, server };
}

interface Raw {
  readonly socket: Socket;
  readonly received: () => string;
  readonly closed: Promise<void>;
  isClosed(): boolean;
}

async function open(port: number, sent = ''): Promise<Raw> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  cleanup(() => void socket.destroy());
  let received = '';
  let isClosed = false;
  socket.on('error', () => {});
  socket.setEncoding('latin1').on('data', (chunk: string) => (received += chunk));
  // Its own end stays open, as that of a client that means harm does.
  const closed = new Promise<void>((resolve) => {
    const gone = () => {
      isClosed = true;
      resolve();
    };
    socket.once('end', gone).once('close', gone);
  });
  await once(socket, 'connect');
  socket.write(sent);
  return { socket, received: () => received, closed, isClosed: () => isClosed };
}

async function ask(port: number, body = 'x', agent?: Agent): Promise<string> {
  const sent = request({ port, host: '127.0.0.1', method: 'POST', agent });
  sent.end(body);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return text(answer);
}

const half = {
  nothing: '',
  'half a head': 'POST / HTTP/1.1\r\nHost: localhost\r\nX-A: ',
  'half a body': 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc',
  'an unfinished chunk': 'POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc',
};
for (const [what, sent] of Object.entries(half)) {
  test(`a client that sends ${what} gets an error and is closed after the limit, while others are served`, async () => {
    const { port, cut } = await serve({ headMs: 200, bodyMs: 200 });
    const slow = await Promise.all(Array.from({ length: 20 }, () => open(port, sent)));
    assert.equal(await ask(port), '1 bytes');
    await Promise.all(slow.map(({ closed }) => closed));
    assert.match(slow[0]!.received(), /^HTTP\/1\.1 408 /);
    assert.equal(cut.length, 20);
    assert.match(cut[0]!, /no whole request within 200 ms|a body slower than 1000 bytes a second/);
  });
}

test('a byte now and then does not help, in the head or in the body', async () => {
  const { port, cut } = await serve({ headMs: 300, bodyMs: 300 });
  const drip = async (sent: string) => {
    const slow = await open(port, sent);
    const timer = setInterval(() => slow.socket.write('a'), 20);
    await slow.closed;
    clearInterval(timer);
  };
  await Promise.all([drip(half['half a head']), drip(half['half a body'])]);
  assert.equal(cut.length, 2);
});

test('a body may take longer than the limit, as long as enough of it comes', async () => {
  const { port, cut } = await serve({ bodyMs: 100, bodyBytesPerSecond: 10_000 });
  const upload = request({ port, host: '127.0.0.1', method: 'POST', headers: { 'content-length': '20000' } });
  const answered = once(upload, 'response');
  for (let sent = 0; sent < 20_000; sent += 1_000) {
    upload.write('x'.repeat(1_000));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  upload.end();
  const [answer] = (await answered) as [IncomingMessage];
  assert.equal(await text(answer), '20000 bytes');
  assert.deepEqual(cut, []);
});

test('an answer may take as long as it takes, and one that nobody reads is cut off', async () => {
  const big = Buffer.alloc(32 * 1024 * 1024);
  const { port, cut } = await serve({ headMs: 100, bodyMs: 100, idleMs: 100, unreadMs: 400 }, (req, res) => {
    if (req.url === '/big') res.end(big);
    else setTimeout(() => res.end('late'), 800);
  });
  const unread = await open(port);
  unread.socket.pause();
  unread.socket.write('GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n');
  assert.equal(await ask(port, ''), 'late');
  await eventually('the one that does not read to be cut off', () => cut.length > 0);
  assert.deepEqual(cut, ['an answer not read for 400 ms']);
});

test('a connection that is kept without a further request is closed without a word', async () => {
  const { port, cut } = await serve({ idleMs: 200 });
  const kept = await open(port, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HT');
  await kept.closed;
  assert.match(kept.received(), /^HTTP\/1\.1 200 OK[^]*0 bytes$/);
  // Nothing is wrong with it, so nothing is logged.
  assert.deepEqual(cut, []);
});

for (const [what, sent] of Object.entries(half)) {
  test(`a port full of connections that send ${what} still serves a client that sends a whole request`, async () => {
    const { port, cut } = await serve({ connections: 20 });
    const slow: Raw[] = [];
    for (let count = 0; count < 60; count += 1) slow.push(await open(port, sent));
    for (let count = 0; count < 5; count += 1) assert.equal(await ask(port), '1 bytes');
    await eventually(
      'all but the last to be closed',
      () => slow.filter((each) => !each.isClosed()).length <= 20,
    );
    assert.ok(cut.every((reason) => reason === 'the port is full, and others send whole requests'));
  });
}

test('of a full port those give way that only keep their connection, not those that are being served', async () => {
  const waiting: (() => void)[] = [];
  const { port } = await serve({ connections: 4 }, (_req, res) => void waiting.push(() => res.end('done')));
  const agent = new Agent({ keepAlive: true });
  cleanup(() => agent.destroy());
  const served = [ask(port), ask(port)];
  await eventually('two requests', () => waiting.length === 2);
  const idle = ask(port, 'x', agent);
  await eventually('a third', () => waiting.length === 3);
  waiting.pop()!();
  await idle;
  const more = [ask(port), ask(port)];
  await eventually('two more', () => waiting.length === 4);
  const refused = await open(port);
  await refused.closed; // all four are being served
  for (const answer of waiting) answer();
  assert.deepEqual(await Promise.all([...served, ...more]), Array(4).fill('done'));
});

test('a refused change of protocol does not keep its place when the client stays', async () => {
  const { port, server } = await serve({ headMs: 200 });
  const refused = await open(
    port,
    'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  );
  await refused.closed;
  assert.match(refused.received(), /^HTTP\/1\.1 403 /);
  await eventually('its place to be free', async () => {
    const count = await new Promise((resolve) => server.getConnections((_error, open) => resolve(open)));
    return count === 0;
  });
});

test.each([
  [Infinity, 1_000, 1_000],
  [1_048_576, 1_000, 1_000],
  [4_096, 1_000, 256],
  [1_024, 1_000, 64],
  [256, 1_000, 32],
  [64, 2_000, 16],
])(
  'with %d descriptors a port that wants it has room for %d at most, here %d',
  (descriptors, wanted, room) => {
    assert.equal(httpConnectionsWithin(descriptors, wanted), room);
  },
);
