// Calls the HTTP API of the running local cloud, or of a stack on AWS, for the commands of this folder.

import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { CommandError } from './command-error.ts';
import { findStack, isRefused, notRunning } from './running-stack.ts';

export interface ApiCall {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
}

export interface Api {
  /**
   * The JSON of the answer, undefined if it is empty. `parts` of the path are encoded. @throws CommandError with the
   * API's own message if it refuses, or with a remedy if it does not answer.
   */
  call<Answer>(parts: readonly string[], call?: ApiCall): Promise<Answer>;
  /** The text of the answer. @throws as `call`. */
  text(parts: readonly string[], call?: ApiCall): Promise<string>;
}

/** Flags that every command of this folder takes, for `parseArgs`. */
export const stackFlags = {
  'data-dir': { type: 'string', default: '.tidegate' },
  'api-url': { type: 'string' },
  /** The default without --api-url; accepted because other commands require it. */
  local: { type: 'boolean', default: false },
} as const;

export const stackUsage = `--data-dir DIR: of the running local cloud (.tidegate).
       --api-url URL: a stack on AWS (its output ApiUrl), with the credentials
       and the region of the AWS CLI's configuration.`;

interface Access {
  readonly url: URL;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** The error message if nothing answers. */
  readonly noAnswer: string;
}

function localAccess(dataDir: string): Access {
  const found = findStack(dataDir);
  const forAws = '; for AWS give --api-url';
  if ('problem' in found) throw new CommandError(found.problem + forAws);
  const url = found.outputs['ApiUrl'];
  if (url === undefined) throw new CommandError(`the stack of ${dataDir} has no ApiUrl: run npm start again`);
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return { url: new URL(url), region: 'us-east-1', credentials, noAnswer: notRunning(dataDir) + forAws };
}

async function awsAccess(text: string): Promise<Access> {
  if (!URL.canParse(text))
    throw new CommandError(
      `--api-url ${text}: must be an address such as https://a1b2.execute-api.eu-west-1.amazonaws.com`,
    );
  const { DynamoDBClient } = await import('@aws-sdk/client-dynamodb');
  // Any SDK client finds the credentials and the region as the AWS CLI does.
  const given = process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'];
  const { config } = new DynamoDBClient(given === undefined ? {} : { region: given });
  const remedy = 'check --api-url, the AWS credentials and the region';
  try {
    const [credentials, region] = await Promise.all([config.credentials(), config.region()]);
    return { url: new URL(text), region, credentials, noAnswer: `${text} does not answer: ${remedy}` };
  } catch (error) {
    throw new CommandError(`${(error as Error).message}: ${remedy}`, { cause: error });
  }
}

/** @throws CommandError if there is no such stack. */
export async function openApi(flags: { 'data-dir': string; 'api-url'?: string | undefined }): Promise<Api> {
  const { url, region, credentials, noAnswer } =
    flags['api-url'] === undefined ? localAccess(flags['data-dir']) : await awsAccess(flags['api-url']);
  const signer = new SignatureV4({ service: 'execute-api', region, credentials, sha256: Sha256 });
  async function answerTo(parts: readonly string[], { method = 'GET', query = {}, body }: ApiCall = {}) {
    const given = Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)] as const],
    );
    const target = new URL(url);
    target.pathname = `${url.pathname.replace(/\/$/, '')}/${parts.map(encodeURIComponent).join('/')}`;
    target.search = given.map((pair) => pair.map(encodeURIComponent).join('=')).join('&');
    const text = body === undefined ? undefined : JSON.stringify(body);
    const signed = await signer.sign({
      ...{ method, protocol: url.protocol, hostname: url.hostname, path: target.pathname },
      query: Object.fromEntries(given),
      headers: { host: url.host, ...(text !== undefined && { 'content-type': 'application/json' }) },
      body: text ?? '',
    });
    let answer: Response;
    try {
      answer = await fetch(target, {
        method,
        headers: signed.headers,
        ...(text !== undefined && { body: text }),
      });
    } catch (error) {
      throw new CommandError(isRefused(error) ? noAnswer : `${url.href}: ${reasonOf(error as Error)}`, {
        cause: error,
      });
    }
    return textOf(answer);
  }
  return {
    text: answerTo,
    async call<Answer>(parts: readonly string[], call?: ApiCall) {
      const text = await answerTo(parts, call);
      return (text === '' ? undefined : JSON.parse(text)) as Answer;
    },
  };
}

/** `fetch` says only that it failed; the reason is in the cause. */
const reasonOf = ({ message, cause }: Error) => (cause instanceof Error ? cause.message || message : message);

async function textOf(answer: Response): Promise<string> {
  const text = Buffer.from(await answer.arrayBuffer()).toString(); // with its byte order mark
  if (answer.ok) return text;
  const refusal = refusalIn(text) ?? `the API answered ${answer.status}`;
  // From API Gateway itself, without a message of ours.
  const isUnknown = answer.status === 404 && refusal === 'Not Found';
  throw new CommandError(
    isUnknown ? `${answer.url} is not a route of the stack: does it run another version?` : refusal,
  );
}

/** The message of the API (RFC 9457), or of API Gateway. */
function refusalIn(text: string): string | undefined {
  try {
    const { detail, message } = JSON.parse(text) as { detail?: string; message?: string };
    return detail ?? message;
  } catch {
    return undefined;
  }
}

type HashInput = string | ArrayBuffer | ArrayBufferView;

/** The hash class that the signer requires; it makes a new instance each time. */
class Sha256 {
  readonly #hash;

  constructor(secret?: HashInput) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }

  update(data: HashInput): void {
    this.#hash.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    throw new Error('a hash cannot be used again');
  }
}

const bytesOf = (data: HashInput) =>
  typeof data === 'string'
    ? data
    : new Uint8Array(
        ArrayBuffer.isView(data)
          ? data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength)
          : data,
      );
