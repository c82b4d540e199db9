// Checks who opens an MQTT connection over WebSocket, by the signature in the URL, as AWS IoT Core does.
// https://docs.aws.amazon.com/iot/latest/developerguide/protocols.html#mqtt-ws

import type { IncomingHttpHeaders } from 'node:http';
import {
  ALGORITHM,
  parseScope,
  parseTime,
  sameSignature,
  sha256,
  signatureOf,
  type CredentialScope,
} from '../aws/sigv4.ts';
import { ACCESS_KEY_PREFIX, type CredentialsMaker } from '../cognito/credentials.ts';

export interface SignerRules {
  readonly region: string;
  readonly accountId: string;
  readonly credentials: CredentialsMaker;
}

/** `principal`: the identity ID with its role, or the account's ID for the developer's own keys. */
export type Signer =
  { readonly principal: string; readonly role?: string | undefined } | { readonly refused: string };

interface Signed {
  readonly scope: CredentialScope;
  readonly time: string;
  readonly signature: string;
  readonly token: string | undefined;
  /** Names, in the order in which they were signed. */
  readonly headers: readonly string[];
  /** All but signature and token. */
  readonly query: readonly (readonly [string, string])[];
}

interface Key {
  readonly principal: string;
  readonly role?: string;
  readonly secretAccessKey: string;
  /** Epoch milliseconds. */
  readonly expiration: number;
}

const SERVICE = 'iotdevicegateway';
const TOKEN_NAME = 'X-Amz-Security-Token';
/** Access key and secret of the developer's own key, as at every port of this machine. */
const OWN_KEY = 'local';
const CLOCK_SKEW_MS = 300_000;
/** The validity of a URL that does not set it: that of a request with its signature in the headers. */
const DEFAULT_EXPIRY_SECONDS = 300;
const LONGEST_EXPIRY_SECONDS = 604_800;
const LONGEST_URL = 8_192;

const refused = (reason: string) => ({ refused: reason });

function readQuery(text: string): Signed | { refused: string } {
  // A signer writes a blank as %20, so a plus is a plus.
  const pairs = [...new URLSearchParams(text.replaceAll('+', '%2B'))];
  const values = new Map(pairs);
  if (values.size < pairs.length) return refused('a parameter of the URL appears twice');
  const names = [
    'X-Amz-Algorithm',
    'X-Amz-Credential',
    'X-Amz-Date',
    'X-Amz-SignedHeaders',
    'X-Amz-Signature',
  ];
  const missing = names.find((name) => !values.has(name));
  if (missing !== undefined) return refused(`the URL is not signed: ${missing} is missing`);
  const [given, credential, time, headers, signature] = names.map((name) => values.get(name)!);
  if (given !== ALGORITHM) return refused(`signed with ${given} instead of ${ALGORITHM}`);
  const signedHeaders = headers!.split(';');
  if (!signedHeaders.includes('host')) return refused(`signed headers are ${headers}, without host`);
  const scope = parseScope(credential!);
  if (!scope) return refused('X-Amz-Credential is not key/date/region/service/aws4_request');
  const query = pairs.filter(([name]) => name !== 'X-Amz-Signature' && name !== TOKEN_NAME);
  const token = values.get(TOKEN_NAME);
  return { scope, time: time!, signature: signature!, token, headers: signedHeaders, query };
}

function wrongScope({ scope, time }: Signed, region: string): string | undefined {
  if (scope.region !== region) return `signed for region ${scope.region} instead of ${region}`;
  if (scope.service !== SERVICE) return `signed for service ${scope.service} instead of ${SERVICE}`;
  return time.startsWith(scope.date) ? undefined : 'signed for another day than X-Amz-Date';
}

function wrongTime({ time, query }: Signed, now: number): string | undefined {
  const signedAt = parseTime(time);
  const given = query.find(([name]) => name === 'X-Amz-Expires')?.[1] ?? String(DEFAULT_EXPIRY_SECONDS);
  const seconds = /^\d{1,6}$/.test(given) ? Number(given) : 0;
  if (Number.isNaN(signedAt)) return 'X-Amz-Date is not a time such as 20260102T030405Z';
  if (seconds < 1 || seconds > LONGEST_EXPIRY_SECONDS)
    return `X-Amz-Expires is not 1 to ${LONGEST_EXPIRY_SECONDS} seconds`;
  if (signedAt > now + CLOCK_SKEW_MS) return `signed in the future, at ${time}`;
  return now > signedAt + seconds * 1000 ? `the URL of ${time} expired after ${seconds} seconds` : undefined;
}

function findKey({ scope, token }: Signed, rules: SignerRules): Key | { refused: string } {
  const { accessKeyId } = scope;
  if (accessKeyId === OWN_KEY) {
    if (token !== undefined) return refused('access key local has no session token');
    return { principal: rules.accountId, secretAccessKey: OWN_KEY, expiration: Infinity };
  }
  if (!accessKeyId.startsWith(ACCESS_KEY_PREFIX))
    return refused(`access key ${accessKeyId} is not of this installation`);
  const session = rules.credentials.open(accessKeyId, token);
  if ('refused' in session) return session;
  return { ...session, principal: session.identityId };
}

/** The host with and without the port, because the AWS IoT SDKs sign only the name of the endpoint. */
const namesOf = (host: string) => [host, host.replace(/:\d+$/, '')];

/** The AWS IoT SDK for Node signs `connection` beside `host`. */
function headerValue(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}

function wrongSignature(signed: Signed, path: string, given: IncomingHttpHeaders, { secretAccessKey }: Key) {
  const absent = signed.headers.find((name) => headerValue(given, name) === undefined);
  if (absent !== undefined) return `the signed header ${absent} is missing`;
  const matches = (query: Signed['query']) =>
    namesOf(given.host!).some((host) => {
      const request = {
        method: 'GET',
        path,
        query,
        headers: signed.headers.map(
          (name) => [name, name === 'host' ? host : headerValue(given, name)!] as const,
        ),
        payloadHash: sha256(''),
      } as const;
      return sameSignature(
        signatureOf(request, signed.time, signed.scope, secretAccessKey),
        signed.signature,
      );
    });
  if (matches(signed.query)) return undefined;
  if (signed.token !== undefined && matches([...signed.query, [TOKEN_NAME, signed.token]])) {
    return `${TOKEN_NAME} is part of the signature: sign without it, then append it, as AWS IoT Core wants it`;
  }
  return 'the signature does not match';
}

/** @param now epoch milliseconds */
export function readSigner(
  url: string,
  headers: IncomingHttpHeaders,
  rules: SignerRules,
  now: number,
): Signer {
  if (url.length > LONGEST_URL) return refused(`the URL is longer than ${LONGEST_URL} characters`);
  const [path = '', query = ''] = url.split(/\?(.*)/s);
  const signed = readQuery(query);
  if ('refused' in signed) return signed;
  const misfit = wrongScope(signed, rules.region);
  if (misfit !== undefined) return refused(misfit);
  const key = findKey(signed, rules);
  if ('refused' in key) return key;
  const problem = wrongSignature(signed, path, headers, key) ?? wrongTime(signed, now);
  if (problem !== undefined) return refused(problem);
  if (now >= key.expiration)
    return refused(`the credentials expired at ${new Date(key.expiration).toISOString()}`);
  return { principal: key.principal, ...(key.role !== undefined && { role: key.role }) };
}
