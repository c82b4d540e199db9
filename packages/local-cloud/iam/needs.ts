// Finds the permissions that a request at the AWS port needs of the role of the function that sends it.

import type { IncomingMessage } from 'node:http';
import { needsOfIot, needsOfIotData, needsOfLambda } from './needs-iot.ts';
import { needsOfObjects, readsBody } from './needs-objects.ts';
import { isJudgedByBody, needsOfService } from './needs-services.ts';
import { needsOfTables, type PartitionKeys } from './needs-tables.ts';
import type { Need, Place } from './need.ts';

type Input = Readonly<Record<string, unknown>>;

export interface Surroundings {
  readonly place: Place;
  readonly partitionKeys: PartitionKeys;
}

/** Whether `needsOf` has to read the body. */
export const needsBody = (req: IncomingMessage, service: string): boolean =>
  service === 's3' ? readsBody(req) : service === 'dynamodb' || service === 'iot' || isJudgedByBody(service);

function inputOf(body: string): Input {
  try {
    const input: unknown = JSON.parse(body || '{}');
    return typeof input === 'object' && input !== null && !Array.isArray(input) ? (input as Input) : {};
  } catch {
    return {}; // the service itself refuses it
  }
}

/** Query protocol, JSON in its dialects, or RPC with the operation in the path. */
function operationAndInput(req: IncomingMessage, body: string): { operation: string; input: Input } {
  const target = req.headers['x-amz-target'];
  if (target !== undefined) return { operation: String(target).split('.').at(-1)!, input: inputOf(body) };
  const inPath = /\/operation\/([A-Za-z]{1,64})$/.exec(req.url ?? '')?.[1];
  if (inPath !== undefined) return { operation: inPath, input: {} };
  const form = new URLSearchParams(req.method === 'GET' ? req.url?.split('?', 2)[1] : body);
  return { operation: form.get('Action') ?? '', input: Object.fromEntries(form) };
}

/**
 * @param body where `needsBody` says so, else empty
 * @returns undefined where AWS's requirements are not known
 * @throws AwsError for a request that the service would refuse
 */
export function needsOf(
  req: IncomingMessage,
  service: string,
  body: string,
  surroundings: Surroundings,
): readonly Need[] | undefined {
  try {
    return find(req, service, body, surroundings);
  } catch (error) {
    if (error instanceof URIError) return []; // the service itself refuses the path
    throw error;
  }
}

function find(
  req: IncomingMessage,
  service: string,
  body: string,
  { place, partitionKeys }: Surroundings,
): readonly Need[] | undefined {
  if (service === 's3') return needsOfObjects(req, body);
  if (service === 'iot') return needsOfIot(req, inputOf(body), place);
  if (service === 'iotdata' || service === 'iotdevicegateway') return needsOfIotData(req, place);
  if (service === 'lambda') return needsOfLambda(req, place);
  const { operation, input } = operationAndInput(req, body);
  if (service === 'dynamodb') return needsOfTables({ operation, input, place, partitionKeys });
  return isJudgedByBody(service) ? needsOfService(service, { operation, input, place }) : undefined;
}
