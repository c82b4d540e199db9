// Judges each call of a handler under test by the role that the template gives to its function, and records it as a stack does.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IoTClient } from '@aws-sdk/client-iot';
import { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { expect } from '@jest/globals';
import { AwsStub } from 'aws-sdk-client-mock';
import type { IncomingMessage } from 'node:http';
import { createCalls } from '../../packages/local-cloud/iam/calls.ts';
import { keyNeedsOf } from '../../packages/local-cloud/iam/keys.ts';
import { needsOf } from '../../packages/local-cloud/iam/needs.ts';
import type { Need } from '../../packages/local-cloud/iam/need.ts';
import { keyNamesOf } from '../../packages/local-cloud/iam/partition-keys.ts';
import { roleSourcesOf } from '../../packages/local-cloud/iam/role-source.ts';
import { createRole, type Role } from '../../packages/local-cloud/iam/role.ts';
import { isOfTest } from '../support/test-clients.ts';
import { loadTidegate } from '../template/tidegate-template.ts';

interface Client {
  send: (this: Client, command: object, ...rest: unknown[]) => Promise<unknown>;
}
type ClientClass = { new (config: object): Client; readonly prototype: Client };

/** By the name that requests are signed for. */
const CLIENTS: Readonly<Record<string, unknown>> = {
  'cognito-idp': CognitoIdentityProviderClient,
  dynamodb: DynamoDBClient,
  iot: IoTClient,
  iotdata: IoTDataPlaneClient,
  lambda: LambdaClient,
  s3: S3Client,
  sns: SNSClient,
};

const FOLDER = path.resolve(import.meta.dirname, '../../node_modules/.cache/iam');

interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** What a client would send. */
type Capture = (command: object) => Promise<WireRequest>;

class CapturedError extends Error {
  readonly request: WireRequest;

  constructor(request: WireRequest) {
    super('captured');
    this.request = request;
  }
}

function createCapture(Class: ClientClass): Capture {
  const handle = (request: WireRequest) => Promise.reject(new CapturedError(request));
  const client = new Class({
    ...{ region: 'us-east-1', endpoint: 'http://127.0.0.1:1', maxAttempts: 1, forcePathStyle: true },
    ...{ credentials: { accessKeyId: 'local', secretAccessKey: 'local' }, requestHandler: { handle } },
  });
  const { send } = Object.getPrototypeOf(Class.prototype) as Client; // not the mock of the class
  return async (command) => {
    try {
      await send.call(client, command);
    } catch (error) {
      if (error instanceof CapturedError) return error.request;
      throw error;
    }
    throw new Error(`${command.constructor.name} sends no request`);
  };
}

const TABLES: Readonly<Record<string, string>> = {
  windows: 'WindowsTable',
  rollups: 'RollupsTable',
  fingerprints: 'FingerprintsTable',
  devices: 'DevicesTable',
  rules: 'RulesTable',
  alerts: 'AlertsTable',
  history: 'AlertHistoryTable',
  registrations: 'RegistrationsTable',
};
const BUCKETS: Readonly<Record<string, string>> = {
  errors: 'ErrorsBucket',
  raw: 'RawBucket',
  parsed: 'ParsedBucket',
};

/** The names that tests use for resources of the template, and their contents. */
const NAMES: readonly (readonly [name: RegExp, logicalId: string])[] = [
  ...Object.entries(TABLES).map(
    ([name, id]) => [new RegExp(`^arn:aws:dynamodb:.*:table/${name}(/.*)?$`), id] as const,
  ),
  ...Object.entries(BUCKETS).map(([name, id]) => [new RegExp(`^arn:aws:s3:::${name}(/.*)?$`), id] as const),
  [/^arn:aws:sns:.*:alerts()$/, 'AlertsTopic'],
  [/^arn:aws:lambda:.*:function:ingest()$/, 'IngestFunction'],
  [/^arn:aws:cognito-idp:.*:userpool\/.*()$/, 'DashboardUsers'],
];

const template = loadTidegate({ IngestMode: 'stream' });
const roles = roleSourcesOf(template).map((source) => createRole(source, { now: Date.now }));
const keyNeeds = keyNeedsOf(template);
const keyNames = new Map(keyNamesOf(template));
const calls = createCalls();

/** @param name of the file in functions/, without its ending */
function roleOf(name: string): Role {
  const found = roles.find(({ source }) =>
    JSON.stringify(template.resources.get(source.functionId)!.metadata).includes(`"functions/${name}.ts"`),
  );
  if (!found) throw new Error(`no function of the template is built from functions/${name}.ts`);
  return found;
}

/** @returns undefined for a table or bucket that the template does not have, such as one that a test leaves out */
function inTemplate(resource: string): string | undefined {
  for (const [pattern, logicalId] of NAMES) {
    const found = pattern.exec(resource);
    if (found) return template.resources.get(logicalId)!.arn + (found[1] ?? '');
  }
  return /^arn:aws:(dynamodb|s3):/.test(resource) ? undefined : resource;
}

const surroundings = {
  place: { region: template.region, accountId: template.accountId },
  partitionKeys: (table: string, index: string | undefined) => {
    const name = template.resources.get(TABLES[table] ?? '')?.name ?? table;
    return keyNames.get(index === undefined ? name : `${name}/${index}`);
  },
};

function needsOfRequest(
  { method, path: url, query = {}, headers, body }: WireRequest,
  service: string,
): readonly Need[] {
  const search = new URLSearchParams(
    Object.entries(query).flatMap(([name, value]) =>
      [value].flat().map((each): [string, string] => [name, each ?? '']),
    ),
  );
  const req = {
    method,
    url: search.size === 0 ? url : `${url}?${search.toString()}`,
    headers,
  } as unknown as IncomingMessage;
  const text =
    typeof body === 'string' ? body : body instanceof Uint8Array ? Buffer.from(body).toString() : '';
  const needs = needsOf(req, service, text, surroundings);
  if (!needs) throw new Error(`it is not known what ${method} ${url} of ${service} needs`);
  return needs.flatMap((need) => {
    const resource = inTemplate(need.resource);
    return resource === undefined ? [] : [{ ...need, resource }];
  });
}

/** Whose handler runs: each test file tests one function at a time. */
let current: string | undefined;

/** From now on calls are those of functions/<name>.ts, or of the test itself. */
export function callsAreOf(name: string | undefined): void {
  current = name;
}

const judging = new WeakSet<object>();

/** Again after a mock has taken the place of what was wrapped. */
function wrapClients(captures: ReadonlyMap<string, Capture>): void {
  for (const [service, Class] of Object.entries(CLIENTS) as [string, ClientClass][]) {
    const { send } = Class.prototype;
    if (judging.has(send)) continue;
    const judged = async function (this: Client, command: object, ...rest: unknown[]) {
      if (current !== undefined && !isOfTest(this))
        judge(roleOf(current), await captures.get(service)!(command), service);
      return send.call(this, command, ...rest);
    };
    judging.add(judged);
    Class.prototype.send = judged;
  }
}

let isJudging = false;

/** Of clients that a handler has: each call is judged before it is sent, and one that the role refuses is not sent. */
export function judgeCalls(): void {
  if (isJudging) return;
  isJudging = true;
  const captures = new Map(
    (Object.entries(CLIENTS) as [string, ClientClass][]).map(([service, Class]) => [
      service,
      createCapture(Class),
    ]),
  );
  wrapClients(captures);
  // A mock makes a new stub at each reset.
  const mocks = AwsStub.prototype as { reset: (this: object) => unknown };
  const { reset } = mocks;
  mocks.reset = function (this: object) {
    const same = reset.call(this);
    wrapClients(captures);
    return same;
  };
  process.once('exit', keep);
}

/** @throws Error in the words of AWS */
function judge(role: Role, request: WireRequest, service: string): void {
  for (const need of needsOfRequest(request, service).flatMap((each) => [each, ...keyNeeds(each)])) {
    const verdict = role.decide(need);
    calls.note(role.source.functionId, need, verdict);
    if (!verdict.allowed) throw Object.assign(new Error(verdict.message), { name: 'AccessDeniedException' });
  }
}

function keep(): void {
  const { testPath } = expect.getState();
  const all = calls.all();
  if (testPath === undefined || all.length === 0) return;
  mkdirSync(FOLDER, { recursive: true });
  const file = path.join(FOLDER, `functions-${path.basename(testPath, '.test.ts')}.json`);
  writeFileSync(file, `${JSON.stringify({ version: 1, calls: all }, undefined, 1)}\n`);
}
