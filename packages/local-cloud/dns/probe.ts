// One request of a health checker, with the time limits and the verdicts of Route 53.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html

import { once } from 'node:events';
import { request as requestHttp, STATUS_CODES, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { connect } from 'node:net';
import type { Endpoint } from './model.ts';
import type { StandIn } from './stand-ins.ts';

export interface Verdict {
  readonly isSuccess: boolean;
  readonly text: string;
}

const HTTP_CONNECT_MS = 4_000;
const HTTP_ANSWER_MS = 2_000;
const BODY_MS = 2_000;
const TCP_MS = 10_000;
/** The search string must be within this many bytes at the start of the body. */
const SEARCHED_BYTES = 5_120;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { HTTP: 80, HTTPS: 443 };

const failure = (text: string): Verdict => ({ isSuccess: false, text: `Failure: ${text}` });

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Connection refused.',
  ECONNRESET: 'Connection reset.',
  ENOTFOUND: 'DNS resolution failed: the name is not known.',
  EAI_AGAIN: 'DNS resolution failed: no name server answers.',
  EHOSTUNREACH: 'No route to host.',
  ENETUNREACH: 'The network is not reachable.',
};

const reasonOf = (error: NodeJS.ErrnoException): string =>
  REASONS[error.code ?? ''] ?? `${error.message || error.code}.`;

async function within<T>(ms: number, what: string, stop: () => void, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(what));
      stop();
    }, ms);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

async function probeTcp(host: string, port: number): Promise<Verdict> {
  const socket = connect({ host, port });
  try {
    await within(TCP_MS, 'The connection timed out', () => socket.destroy(), once(socket, 'connect'));
    return { isSuccess: true, text: 'Success: TCP connection established.' };
  } finally {
    socket.destroy();
  }
}

/** The target of a request, and its headers. */
function requestOf(endpoint: Endpoint, standIn: StandIn | undefined): ClientRequest {
  const { protocol, domain, address, port, path } = endpoint;
  const isSecure = standIn?.url ? standIn.url.protocol === 'https:' : protocol === 'HTTPS';
  const host = standIn?.address ?? address ?? domain!;
  const name = domain ?? address!;
  const prefix = standIn?.url?.pathname.replace(/\/$/, '') ?? '';
  const standInPort = standIn?.url ? Number(standIn.url.port || (isSecure ? 443 : 80)) : standIn?.port;
  const shared = {
    ...{ host, port: standInPort ?? port, path: prefix + path, agent: false },
    headers: {
      // A stand-in gets its own address as the host: it may refuse another name.
      host: standIn?.url?.host ?? (port === DEFAULT_PORTS[protocol] ? name : `${name}:${port}`),
      'user-agent': 'Amazon-Route53-Health-Check-Service (local)',
      accept: '*/*',
      connection: 'close',
    },
  };
  // Certificates are not validated, as the guide says.
  const servername = endpoint.sni && domain !== undefined ? domain : '';
  return isSecure ? requestHttps({ ...shared, rejectUnauthorized: false, servername }) : requestHttp(shared);
}

/** The part of the body that is searched. */
async function startOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    if ((length += chunk.length) >= SEARCHED_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, SEARCHED_BYTES).toString('utf8');
}

async function probeHttp(endpoint: Endpoint, standIn: StandIn | undefined): Promise<Verdict> {
  const request = requestOf(endpoint, standIn);
  const stop = () => request.destroy();
  request.on('error', () => {}); // the caller gets the error, and later ones do not matter
  const answered = once(request, 'response') as Promise<[IncomingMessage]>;
  answered.catch(() => {}); // the connection failed before, and that is what counts
  try {
    const connected = once(request, 'socket').then(([socket]) => once(socket, 'connect'));
    request.end();
    await within(HTTP_CONNECT_MS, 'The connection timed out', stop, Promise.race([connected, answered]));
    const [response] = await within(HTTP_ANSWER_MS, 'The endpoint did not answer in time', stop, answered);
    const status = `HTTP Status Code ${response.statusCode}, ${STATUS_CODES[response.statusCode!] ?? 'unknown'}`;
    if (response.statusCode! < 200 || response.statusCode! >= 400) return failure(status);
    if (endpoint.search === undefined) return { isSuccess: true, text: `Success: ${status}` };
    const body = await within(BODY_MS, 'The body did not come in time', stop, startOf(response));
    return body.includes(endpoint.search)
      ? { isSuccess: true, text: `Success: ${status}. Search string found` }
      : failure(`${status}. Search string not found in the first ${SEARCHED_BYTES} bytes`);
  } finally {
    request.destroy();
  }
}

/** Never throws: an endpoint that cannot be reached is a failure with a reason. */
export async function probe(endpoint: Endpoint, standIn: StandIn | undefined): Promise<Verdict> {
  try {
    if (endpoint.protocol !== 'TCP') return await probeHttp(endpoint, standIn);
    const port = standIn?.port ?? (Number(standIn?.url?.port) || endpoint.port);
    return await probeTcp(standIn?.address ?? endpoint.address ?? endpoint.domain!, port);
  } catch (error) {
    return failure(reasonOf(error as NodeJS.ErrnoException));
  }
}
