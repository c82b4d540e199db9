// Presigned URLs as browsers make them: by the SDK's presigner, the token appended afterwards.

import { SignatureV4 } from '@smithy/signature-v4';
import { Sha256 } from '../cognito/hash.ts';

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface Signing {
  readonly service?: string;
  readonly region?: string;
  /** Epoch milliseconds. */
  readonly at?: number;
  /** Seconds. */
  readonly expiresIn?: number;
  readonly path?: string;
  /** What is signed as the Host header, where that is another than that of the URL. */
  readonly host?: string;
  /** True to put the token into the signature, as every service but AWS IoT Core wants it. */
  readonly tokenInside?: boolean;
}

/** @param address `ws://host:port` */
export async function presign(address: string, keys: Keys, signing: Signing = {}): Promise<string> {
  const { service = 'iotdevicegateway', region = 'us-east-1', at = Date.now(), expiresIn = 900 } = signing;
  const { path = '/mqtt', host = new URL(address).host, tokenInside = false } = signing;
  const { sessionToken, ...long } = keys;
  const signer = new SignatureV4({
    service,
    region,
    credentials: tokenInside ? keys : long,
    sha256: Sha256,
    applyChecksum: false,
  });
  const request = {
    method: 'GET',
    protocol: 'ws:',
    hostname: host,
    path,
    query: {},
    headers: { host },
  };
  const { query } = await signer.presign(request, { expiresIn, signingDate: new Date(at) });
  const parameters = Object.entries(query ?? {}) as [string, string][];
  if (sessionToken !== undefined && !tokenInside) parameters.push(['X-Amz-Security-Token', sessionToken]);
  const text = parameters.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  return `${address}${path}?${text}`;
}
