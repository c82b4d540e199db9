// Calls the AWS APIs of a running stack with the keys of its account.

import { account } from '../account.ts';

export interface AccountCalls {
  /** Returns the status and the answer; a body is sent as JSON. */
  readonly call: (
    service: 'iot' | 'iotdata',
    method: string,
    path: string,
    options?: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> },
  ) => Promise<{ readonly status: number; readonly answer: unknown }>;
}

/** @param endpoint of the AWS APIs, such as `http://127.0.0.1:4566` */
export function createAccountCalls(endpoint: string): AccountCalls {
  return {
    async call(service, method, path, { body, headers } = {}) {
      const scope = `local/20260101/${account.region}/${service}/aws4_request`;
      const response = await fetch(endpoint + path, {
        method,
        headers: {
          'content-type': 'application/json',
          authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, answer: text === '' ? {} : (JSON.parse(text) as unknown) };
    },
  };
}
