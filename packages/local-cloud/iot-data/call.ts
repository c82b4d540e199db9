// One call of the IoT data plane, parsed and checked, so that operations get values, not text.

import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import { page } from '../iot/api-request.ts';
import type { PolicyAction } from '../mqtt/access.ts';
import type { Clients } from '../mqtt/clients.ts';
import type { Hub } from '../mqtt/hub.ts';
import type { Retained } from '../mqtt/retained.ts';
import type { Shadows } from '../shadow/service.ts';

export interface DataPlane {
  readonly shadows: Shadows;
  readonly hub: Pick<Hub, 'publish' | 'serves' | 'isCongested'>;
  readonly retained: Pick<Retained, 'get' | 'all' | 'hasRoom'>;
  readonly clients: Pick<Clients, 'describe' | 'subscriptionsOf' | 'send'>;
  /** Closes the connection of a client ID; false when there is none. */
  disconnect(clientId: string, how: { readonly endSession: boolean; readonly withoutWill: boolean }): boolean;
  readonly clock: Clock;
  /** A UUID. */
  readonly newId: () => string;
  readonly count: (name: string) => void;
}

export interface DataCall {
  /** The name in the path, decoded; empty where the path has none. */
  readonly label: string;
  readonly query: URLSearchParams;
  readonly body: Buffer;
  header(name: string): string | undefined;
  /** Access key ID of the caller, or certificate ID of a device. */
  readonly caller: string;
  readonly sourceIp: string;
}

export interface DataOperation {
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** The pattern of the path; its one group, if any, is the name. */
  readonly path: RegExp;
  /** The query parameters that it reads; a call with others is refused. */
  readonly query: readonly string[];
  /** What the policies of a device must allow, actions and resources; absent for a call that needs AWS credentials. */
  readonly needs?: (call: DataCall) => readonly (readonly [PolicyAction, string])[];
  /** Returns the body of the answer: an object, or JSON text. */
  run(plane: DataPlane, call: DataCall): Promise<object | string>;
}

export const invalid = (message: string) => new AwsError('InvalidRequestException', message, 400);

/** @throws AwsError InvalidRequestException when the parameter is not one of `allowed`. */
export function choice<T extends string>(
  { query }: DataCall,
  name: string,
  allowed: readonly T[],
): T | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  const found = allowed.find((each) => each === value);
  if (found === undefined) throw invalid(`${name} must be ${allowed.join(' or ')}`);
  return found;
}

export const flag = (call: DataCall, name: string): boolean =>
  choice(call, name, ['true', 'false']) === 'true';

/** One page of `items` in the order of their names. Name, maximum and default of the size as AWS documents them for the call. */
export function pageOf<T>(
  { query }: DataCall,
  items: Iterable<T>,
  nameOf: (item: T) => string,
  [sizeName, maximum, usual = maximum]: readonly [string, number, number?],
): { items: T[]; next: string | undefined } {
  const given = query.get(sizeName);
  if (given !== null && Number(given) > maximum)
    throw invalid(`${sizeName} must be a number from 1 to ${maximum}`);
  const sized = new URLSearchParams(query);
  if (given === null) sized.set(sizeName, String(usual));
  const request = { labels: new Map(), query: sized, body: {}, header: () => undefined };
  return page(request, items, nameOf, ['nextToken', sizeName]);
}
