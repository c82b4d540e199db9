// Makes a request readable twice: once to decide whether it may be served, and once to serve it.

import { IncomingMessage } from 'node:http';

/** A request with the same head, whose body is `body`, which was read before. */
export function repeat(req: IncomingMessage, body: Buffer): IncomingMessage {
  const { method, url, headers, rawHeaders, httpVersion } = req;
  const again = new IncomingMessage(req.socket);
  Object.assign(again, { method, url, headers, rawHeaders, httpVersion, complete: true });
  again.push(body);
  again.push(null);
  return again;
}
