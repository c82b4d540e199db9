// The AWS IoT control plane over HTTP (REST-JSON): finds the operation by method and path, and answers as AWS does.
// https://docs.aws.amazon.com/iot/latest/apireference/API_Operations.html

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from '../aws-error.ts';
import type { Log } from '../log.ts';
import {
  invalid,
  notSupported,
  only,
  type ApiRequest,
  type IotCloud,
  type Operation,
} from './api-request.ts';
import { authorizerOperations } from '../authorizers/operations.ts';
import { authorizationOperations } from './authorization-operations.ts';
import { caCertificateOperations } from './ca-certificate-operations.ts';
import { certificateOperations } from './certificate-operations.ts';
import { domainConfigurationOperations } from './domain-configurations.ts';
import { policyAttachmentOperations } from './policy-attachment-operations.ts';
import { policyOperations } from './policy-operations.ts';
import { provisioningOperations } from '../provisioning/operations.ts';
import { indexingOperations } from '../indexing/operations.ts';
import { jobOperations } from '../jobs/control-operations.ts';
import { tagOperations } from './tag-operations.ts';
import { roleAliasOperations } from './role-alias-operations.ts';
import { topicRuleOperations } from './topic-rule-operations.ts';
import { thingGroupOperations } from './thing-group-operations.ts';
import { membershipOperations } from './thing-membership-operations.ts';
import { thingOperations } from './thing-operations.ts';
import { thingPrincipalOperations } from './thing-principal-operations.ts';
import { thingTypeOperations } from './thing-type-operations.ts';

/** Far larger than the largest request, a certificate of 64 KB in JSON. */
const MAXIMUM_BODY = 512 * 1024;

interface Route {
  readonly operation: Operation;
  readonly segments: readonly string[];
}

const routes: readonly Route[] = [
  ...thingTypeOperations,
  ...thingOperations,
  ...thingGroupOperations,
  ...membershipOperations,
  ...certificateOperations,
  ...caCertificateOperations,
  ...domainConfigurationOperations,
  ...policyOperations,
  ...policyAttachmentOperations,
  ...authorizationOperations,
  ...thingPrincipalOperations,
  ...provisioningOperations,
  ...topicRuleOperations,
  ...jobOperations,
  ...indexingOperations,
  ...authorizerOperations,
  ...roleAliasOperations,
  ...tagOperations,
].map((operation) => ({ operation, segments: operation.path.slice(1).split('/') }));

/** The supported calls, for the documentation. */
export const supportedCalls: readonly string[] = routes.map(({ operation }) => operation.name).sort();

const labelOf = (segment: string) => (segment.startsWith('{') ? segment.slice(1, -1) : undefined);

function fits({ operation, segments }: Route, method: string, path: readonly string[]): boolean {
  if (operation.method !== method || segments.length !== path.length) return false;
  return segments.every((segment, index) => labelOf(segment) !== undefined || segment === path[index]);
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw invalid('The path is not valid percent-encoding');
  }
}

async function readBody(req: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAXIMUM_BODY) throw invalid(`The request is longer than ${MAXIMUM_BODY} bytes`);
    chunks.push(chunk);
  }
  if (size === 0) return {};
  let body: unknown;
  try {
    body = JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    throw invalid('The request body is not valid JSON');
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw invalid('The request body is not a JSON object');
  }
  return body as Record<string, unknown>;
}

function find(method: string, path: readonly string[]): Route {
  // A fixed segment goes before a label: /thing-groups/addThingToThingGroup is not a group of that name.
  const [route] = routes
    .filter((each) => fits(each, method, path))
    .sort((a, b) => a.segments.filter(labelOf).length - b.segments.filter(labelOf).length);
  if (route) return route;
  throw notSupported(`AWS IoT ${method} /${path.join('/').slice(0, 200)}`);
}

/** @throws AwsError for a path that no operation has */
export function callOf({ method = 'GET', url = '/' }: Pick<IncomingMessage, 'method' | 'url'>) {
  const [rawPath = '', rawQuery = ''] = url.split(/\?(.*)/s);
  const path = rawPath
    .replace(/(?<=.)\/$/, '')
    .split('/')
    .slice(1); // the AWS CLI calls ListAuthorizers with a slash at the end
  const { operation, segments } = find(method, path);
  const labels = new Map<string, string>();
  for (const [index, segment] of segments.entries()) {
    const name = labelOf(segment);
    if (name !== undefined) labels.set(name, decode(path[index]!));
  }
  return { operation, labels, query: new URLSearchParams(rawQuery) };
}

async function dispatch(cloud: IotCloud, req: IncomingMessage): Promise<object> {
  const { operation, labels, query } = callOf(req);
  const body = await readBody(req);
  only(body, operation.body ?? [], operation.name);
  only(Object.fromEntries(query), operation.query ?? [], operation.name);
  const header = (name: string) => {
    const value = req.headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  const request: ApiRequest = { labels, query, body, header };
  return (await operation.run(cloud, request)) ?? {};
}

function asAwsError(error: unknown, req: IncomingMessage, log: Log): AwsError {
  if (error instanceof AwsError) return error;
  log.error('aws iot: an error of the local cloud itself', {
    call: `${req.method} ${req.url}`,
    error: error instanceof Error ? (error.stack ?? error.message) : String(error),
  });
  return new AwsError('InternalFailureException', 'An error of the local cloud itself: see its log', 500);
}

/** An HTTP handler for requests signed for the service `iot`; it answers every request, errors included. */
export function createIotHandler(cloud: IotCloud, log: Log) {
  return async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    let status = 200;
    let answer: object;
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      'x-amzn-requestid': randomUUID(),
    };
    try {
      answer = await dispatch(cloud, req);
    } catch (caught) {
      const error = asAwsError(caught, req, log);
      status = error.status;
      headers['x-amzn-errortype'] = error.code;
      answer = { message: error.message, ...error.details };
      if (!req.complete) headers['connection'] = 'close';
    }
    res.writeHead(status, headers);
    res.end(JSON.stringify(answer));
  };
}
