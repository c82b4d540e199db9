// Calls the AWS port of a machine from outside of its process, as an operator does with the AWS CLI.

import { exchange } from './http-exchange.ts';

export interface Call {
  /** As the credential scope names it. */
  readonly service: string;
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

const AWS_PORT = 4566;
const OK = 300;

/** @returns the JSON of the answer. @throws Error with the answer's text when it is not 2xx */
export function call({ service, method, path, headers, body }: Call): Promise<Record<string, unknown>> {
  const text = Buffer.from(body === undefined ? '' : JSON.stringify(body));
  const all = {
    host: `127.0.0.1:${AWS_PORT}`,
    authorization: `AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/${service}/aws4_request`,
    'content-type': 'application/json',
    'content-length': String(text.length),
    ...headers,
  };
  return new Promise((resolve, reject) => {
    exchange({ port: AWS_PORT, method, url: path, headers: all, body: text }, (answer, code) => {
      const found = answer?.body.toString('utf8') ?? code ?? '';
      if (!answer || answer.status >= OK)
        reject(new Error(`${method} ${path}: ${answer?.status ?? ''} ${found}`));
      else resolve(found === '' ? {} : (JSON.parse(found) as Record<string, unknown>));
    });
  });
}
