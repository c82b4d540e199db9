// Calls the HTTP API as its users do: signed by the SDK's signer, and sent byte by byte as a test wants it.

import { request } from 'node:http';
import { SignatureV4 } from '@smithy/signature-v4';
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
  /** After that of the base, without a query. */
  readonly path?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The developer's if absent; `null` for an unsigned request. */
  readonly keys?: Keys | null;
  readonly service?: string;
  readonly region?: string;
  /** Epoch milliseconds; now if absent. */
  readonly signedAt?: number;
  /** Changes the request after it was signed. */
  readonly change?: (sent: Sent) => void;
}

export interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

async function signed({ host, hostname, pathname }: URL, call: Call): Promise<Sent> {
  const { method = 'GET', path = '/devices', query = {}, headers = {}, body = '', keys = ownKeys } = call;
  const pairs = Object.entries(query).map((pair) => pair.map(encodeURIComponent).join('='));
  const url = `${pathname}${path}${pairs.length > 0 ? `?${pairs.join('&')}` : ''}`;
  if (keys === null) return { path: url, headers: { ...headers }, body };
  const { service = 'execute-api', region = 'us-east-1', signedAt = Date.now() } = call;
  const signer = new SignatureV4({ service, region, credentials: keys, sha256: Sha256 });
  const draft = {
    method,
    protocol: 'http:',
    hostname,
    path: pathname + path,
    query: { ...query },
  };
  const found = await signer.sign(
    { ...draft, headers: { host, ...headers }, body },
    { signingDate: new Date(signedAt) },
  );
  return { path: url, headers: { ...found.headers }, body };
}

/** @param base such as `http://127.0.0.1:8080/api`. */
export async function callApi(base: string, call: Call): Promise<Answer> {
  const url = new URL(base);
  const sent = await signed(url, call);
  call.change?.(sent);
  return new Promise((resolve, reject) => {
    const { method = 'GET' } = call;
    const asked = request(
      { host: url.hostname, port: url.port, method, path: sent.path, headers: sent.headers },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text) => (body += text));
        const { statusCode: status, headers } = response;
        response.on('end', () => resolve({ status, headers, body }));
      },
    );
    asked.on('error', reject).end(sent.body);
  });
}
