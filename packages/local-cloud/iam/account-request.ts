// Reads and checks the parameters that actions of IAM share: names, paths and documents.

import { randomBytes } from 'node:crypto';
import { AwsError } from '../aws-error.ts';
import type { QueryParameters } from '../aws/query.ts';
import type { XmlElements } from '../aws/xml.ts';
import type { Clock } from '../clock.ts';
import type { AccountPolicy, AccountRole, AccountStore } from './account-store.ts';

export interface Account {
  readonly store: AccountStore;
  readonly clock: Clock;
  readonly accountId: string;
  /** Roles of the template, which are read only here. */
  readonly declared: ReadonlyMap<string, AccountRole>;
}

export type Run = (account: Account, parameters: QueryParameters) => XmlElements | Promise<XmlElements>;

const NAME = /^[\w+=,.@-]{1,64}$/;
export const POLICY_NAME = /^[\w+=,.@-]{1,128}$/;

export const noSuchEntity = (what: string) => new AwsError('NoSuchEntity', what, 404);

export function nameIn(parameters: QueryParameters, member: string, form = NAME): string {
  const name = parameters.require(member);
  if (form.test(name)) return name;
  const message = `The specified value for ${member[0]!.toLowerCase()}${member.slice(1)} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-`;
  throw new AwsError('ValidationError', message);
}

export function pathIn(parameters: QueryParameters): string {
  const path = parameters.get('Path') ?? '/';
  if (/^\/([\x21-\x7E]{0,510}\/)?$/.test(path)) return path;
  throw new AwsError(
    'ValidationError',
    'The specified value for path is invalid. It must begin and end with /',
  );
}

export const pathPrefixIn = (parameters: QueryParameters): string => parameters.get('PathPrefix') ?? '/';

/** A policy document with statements. @throws AwsError MalformedPolicyDocument */
export function documentIn(parameters: QueryParameters, member: string): string {
  const text = parameters.require(member);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    const message = `This policy contains invalid Json (${(error as Error).message.slice(0, 200)})`;
    throw new AwsError('MalformedPolicyDocument', message);
  }
  const isDocument = typeof parsed === 'object' && parsed !== null && 'Statement' in parsed;
  if (isDocument) return text;
  throw new AwsError('MalformedPolicyDocument', 'Syntax errors in policy: Statement is missing.');
}

export const createId = (prefix: string) =>
  `${prefix}${[...randomBytes(17)].map((byte) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[byte % 32]).join('')}`;

export const timeText = (time: number) => `${new Date(time).toISOString().slice(0, 19)}Z`;

export const rolesOf = ({ store, declared }: Account): AccountRole[] =>
  [...declared.values(), ...store.roles.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));

export function policyIn({ store }: Account, parameters: QueryParameters): AccountPolicy {
  const arn = parameters.require('PolicyArn');
  const policy = store.policies.get(arn);
  if (policy) return policy;
  throw noSuchEntity(`Policy ${arn} does not exist or is not attachable.`);
}

export const whole = (elements: XmlElements): XmlElements => ({ IsTruncated: false, ...elements });

/** Actions by name, each with the parameters that it reads. */
export type Actions = Readonly<Record<string, readonly [accepts: readonly string[], run: Run]>>;
