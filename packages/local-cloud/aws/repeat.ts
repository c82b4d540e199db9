// Lets a request be read twice: once to decide whether it may be served, and once to serve it.

import { IncomingMessage } from 'node:http';

/** The body has been read already; whoever serves the request reads it from here. */
export function repeat(req: IncomingMessage, body: Buffer): IncomingMessage {
  const { method, url, headers, rawHeaders, httpVersion } = req;
  const again = new IncomingMessage(req.socket);
  Object.assign(again, { method, url, headers, rawHeaders, httpVersion, complete: true });
  again.push(body);
  again.push(null);
  return again;
}
