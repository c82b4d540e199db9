// Reads the role of each function from the template, as data that can be sent to another thread.

import type { ResolvedResource, ResolvedTemplate } from '../template/resolved.ts';
import { functionsOf, type FunctionSpec } from '../template/functions.ts';
import { managedPolicy, type PlainStatement } from './managed-policies.ts';
import { policyTemplate } from './policy-templates.ts';

/** One policy document of a role. */
export interface PolicySource {
  readonly name: string;
  /** JSON. */
  readonly document: string;
  /** The place of each of its statements. */
  readonly places: readonly StatementPlaces[];
}

/** Places such as `template.yaml:123`. */
export interface StatementPlaces {
  readonly at: string;
  /** Of its actions and resources, in their order. */
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

export interface RoleSource {
  /** Logical ID of the function, or of the rule, stream or schedule that the role is used for. */
  readonly functionId: string;
  /** Of the same. */
  readonly functionArn: string;
  /** Logical ID of the role; undefined for the one that SAM creates. */
  readonly roleId: string | undefined;
  readonly roleArn: string;
  /** Such as `arn:aws:sts::000000000000:assumed-role/MyRole/my-function`. */
  readonly sessionArn: string;
  readonly policies: readonly PolicySource[];
  readonly boundary: readonly PolicySource[] | undefined;
  /** Why the role is not enforced; undefined where all of it is known. */
  readonly undecided: string | undefined;
}

type Properties = Readonly<Record<string, unknown>>;
type Path = readonly (string | number)[];

const listOf = (value: unknown): readonly unknown[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];
const isObject = (value: unknown): value is Properties =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Policies that are found one by one, and the first that is not known. */
interface Found {
  readonly policies: PolicySource[];
  undecided: string | undefined;
}

/** The places of the items of a member, which may be one item or a list. */
function itemPlaces(statement: unknown, member: string, at: (path: Path) => string): string[] {
  const value = isObject(statement) ? statement[member] : undefined;
  if (!Array.isArray(value)) return value === undefined ? [] : [at([member])];
  return value.map((_item, index) => at([member, index]));
}

function statementPlaces(statement: unknown, at: (path: Path) => string): StatementPlaces {
  return {
    at: at([]),
    actions: itemPlaces(statement, 'Action', at),
    resources: itemPlaces(statement, 'Resource', at),
  };
}

const samePlace = (
  place: string,
  { Action: action, Resource: resource }: PlainStatement,
): StatementPlaces => ({
  at: place,
  actions: listOf(action).map(() => place),
  resources: listOf(resource).map(() => place),
});

function addDocument({ policies }: Found, name: string, document: unknown, at: (path: Path) => string): void {
  const statements = listOf(isObject(document) ? document['Statement'] : undefined);
  const isList = isObject(document) && Array.isArray(document['Statement']);
  policies.push({
    name,
    document: JSON.stringify(document),
    places: statements.map((statement, index) => {
      const start = isList ? ['Statement', index] : ['Statement'];
      return statementPlaces(statement, (path) => at([...start, ...path]));
    }),
  });
}

function addManaged(found: Found, template: ResolvedTemplate, reference: string, place: string): void {
  const own = template
    .ofType('AWS::IAM::ManagedPolicy')
    .find(({ ref, arn }) => reference === ref || reference === arn);
  const statements = managedPolicy(reference);
  if (own) addManagedResource(found, own);
  else if (statements)
    found.policies.push({
      name: reference,
      document: JSON.stringify({ Version: '2012-10-17', Statement: statements }),
      places: statements.map((statement) => samePlace(place, statement)),
    });
  else found.undecided ??= `${place}: the managed policy ${reference} is not known here`;
}

function addManagedResource(found: Found, resource: ResolvedResource): void {
  addDocument(found, resource.logicalId, resource.properties['PolicyDocument'], (path) =>
    resource.at('PolicyDocument', ...path),
  );
}

/** Policies of the template that list the role. */
function addAttached(found: Found, template: ResolvedTemplate, role: ResolvedResource): void {
  for (const type of ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy'])
    for (const policy of template.ofType(type))
      if (listOf(policy.properties['Roles']).includes(role.ref)) addManagedResource(found, policy);
}

function boundaryOf(
  template: ResolvedTemplate,
  resource: ResolvedResource,
  outer: Found,
): PolicySource[] | undefined {
  const reference = resource.properties['PermissionsBoundary'];
  if (typeof reference !== 'string') return undefined;
  const found: Found = { policies: [], undecided: undefined };
  addManaged(found, template, reference, resource.at('PermissionsBoundary'));
  outer.undecided ??= found.undecided;
  return found.policies;
}

function addOwn(found: Found, template: ResolvedTemplate, role: ResolvedResource): void {
  const { logicalId, properties } = role;
  for (const [index, policy] of listOf(properties['Policies']).entries()) {
    const { PolicyName: name, PolicyDocument: document } = policy as Properties;
    addDocument(found, `${logicalId} policy ${String(name)}`, document, (path) =>
      role.at('Policies', index, 'PolicyDocument', ...path),
    );
  }
  for (const [index, reference] of listOf(properties['ManagedPolicyArns']).entries())
    addManaged(found, template, String(reference), role.at('ManagedPolicyArns', index));
  addAttached(found, template, role);
}

/** The policies of a function's `Policies`: names, documents and policy templates. */
function addForFunction(found: Found, template: ResolvedTemplate, resource: ResolvedResource): void {
  const { logicalId, properties } = resource;
  const isList = Array.isArray(properties['Policies']);
  for (const [index, policy] of listOf(properties['Policies']).entries()) {
    const path = isList ? ['Policies', index] : ['Policies'];
    const place = resource.at(...path);
    if (typeof policy === 'string') addManaged(found, template, policy, place);
    else if (isObject(policy) && Object.hasOwn(policy, 'Statement')) {
      const document = { Version: '2012-10-17', ...policy };
      addDocument(found, `${logicalId} policy ${index + 1}`, document, (inner) =>
        resource.at(...path, ...inner),
      );
    } else {
      const [[name, values] = ['', {}]] = Object.entries(isObject(policy) ? policy : {});
      const statements = policyTemplate(
        name,
        (isObject(values) ? values : {}) as Record<string, string>,
        template,
      );
      if (typeof statements === 'string') found.undecided ??= `${place}: ${statements}`;
      else if (statements.length > 0)
        addDocument(found, name, { Version: '2012-10-17', Statement: statements }, () => place);
    }
  }
}

/** The policies of an AWS::IAM::Role that are known here. */
export function policiesOfRole(template: ResolvedTemplate, role: ResolvedResource): readonly PolicySource[] {
  const found: Found = { policies: [], undecided: undefined };
  addOwn(found, template, role);
  return found.policies;
}

function sourceOf(template: ResolvedTemplate, spec: FunctionSpec): RoleSource {
  const { logicalId, role: roleArn } = spec;
  const resource = template.resources.get(logicalId)!;
  const found: Found = { policies: [], undecided: undefined };
  const given = resource.properties['Role'];
  const role = template.ofType('AWS::IAM::Role').find(({ arn }) => arn === roleArn);
  let boundary: PolicySource[] | undefined;
  if (given === undefined) {
    addManaged(found, template, 'AWSLambdaBasicExecutionRole', spec.declaredAt);
    addForFunction(found, template, resource);
    boundary = boundaryOf(template, resource, found);
  } else if (role) {
    addOwn(found, template, role);
    boundary = boundaryOf(template, role, found);
  } else found.undecided = `${resource.at('Role')}: ${roleArn} is not a role of this template`;
  return {
    functionId: logicalId,
    functionArn: spec.arn,
    roleId: given === undefined ? undefined : role?.logicalId,
    roleArn,
    sessionArn: `arn:aws:sts::${template.accountId}:assumed-role/${roleArn.split('/').at(-1)}/${spec.name}`,
    policies: found.policies,
    boundary,
    undecided: found.undecided,
  };
}

/**
 * A role that a service assumes.
 *
 * @param user logical ID of the rule, stream or schedule
 */
export function sourceOfRole(template: ResolvedTemplate, role: ResolvedResource, user: string): RoleSource {
  const found: Found = { policies: [], undecided: undefined };
  addOwn(found, template, role);
  const boundary = boundaryOf(template, role, found);
  return {
    functionId: user,
    functionArn: template.resources.get(user)!.arn,
    roleId: role.logicalId,
    roleArn: role.arn,
    sessionArn: `arn:aws:sts::${template.accountId}:assumed-role/${role.name}/${user}`,
    policies: found.policies,
    boundary,
    undecided: found.undecided,
  };
}

/** The role of each function, in the order of the template. */
export const roleSourcesOf = (template: ResolvedTemplate): RoleSource[] =>
  functionsOf(template).map((spec) => sourceOf(template, spec));
