// The part of the IAM API that AWS's tutorials use before they create a rule: roles, inline policies and managed policies.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html

import { createQueryHandler, type QueryAction } from '../aws/query.ts';
import type { AwsHandler } from '../aws/wire.ts';
import type { Clock } from '../clock.ts';
import type { ResolvedTemplate } from '../template/resolved.ts';
import { policyActions } from './account-policies.ts';
import type { Account } from './account-request.ts';
import { HOUR, roleActions } from './account-roles.ts';
import type { AccountRole, AccountStore } from './account-store.ts';

/** Roles of the template in the form of those that clients create. */
function declaredRoles(template: ResolvedTemplate, createdAt: number): Map<string, AccountRole> {
  const roles = template.ofType('AWS::IAM::Role').map(({ name, arn, properties }) => {
    const { AssumeRolePolicyDocument, Path = '/', Policies = [], ManagedPolicyArns = [] } = properties;
    const inline = (Policies as { PolicyName: string; PolicyDocument: unknown }[]).map(
      ({ PolicyName, PolicyDocument }) => [PolicyName, JSON.stringify(PolicyDocument)],
    );
    const role: AccountRole = {
      ...{ name, path: String(Path), id: `AROA${name.toUpperCase().replace(/[^A-Z0-9]/g, '')}`, arn },
      ...{ createdAt, trust: JSON.stringify(AssumeRolePolicyDocument ?? {}), maxSession: HOUR },
      inline: Object.fromEntries(inline) as Record<string, string>,
      attached: ManagedPolicyArns as readonly string[],
    };
    return [name, role] as const;
  });
  return new Map(roles);
}

export function createIamHandler(options: {
  readonly store: AccountStore;
  readonly template: ResolvedTemplate;
  readonly clock: Clock;
}): AwsHandler {
  const { store, template, clock } = options;
  const declared = declaredRoles(template, clock.now());
  const account: Account = { store, clock, accountId: template.accountId, declared };
  const actions = Object.entries({ ...roleActions, ...policyActions }).map(
    ([name, [accepts, run]]): [string, QueryAction] => [
      name,
      { accepts, run: (parameters) => run(account, parameters) },
    ],
  );
  return createQueryHandler({
    name: 'IAM',
    namespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
    limit: 262_144,
    actions: Object.fromEntries(actions),
  });
}
