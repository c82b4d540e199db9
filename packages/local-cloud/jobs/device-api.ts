// AWS IoT Jobs for devices over HTTP, in requests signed for `iot-jobs-data`.
// https://docs.aws.amazon.com/iot/latest/apireference/API_Operations_AWS_IoT_Jobs_Data_Plane.html

import type { IncomingMessage } from 'node:http';
import { AwsError } from '../aws-error.ts';
import { readBody } from '../aws/body.ts';
import { sendJson, type AwsHandler } from '../aws/wire.ts';
import { invalid, notSupported, type ApiRequest } from '../iot/api-request.ts';
import { createDeviceRequests, type DeviceRequest, type Verb } from './device-requests.ts';
import type { Jobs } from './jobs.ts';
import type { JobStore } from './store.ts';

export const JOBS_SIGNING_NAME = 'iot-jobs-data';

const MAXIMUM_BODY = 64 * 1024;

const ROUTES: readonly (readonly [method: string, path: RegExp, verb: Verb])[] = [
  ['GET', /^\/things\/([^/]+)\/jobs$/, 'get'],
  ['PUT', /^\/things\/([^/]+)\/jobs\/(?:\$|%24)next$/, 'start-next'],
  ['GET', /^\/things\/([^/]+)\/jobs\/([^/]+)$/, 'describe'],
  ['POST', /^\/things\/([^/]+)\/jobs\/([^/]+)$/, 'update'],
];

/** A query parameter as JSON would have it. */
function typed(value: string): string | number | boolean {
  if (value === 'true' || value === 'false') return value === 'true';
  return /^\d+$/.test(value) ? Number(value) : value;
}

async function bodyOf(req: IncomingMessage, query: URLSearchParams): Promise<ApiRequest['body']> {
  const text = (await readBody(req, MAXIMUM_BODY)).toString();
  let body: unknown;
  try {
    body = JSON.parse(text || '{}');
  } catch {
    throw invalid('The request body is not valid JSON');
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw invalid('The request body is not a JSON object');
  const given = [...query].map(([name, value]) => [name, typed(value)]);
  return { ...body, ...(Object.fromEntries(given) as object) };
}

async function requestOf(req: IncomingMessage): Promise<DeviceRequest> {
  const { method = 'GET', url = '/' } = req;
  const [path = '', text = ''] = url.split(/\?(.*)/s);
  const route = ROUTES.find(([wanted, pattern]) => wanted === method && pattern.test(path));
  if (!route) throw notSupported(`AWS IoT Jobs data plane ${method} ${path.slice(0, 200)}`);
  const [, thing = '', job] = route[1].exec(path)!;
  const body = await bodyOf(req, new URLSearchParams(text));
  const jobId = job === undefined ? {} : { jobId: decodeURIComponent(job) };
  return { verb: route[2], thingName: decodeURIComponent(thing), ...jobId, body };
}

/** HTTP has no separate error for an unexpected version. */
function asHttp(error: unknown): unknown {
  if (!(error instanceof AwsError) || error.code !== 'VersionMismatch') return error;
  return new AwsError('InvalidStateTransitionException', error.message, 409);
}

export function createJobsHandler(jobs: Jobs, store: JobStore): AwsHandler {
  const serve = createDeviceRequests(jobs, store, (document) => document);
  return async (req, res) => {
    try {
      const { members, announce } = await serve(await requestOf(req));
      sendJson(res, members);
      await announce?.();
    } catch (error) {
      if (error instanceof URIError) throw invalid('The path is not valid percent-encoding');
      throw asHttp(error);
    }
  };
}
