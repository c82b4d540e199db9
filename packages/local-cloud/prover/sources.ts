// Finds the policies of claims: in files, in the template, and in documents of the claims themselves.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { compilePolicy, PolicyError, type Statement } from '../policies/document.ts';
import { StartError } from '../start-error.ts';
import type { ResolvedResource, ResolvedTemplate } from '../template/resolved.ts';
import type { Claims } from './claims.ts';
import { compileDocument, type SidesOf } from './prove-claims.ts';

/** A policy that `--policy` names, in place of one of the template or by itself. */
export interface PolicyFile {
  readonly name: string;
  readonly text: string;
  readonly shown: string;
}

/** @param given `FILE`, or `NAME=FILE` for a policy of that name. @throws StartError where there is no such file */
export function readPolicyFile(given: string): PolicyFile {
  const [, name, shown = given] = /^([\w+=,.@-]+?)=(.+)$/s.exec(given) ?? [];
  try {
    return { name: name ?? path.parse(shown).name, text: readFileSync(shown, 'utf8'), shown };
  } catch (error) {
    throw new StartError(`--policy ${given}: ${(error as Error).message}`, { cause: error });
  }
}

const FIELDS = ['partition', 'region', 'account'] as const;
const ARN = /arn:(?<partition>[^:"]*):iot:(?<region>[^:"]*):(?<account>[^:"]*):/g;

/**
 * `arn:aws:iot:<region>:<account>` of the resources in policy files; of `usual` where they have a wildcard or nothing.
 *
 * @throws StartError where they are of several accounts
 */
export function iotArnOf(files: readonly PolicyFile[], usual: string): string {
  const [, partition, , region, account] = usual.split(':');
  const defaults = { partition, region, account };
  const arns = files.flatMap(({ text }) => [...text.matchAll(ARN)].map(({ groups }) => groups!));
  const [p, r, a] = FIELDS.map((field) => {
    const found = new Set(arns.map((groups) => groups[field]!).filter((value) => !/[*?]/.test(value)));
    if (found.size > 1)
      throw new StartError(
        `the policies have resources of several ${field}s (${[...found].join(', ')}): prove them one by one`,
      );
    return [...found][0] ?? defaults[field]!;
  });
  return `arn:${p}:iot:${r}:${a}`;
}

/** The same policy with its resources in another account and region. */
export function inAccount(file: PolicyFile, iotArn: string): PolicyFile {
  const own = iotArnOf([file], iotArn);
  return own === iotArn ? file : { ...file, text: file.text.replaceAll(`${own}:`, `${iotArn}:`) };
}

function compileFile({ name, text, shown }: PolicyFile): Statement[] {
  try {
    return compilePolicy(name, text);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new StartError(`${shown}: ${error.message}`, { cause: error });
  }
}

const textOf = (document: unknown) => (typeof document === 'string' ? document : JSON.stringify(document));

function compileOf(
  resource: ResolvedResource,
  kind: 'iot' | 'iam',
  document: unknown,
  name: string,
): Statement[] {
  try {
    return compilePolicy(name, textOf(document), kind);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new StartError(`${resource.at('PolicyDocument', ...error.path)}: ${error.message}`, {
      cause: error,
    });
  }
}

/** A resource of the template by its logical ID or its name. */
const findIn = (template: ResolvedTemplate | undefined, type: string, name: string) =>
  template?.ofType(type).find((resource) => resource.logicalId === name || resource.name === name);

function roleOf(template: ResolvedTemplate | undefined, name: string): Statement[] {
  const role = findIn(template, 'AWS::IAM::Role', name);
  if (!role) throw new StartError(`there is no role ${name} in the template`);
  const policies = (role.properties['Policies'] ?? []) as readonly Readonly<Record<string, unknown>>[];
  return policies.flatMap(({ PolicyName: policyName, PolicyDocument: document }) =>
    compileOf(role, 'iam', document, `${name} policy ${String(policyName)}`),
  );
}

export interface Sources {
  readonly claims: Claims;
  readonly files: readonly PolicyFile[];
  /** Absent where a policy file is given without a name. */
  readonly template: ResolvedTemplate | undefined;
}

/** The physical name of a policy of the template, or the name itself. */
export const physicalName = (template: ResolvedTemplate | undefined, name: string): string =>
  findIn(template, 'AWS::IoT::Policy', name)?.name ?? name;

/** Returns the policies of principals. @throws StartError naming an unknown policy or role */
export function createSides({ claims, files, template }: Sources): SidesOf {
  const policyOf = (name: string): Statement[] => {
    const file = files.find((each) => each.name === name);
    if (file) return compileFile(file);
    if (claims.documents.has(name)) return compileDocument(name, claims.documents.get(name), claims);
    const resource = findIn(template, 'AWS::IoT::Policy', name);
    if (resource) return compileOf(resource, 'iot', resource.properties['PolicyDocument'], resource.name);
    const known = [...files.map((each) => each.name), ...claims.documents.keys()];
    const others = (template?.ofType('AWS::IoT::Policy') ?? []).map(({ logicalId }) => logicalId);
    throw new StartError(
      `there is no policy ${name}: the claims can name ${[...known, ...others].join(', ') || 'none'}`,
    );
  };
  return ({ kind, policies, role, isGuest }) => {
    const attached = policies.flatMap(policyOf);
    if (kind === 'certificate') return [attached];
    return isGuest ? [roleOf(template, role!)] : [roleOf(template, role!), attached];
  };
}
