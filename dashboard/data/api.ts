// The client of the HTTP API. It signs each request with the session's credentials and reports each failure as a sentence.

import { AwsClient } from 'aws4fetch';
import type { PageConfig } from '../model/config.ts';
import { ApiError } from './api-error.ts';
import type { Session } from './session.ts';

export interface Api {
  /** A list becomes a repeated query parameter. */
  get<T>(
    path: string,
    query?: Readonly<Record<string, string | number | readonly string[] | undefined>>,
  ): Promise<T>;
  /** Returns the response's text, for responses that are not JSON. */
  text(path: string, query?: Readonly<Record<string, string | undefined>>): Promise<string>;
  /** @param ifMatch the ETag of the version to change; the API answers 412 if the version has changed */
  send<T>(
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    ifMatch?: string,
  ): Promise<T>;
  /**
   * Signs a request now and returns a function that sends it at once. A page that is closing has no time left to
   * sign. The browser completes the request after the page is gone.
   */
  prepare(method: 'POST', path: string, body: unknown): Promise<() => Promise<void>>;
}

const MOST_TRIES = 4;
const RETRY_MS = 400;
const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const sentenceOf = (status: number, body: Readonly<Record<string, unknown>>) => {
  if (typeof body['detail'] === 'string') return body['detail'];
  if (typeof body['title'] === 'string') return body['title'];
  if (status === 403) return 'You are not allowed to do this: log in, or ask your Tidegate administrator.';
  return `The API answered ${status}.`;
};

function refusalOf({ status, headers }: Response, text: string, what: string): ApiError {
  const isJson = headers.get('content-type')?.includes('json') ?? false;
  const body = isJson ? (JSON.parse(text) as Readonly<Record<string, unknown>>) : {};
  const details = `${what} \u00b7 ${status} \u00b7 ${headers.get('apigw-requestid') ?? text.slice(0, 200)}`;
  return new ApiError(status, sentenceOf(status, body), details);
}

type Send = (url: string, init: RequestInit) => Promise<Response>;

/** Retries requests that the API throttled (429). */
async function request<T>(
  send: Send,
  url: string,
  init: RequestInit = {},
  parse: (text: string) => unknown = JSON.parse,
): Promise<T> {
  const what = `${init.method ?? 'GET'} ${new URL(url).pathname}`;
  for (let tries = 1; ; tries += 1) {
    let response: Response;
    try {
      response = await send(url, init);
    } catch (error) {
      throw new ApiError(0, 'The API cannot be reached.', `${what}: ${(error as Error).message}`);
    }
    if (response.status === 429 && tries < MOST_TRIES) {
      await wait(Number(response.headers.get('retry-after') ?? 0) * 1000 || RETRY_MS * 2 ** tries);
      continue;
    }
    if (response.status === 204) return undefined as T;
    const text = await response.text();
    if (response.ok) return (text === '' ? undefined : parse(text)) as T;
    throw refusalOf(response, text, what);
  }
}

/** The query with a question mark before it; empty without parameters. */
function queryText(query: Parameters<Api['get']>[1] = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value = []]) =>
    [value].flat().map((each) => [name, String(each)] as [string, string]),
  );
  const text = new URLSearchParams(pairs).toString();
  return text && `?${text}`;
}

const JSON_TYPE = { 'content-type': 'application/json' };

export function createApi(config: PageConfig, session: Session): Api {
  const base = new URL(config.api, location.href).href.replace(/\/$/, '');

  async function signer(): Promise<AwsClient> {
    const credentials = await session.credentials();
    return new AwsClient({ ...credentials, service: 'execute-api', region: config.region, retries: 0 });
  }
  const once: Send = async (url, init) => (await signer()).fetch(url, init);

  return {
    get: (path, query) => request(once, `${base}${path}${queryText(query)}`),
    text: (path, query) => request(once, `${base}${path}${queryText(query)}`, {}, (text) => text),
    async prepare(method, path, body) {
      const init = { method, headers: JSON_TYPE, body: JSON.stringify(body), keepalive: true };
      const signed = await (await signer()).sign(`${base}${path}`, init);
      return async () => {
        const response = await fetch(signed);
        if (!response.ok) throw refusalOf(response, await response.text(), `${method} ${path}`);
      };
    },
    send(method, path, body, ifMatch) {
      const headers = { ...JSON_TYPE, ...(ifMatch !== undefined && { 'if-match': ifMatch }) };
      return request(once, `${base}${path}`, {
        method,
        ...(body !== undefined && { body: JSON.stringify(body), headers }),
      });
    },
  };
}
