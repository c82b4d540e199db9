// Compares what functions called with what their roles allow: missing permissions, unused ones, and wildcards.

import type { Clock } from '../clock.ts';
import type { ResolvedTemplate } from '../template/resolved.ts';
import type { RecordedCall } from './calls.ts';
import { keyNeedsOf } from './keys.ts';
import { lambdaNeedsOf } from './lambda-needs.ts';
import type { Need } from './need.ts';
import { policiesOfRole, roleSourcesOf, type RoleSource } from './role-source.ts';
import { createRole, type Role } from './role.ts';
import { serviceRefusalsOf, serviceRolesOf } from './service-roles.ts';
import { statementsOf, unusedOf, wildcardsOf, type Unused, type Wildcard } from './statements.ts';

/** A call that the role of a function, rule, delivery stream or schedule does not allow. */
export interface Missing {
  readonly function: string;
  /** What makes the call in the name of the role, such as `iot.amazonaws.com`; absent for the function itself. */
  readonly service?: string;
  /** Template line of the role, or of what makes Lambda call in its name. */
  readonly at: string;
  readonly action: string;
  readonly resource: string;
  readonly reason: string;
  /** Calls; 0 for what a service does. */
  readonly count: number;
}

export interface IamReport {
  /** Calls by function, of functions that the template has. */
  readonly recorded: readonly { readonly function: string; readonly calls: number }[];
  readonly neverCalled: readonly string[];
  /** Functions whose role is not known here, and why. */
  readonly undecided: readonly { readonly function: string; readonly why: string }[];
  readonly missing: readonly Missing[];
  readonly unused: readonly Unused[];
  readonly wildcards: readonly Wildcard[];
  /** Roles of browsers, provisioning and others: what they use is not known. */
  readonly otherRoles: readonly string[];
}

function missingOf(template: ResolvedTemplate, role: Role, needs: readonly NeedOf[]): Missing[] {
  const { functionId, roleId } = role.source;
  const resource = template.resources.get(roleId ?? functionId)!;
  return needs.flatMap(({ count, declaredAt, ...need }) => {
    const { allowed, reason } = role.decide(need);
    const { action, resource: on } = need;
    const service = declaredAt === undefined ? {} : { service: 'lambda.amazonaws.com' };
    const missing = { function: functionId, ...service, action, resource: on, reason, count };
    return allowed ? [] : [{ ...missing, at: declaredAt ?? resource.at() }];
  });
}

/** SAM creates a role for each function without one; it is named after its function. */
const nameOf = ({ roleId, functionId }: RoleSource): string => roleId ?? functionId;

/** What a function, or Lambda in its name, needs. */
interface NeedOf extends Need {
  readonly count: number;
  readonly declaredAt?: string;
}

interface Judged {
  readonly role: Role;
  readonly needs: readonly NeedOf[];
}

/** Each function's role with what was recorded, and with what Lambda needs. */
function judgedFunctions(
  template: ResolvedTemplate,
  calls: readonly RecordedCall[],
  clock: Pick<Clock, 'now'>,
): Judged[] {
  const keyNeeds = keyNeedsOf(template);
  return roleSourcesOf(template).map((source) => {
    const { functionId, roleId } = source;
    const own = calls
      .filter((call) => call.function === functionId)
      .map(({ action, resource, keys, count }) => ({ action, resource, keys: keys ?? {}, count }));
    // SAM gives the role that it creates what Lambda needs.
    const implied = roleId === undefined ? [] : lambdaNeedsOf(template, template.resources.get(functionId)!);
    const ofLambda = implied.flatMap(({ declaredAt, ...need }) =>
      [need, ...keyNeeds(need)].map((each) => ({ ...each, count: 0, declaredAt })),
    );
    return { role: createRole(source, clock), needs: [...own, ...ofLambda] };
  });
}

interface JudgedRole {
  readonly role: Role;
  readonly needs: readonly Need[];
}

/** The needs that each statement decided, by role and key of the statement. */
function needsByStatement(judged: readonly JudgedRole[]): ReadonlyMap<string, readonly Need[]> {
  const found = new Map<string, Need[]>();
  for (const { role, needs } of judged)
    for (const need of needs) {
      const key = `${nameOf(role.source)} ${role.decide(need).by}`;
      found.set(key, [...(found.get(key) ?? []), need]);
    }
  return found;
}

/** The unused parts of the roles whose users are in `active`, by logical ID. */
function unusedParts(judged: readonly JudgedRole[], active: ReadonlySet<string>): Unused[] {
  const usedBy = needsByStatement(judged);
  const roles = judged.map(({ role }) => role);
  const isActive = (name: string) =>
    roles.some(({ source }) => nameOf(source) === name && active.has(source.functionId));
  return uniqueRoles(roles)
    .filter(({ source }) => isActive(nameOf(source)))
    .flatMap(({ source }) => statementsOf(nameOf(source), source.policies))
    .filter(({ statement }) => statement.Effect === 'Allow')
    .flatMap((written) => unusedOf(written, usedBy.get(`${written.role} ${written.key}`) ?? []));
}

/** @param calls of this template's functions; those of other functions are ignored */
export function iamReportOf(
  template: ResolvedTemplate,
  calls: readonly RecordedCall[],
  clock: Pick<Clock, 'now'>,
): IamReport {
  const judged = judgedFunctions(template, calls, clock);
  const services = serviceRolesOf(template, clock);
  const roles = judged.map(({ role }) => role);
  const serviceRoles = services.map(({ role }) => role);
  const called = new Set(calls.map((call) => call.function));
  const own = uniqueRoles([...roles, ...serviceRoles]);
  const others = template.ofType('AWS::IAM::Role').filter(({ logicalId }) => !isKnown(own, logicalId));
  return {
    recorded: roles
      .map(({ source: { functionId } }) => ({ function: functionId, calls: callsOf(calls, functionId) }))
      .filter((each) => each.calls > 0),
    neverCalled: roles.map(({ source }) => source.functionId).filter((id) => !called.has(id)),
    undecided: [...roles, ...uniqueRoles(serviceRoles)].flatMap(
      ({ source: { functionId, undecided: why } }) =>
        why === undefined ? [] : [{ function: functionId, why }],
    ),
    missing: [
      ...judged.flatMap(({ role, needs }) => missingOf(template, role, needs)),
      ...serviceRefusalsOf(template, services).map(({ user, ...refusal }) => ({
        ...{ function: user, ...refusal, count: 0 },
      })),
    ],
    // All that services use follows from the template; what a function uses is known once it was called.
    unused: unusedParts(
      [...judged, ...services.map(({ role, needs, use }) => ({ role, needs: [...needs, ...use.uses] }))],
      new Set([...called, ...services.map(({ use }) => use.user)]),
    ),
    wildcards: [
      ...own.flatMap(({ source }) => statementsOf(nameOf(source), source.policies)),
      ...others.flatMap((resource) => statementsOf(resource.logicalId, policiesOfRole(template, resource))),
    ].flatMap(wildcardsOf),
    otherRoles: others.map(({ logicalId }) => logicalId),
  };
}

const isKnown = (roles: readonly Role[], roleId: string) =>
  roles.some(({ source }) => source.roleId === roleId);

const callsOf = (calls: readonly RecordedCall[], functionId: string) =>
  calls.filter((call) => call.function === functionId).reduce((sum, { count }) => sum + count, 0);

/** Functions may share a role. */
const uniqueRoles = (roles: readonly Role[]): Role[] => [
  ...new Map(roles.map((role) => [nameOf(role.source), role])).values(),
];
