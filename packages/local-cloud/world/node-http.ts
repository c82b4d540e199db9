// Replaces `node:http` in a world: requests reach the servers of this world as objects, without sockets and text between.

import http from 'node:http';
import { openServer } from './node-net.ts';
import { sendRequest } from './http-exchange.ts';

export * from 'node:http';

export const createServer = (...given: unknown[]) => openServer('request', given.at(-1) as never);
export const request = sendRequest;
export default { ...http, createServer, request };
