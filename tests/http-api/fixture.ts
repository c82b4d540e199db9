// The gateway over the real template's API and identities, with a function made of a test's answer, on a free port.
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { SignatureV4 } from '@smithy/signature-v4';
import type { APIGatewayProxyEventV2WithIAMAuthorizer } from 'aws-lambda';
import { apiFromTemplate, type ApiSpec } from '../../local/http-api/api-spec.ts';
import { createApiCallers } from '../../local/http-api/caller.ts';
import { createGateway, type GatewayDeps } from '../../local/http-api/gateway.ts';
import type { Fields } from '../../local/log.ts';
import {
  ground,
  openFixture,
  ownPage,
  realTemplate,
  start,
  type Fixture,
} from '../cognito/cognito-fixture.ts';
import { Sha256 } from '../cognito/hash.ts';

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}
export const ownKeys: Keys = { accessKeyId: 'local', secretAccessKey: 'local' };

export interface Sent {
  path: string;
  headers: Record<string, string>;
  body: string;
}

export interface Call {
  readonly method?: string;
  /** Without the prefix and the query. */
  readonly path?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The developer's if absent; `null` for an unsigned request. */
  readonly keys?: Keys | null;
  readonly service?: string;
  readonly region?: string;
  readonly signedAt?: number;
  /** Meddles with what is sent, after it was signed. */
  readonly change?: (sent: Sent) => void;
}

export interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface GatewayFixture extends Pick<Fixture, 'clock' | 'guest' | 'login'> {
  readonly spec: ApiSpec;
  /** What the function got. */
  readonly events: APIGatewayProxyEventV2WithIAMAuthorizer[];
  readonly counts: Record<string, number>;
  /** Why requests were refused or failed, from the log. */
  readonly reasons: string[];
  readonly call: (call?: Call) => Promise<Answer>;
}

async function signed(host: string, call: Call): Promise<Sent> {
  const { method = 'GET', path = '/devices', query = {}, headers = {}, body = '', keys = ownKeys } = call;
  const pairs = Object.entries(query).map((pair) => pair.map(encodeURIComponent).join('='));
  const url = `/api${path}${pairs.length > 0 ? `?${pairs.join('&')}` : ''}`;
  if (keys === null) return { path: url, headers: { ...headers }, body };
  const { service = 'execute-api', region = 'us-east-1', signedAt = start } = call;
  const signer = new SignatureV4({ service, region, credentials: keys, sha256: Sha256 });
  const draft = {
    method,
    protocol: 'http:',
    hostname: '127.0.0.1',
    path: `/api${path}`,
    query: { ...query },
  };
  const found = await signer.sign(
    { ...draft, headers: { host, ...headers }, body },
    { signingDate: new Date(signedAt) },
  );
  return { path: url, headers: { ...found.headers }, body };
}

async function send(port: number, call: Call): Promise<Answer> {
  const sent = await signed(`127.0.0.1:${port}`, call);
  call.change?.(sent);
  return new Promise((resolve, reject) => {
    const { method = 'GET' } = call;
    const asked = request({ port, method, path: sent.path, headers: sent.headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => (body += text));
      const { statusCode: status, headers } = response;
      response.on('end', () => resolve({ status, headers, body }));
    });
    asked.on('error', reject).end(sent.body);
  });
}

export async function openGateway(
  t: TestContext,
  options: {
    /** What the function gives. */
    result?: unknown;
    invoke?: GatewayDeps['invoke'];
    spec?: Partial<ApiSpec>;
    overrides?: Record<string, string>;
  } = {},
): Promise<GatewayFixture> {
  const { result = { statusCode: 200, body: 'done' }, overrides } = options;
  const fixture = await openFixture(t, { ...(overrides && { overrides }) });
  const { clock, cognito, guest, login } = fixture;
  const [events, reasons, counts]: [GatewayFixture['events'], string[], Record<string, number>] = [
    [],
    [],
    {},
  ];
  const note = (_message: string, fields: Fields = {}) => void reasons.push(String(fields['reason']));
  const spec = { ...apiFromTemplate(realTemplate(overrides))!, ...options.spec };
  const serve = createGateway({
    spec,
    callers: createApiCallers({ ...ground, ...cognito, clock }),
    ownOrigins: () => [ownPage],
    invoke(functionName, payload) {
      events.push(JSON.parse(payload) as APIGatewayProxyEventV2WithIAMAuthorizer);
      return (
        options.invoke?.(functionName, payload) ??
        Promise.resolve({ payload: JSON.stringify(result), logTail: '' })
      );
    },
    clock,
    log: { info() {}, warn: note, error: note },
    count: (name) => void (counts[name] = (counts[name] ?? 0) + 1),
  });
  const server = createServer((req, res) => void serve(req, res));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { ...{ spec, clock, guest, login, events, counts, reasons }, call: (call = {}) => send(port, call) };
}
