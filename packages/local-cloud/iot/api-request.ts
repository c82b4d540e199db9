// One call of the AWS IoT control plane, checked before it reaches an operation: its fields have the form that AWS requires.

import { AwsError } from '../aws-error.ts';
import type { AuthorizedClients } from '../authorizers/clients.ts';
import type { LocalCa } from './ca.ts';
import type { DomainConfiguration } from './domain-configurations.ts';
import type { Attributes, Registry } from './registry.ts';
import type { FleetSources } from '../indexing/documents.ts';
import type { OpenJobs } from '../jobs/open.ts';
import type { RuleBook } from '../rules/rule-book.ts';

export interface ApiRequest {
  /** The values of `{name}` in the path, decoded. */
  readonly labels: ReadonlyMap<string, string>;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
  header(name: string): string | undefined;
}

export interface IotCloud {
  readonly registry: Registry;
  readonly ca: LocalCa;
  readonly domains: readonly DomainConfiguration[];
  /** `book` is set once the rules are open. */
  readonly rules?: { book?: RuleBook };
  /** `open` is there once the jobs are. */
  readonly jobs?: { open?: OpenJobs };
  /** `test` is there once functions are. */
  readonly authorizers?: { test?: AuthorizedClients['test'] };
  /** `sources` is there once shadows and broker are. */
  readonly fleet?: { sources?: FleetSources };
  /** The MQTT port, once it is open. */
  readonly endpoint?: { port?: number };
}

export interface Operation {
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As in AWS's API reference: `/things/{thingName}/principals`. */
  readonly path: string;
  /** The body's members and the query's parameters that are honoured; a call with others is refused. */
  readonly body?: readonly string[];
  readonly query?: readonly string[];
  run(cloud: IotCloud, request: ApiRequest): object | void | Promise<object | void>;
}

export const invalid = (message: string) => new AwsError('InvalidRequestException', message, 400);
/** `resourceId`: the name or, of a resource without one, the ID. */
export const alreadyExists = (message: string, resourceArn: string, resourceId: string) =>
  new AwsError('ResourceAlreadyExistsException', message, 409, { resourceArn, resourceId });
export const conflict = (message: string) => new AwsError('VersionConflictException', message, 409);

const REGISTRY_NAME = { pattern: /^[a-zA-Z0-9:_-]{1,128}$/, rule: '1 to 128 of a-z A-Z 0-9 : _ -' };
const CERTIFICATE_ID = { pattern: /^(0x)?[a-fA-F0-9]{64}$/, rule: '64 hexadecimal digits' };
const NAMES: ReadonlyMap<string, { pattern: RegExp; rule: string }> = new Map([
  ['thingName', REGISTRY_NAME],
  ['thingTypeName', REGISTRY_NAME],
  ['thingGroupName', REGISTRY_NAME],
  ['parentGroupName', REGISTRY_NAME],
  ['parentGroup', REGISTRY_NAME],
  ['namePrefixFilter', REGISTRY_NAME],
  ['policyName', { pattern: /^[\w+=,.@-]{1,128}$/, rule: '1 to 128 of a-z A-Z 0-9 _ + = , . @ -' }],
  ['domainConfigurationName', { pattern: /^[\w.:-]{1,128}$/, rule: '1 to 128 of a-z A-Z 0-9 _ . : -' }],
  ['authorizerName', { pattern: /^[\w=,@-]{1,128}$/, rule: '1 to 128 of a-z A-Z 0-9 _ = , @ -' }],
  ['roleAlias', { pattern: /^[\w=,@-]{1,128}$/, rule: '1 to 128 of a-z A-Z 0-9 _ = , @ -' }],
  ['policyVersionId', { pattern: /^\d{1,9}$/, rule: 'a number' }],
  ['jobId', { pattern: /^[a-zA-Z0-9_-]{1,64}$/, rule: '1 to 64 of a-z A-Z 0-9 _ -' }],
  ['ruleName', { pattern: /^\w{1,128}$/, rule: '1 to 128 of a-z A-Z 0-9 _' }],
  ['templateName', { pattern: /^[0-9A-Za-z_-]{1,36}$/, rule: '1 to 36 of a-z A-Z 0-9 _ -' }],
  ['certificateId', CERTIFICATE_ID],
  ['caCertificateId', CERTIFICATE_ID],
]);

function check(member: string, value: string): string {
  const rule = NAMES.get(member);
  if (rule && !rule.pattern.test(value)) {
    throw invalid(`${member} ${JSON.stringify(value.slice(0, 200))} is not allowed: ${rule.rule}`);
  }
  return value;
}

/** A name in the path. @throws AwsError InvalidRequestException when it breaks AWS's pattern. */
export function label(request: ApiRequest, member: string): string {
  return check(member, request.labels.get(member) ?? '');
}

/** An optional text of the body, its pattern checked. */
export function text(body: ApiRequest['body'], member: string): string | undefined {
  const value = body[member];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw invalid(`${member} must be a string`);
  return check(member, value);
}

export function required(body: ApiRequest['body'], member: string): string {
  const value = text(body, member);
  if (value === undefined) throw invalid(`${member} is required`);
  return value;
}

export function flag(body: ApiRequest['body'], member: string): boolean {
  const value = body[member] ?? false;
  if (typeof value !== 'boolean') throw invalid(`${member} must be true or false`);
  return value;
}

export function object(body: ApiRequest['body'], member: string): ApiRequest['body'] | undefined {
  const value = body[member];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'object' || Array.isArray(value)) throw invalid(`${member} must be an object`);
  return value as ApiRequest['body'];
}

export function texts(body: ApiRequest['body'], member: string): string[] | undefined {
  const value = body[member];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    throw invalid(`${member} must be a list of strings`);
  }
  return value;
}

/** Refuses members that the local cloud does not support. */
export function only(body: ApiRequest['body'], known: readonly string[], where: string): void {
  const other = Object.keys(body).find((member) => !known.includes(member));
  if (other !== undefined) throw notSupported(`${where}: ${other}`);
}

export const notSupported = (what: string) =>
  new AwsError('NotImplementedException', `${what} is not supported by the local cloud`, 501);

export function queryText(request: ApiRequest, name: string): string | undefined {
  const value = request.query.get(name);
  return value === null || value === '' ? undefined : check(name, value);
}

export function queryFlag(request: ApiRequest, name: string): boolean | undefined {
  const value = queryText(request, name);
  if (value !== undefined && value !== 'true' && value !== 'false')
    throw invalid(`${name} must be true or false`);
  return value === undefined ? undefined : value === 'true';
}

function queryNumber(request: ApiRequest, name: string, maximum: number): number | undefined {
  const value = queryText(request, name);
  if (value === undefined) return undefined;
  if (!/^\d{1,15}$/.test(value) || Number(value) < 1 || Number(value) > maximum) {
    throw invalid(`${name} must be a number from 1 to ${maximum}`);
  }
  return Number(value);
}

/** @throws AwsError VersionConflictException when the caller expected another version. */
export function checkVersion(expected: unknown, actual: number): void {
  if (expected === undefined || expected === null || expected === '') return;
  if (Number(expected) !== actual)
    throw conflict(`The version is ${actual}, not ${JSON.stringify(expected)}`);
}

const MAXIMUM_PAGE = 250;

/**
 * One page of `items` in the order of their names, and the token of the next.
 *
 * @param tokenName and `sizeName`: what this call names them, `nextToken` and `maxResults` or `marker` and `pageSize`.
 */
export function page<T>(
  request: ApiRequest,
  items: Iterable<T>,
  nameOf: (item: T) => string,
  [tokenName, sizeName]: readonly [string, string] = ['nextToken', 'maxResults'],
): { items: T[]; next: string | undefined } {
  const size = queryNumber(request, sizeName, MAXIMUM_PAGE) ?? MAXIMUM_PAGE;
  const token = queryText(request, tokenName);
  const after = token === undefined ? undefined : Buffer.from(token, 'base64').toString();
  if (token !== undefined && Buffer.from(after!).toString('base64') !== token)
    throw invalid(`${tokenName} is invalid`);
  const descending = request.query.get('isAscendingOrder') === 'false';
  const order = (a: string, b: string) => (a === b ? 0 : a < b !== descending ? -1 : 1);
  const rest = [...items]
    .filter((item) => after === undefined || order(nameOf(item), after) > 0)
    .sort((a, b) => order(nameOf(a), nameOf(b)));
  const shown = rest.slice(0, size);
  const more = rest.length > size;
  return { items: shown, next: more ? Buffer.from(nameOf(shown.at(-1)!)).toString('base64') : undefined };
}

/**
 * `attributePayload.attributes`, checked.
 *
 * @throws AwsError InvalidRequestException naming the attribute that breaks AWS's patterns.
 */
export function attributes(payload: ApiRequest['body'] | undefined): Attributes {
  const given = payload && object(payload, 'attributes');
  return Object.entries(given ?? {}).map(([name, value]) => {
    if (!/^[a-zA-Z0-9_.,@/:#-]{1,128}$/.test(name)) {
      throw invalid(
        `attribute name ${JSON.stringify(name.slice(0, 200))} is not allowed: 1 to 128 of a-z A-Z 0-9 _ . , @ / : # -`,
      );
    }
    if (typeof value !== 'string' || !/^[a-zA-Z0-9_.,@/:#=[\]-]{0,800}$/.test(value)) {
      throw invalid(
        `the value of attribute ${name} is not allowed: up to 800 of a-z A-Z 0-9 _ . , @ / : # = [ ] -`,
      );
    }
    return [name, value] as const;
  });
}

/** Replaces or merges attributes as UpdateThing does: an empty value removes its attribute. */
export function updatedAttributes(before: Attributes, payload: ApiRequest['body'] | undefined): Attributes {
  if (!payload) return before;
  const given = attributes(payload);
  const merged = new Map(flag(payload, 'merge') ? [...before, ...given] : given);
  return [...merged].filter(([, value]) => value !== '');
}

/** REST-JSON times are epoch seconds. */
export const seconds = (milliseconds: number) => milliseconds / 1000;
