// Judges the roles that AWS's services assume for rules, delivery streams and schedules, from the template, before any message.

import type { Clock } from '../clock.ts';
import type { ResolvedResource, ResolvedTemplate } from '../template/resolved.ts';
import { keyNeedsOf } from './keys.ts';
import type { Need } from './need.ts';
import { createRole, type Role } from './role.ts';
import { roleSourcesOf, sourceOfRole } from './role-source.ts';
import { roleUsesOf, type RoleUse } from './service-needs.ts';
import { isTrusted } from './trust.ts';

/** A permission that a service lacks on AWS, because a role of the template does not allow it. */
export interface ServiceRefusal {
  /** Logical ID of the rule, stream, schedule or function. */
  readonly user: string;
  /** Such as `iot.amazonaws.com`. */
  readonly service: string;
  readonly at: string;
  readonly action: string;
  readonly resource: string;
  readonly reason: string;
}

/** A role in the use of one service, with everything that the use may need. */
export interface ServiceRole {
  readonly role: Role;
  readonly use: RoleUse;
  /** With the needs on the template's keys. */
  readonly needs: readonly Need[];
}

const TRUST_KEYS: Readonly<Record<string, string>> = {
  'aws:sourceaccount': 'aws:SourceAccount',
  'aws:sourcearn': 'aws:SourceArn',
};

/** A condition with another key is not evaluated: the role then counts as trusting. */
function trusts(role: ResolvedResource, service: string, values: Readonly<Record<string, string>>): boolean {
  try {
    return isTrusted(role.properties['AssumeRolePolicyDocument'], {
      principal: { kind: 'Service', name: service },
      action: 'sts:AssumeRole',
      keyOf: (key) => TRUST_KEYS[key.toLowerCase()],
      lookup: (key) => values[key],
    });
  } catch (error) {
    if (error instanceof SyntaxError) return true;
    throw error;
  }
}

const rolesByArn = (template: ResolvedTemplate) =>
  new Map(template.ofType('AWS::IAM::Role').map((role) => [role.arn, role]));

function distrust(user: string, service: string, role: ResolvedResource): ServiceRefusal {
  return {
    ...{ user, service, at: role.at('AssumeRolePolicyDocument'), action: 'sts:AssumeRole' },
    resource: role.arn,
    reason: `the trust policy of ${role.logicalId} does not let ${service} assume it for ${user}`,
  };
}

/** Roles of the template only: others are not known here. @throws StartError for a policy that AWS would refuse */
export function serviceRolesOf(template: ResolvedTemplate, clock: Pick<Clock, 'now'>): ServiceRole[] {
  const roles = rolesByArn(template);
  const keyNeeds = keyNeedsOf(template);
  return roleUsesOf(template).flatMap((use) => {
    const role = roles.get(use.roleArn);
    if (!role) return [];
    const needs = use.needs.flatMap((need) => [need, ...keyNeeds(need)]);
    return [{ use, needs, role: createRole(sourceOfRole(template, role, use.user), clock) }];
  });
}

/** The refused permissions of the services, also Lambda, that assume roles of the template. */
export function serviceRefusalsOf(
  template: ResolvedTemplate,
  judged: readonly ServiceRole[],
): ServiceRefusal[] {
  const roles = rolesByArn(template);
  const values = (sourceArn: string) => ({
    'aws:SourceAccount': template.accountId,
    'aws:SourceArn': sourceArn,
  });
  const ofFunctions = roleSourcesOf(template).flatMap(({ functionId, functionArn, roleArn }) => {
    const role = roles.get(roleArn);
    const service = 'lambda.amazonaws.com';
    return !role || trusts(role, service, values(functionArn)) ? [] : [distrust(functionId, service, role)];
  });
  const ofServices = judged.flatMap(({ role, use: { user, service, sourceArn, at, roleArn }, needs }) => {
    const resource = roles.get(roleArn)!;
    const refused = needs
      .map((need) => ({ need, verdict: role.decide(need) }))
      .filter(({ verdict }) => !verdict.allowed)
      .map(({ need: { action, resource: on }, verdict: { reason } }) => ({
        ...{ user, service, at, action, resource: on, reason },
      }));
    const trusted = trusts(resource, service, values(sourceArn));
    return [...(trusted ? [] : [distrust(user, service, resource)]), ...refused];
  });
  return [...ofFunctions, ...ofServices];
}
