// Replaces `node:tls` in a world: a connection is a stream that knows the client's certificate, without the cryptography between.

import { openServer } from './node-net.ts';

export * from 'node:tls';

/** What arrives has shown its certificate already. */
export function createServer() {
  const server = openServer('secureConnection', undefined);
  server.on('connection', (socket) => server.emit('secureConnection', socket));
  return server;
}
