// Policies attached to certificates, Cognito identities and thing groups, in the AWS IoT API.

import { AwsError } from '../aws-error.ts';
import { label, page, queryFlag, required, type ApiRequest, type Operation } from './api-request.ts';
import { checkPrincipal } from './principal.ts';
import { change, find, type Registry } from './registry.ts';

/** https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
const MAXIMUM_POLICIES = 10;

const BY_MARKER = ['marker', 'pageSize'] as const;

/** Policies go to principals and to thing groups. */
function checkTarget(registry: Registry, target: string): string {
  const prefix = registry.arn('thinggroup/');
  if (!target.startsWith(prefix)) return checkPrincipal(registry, target);
  find(registry.groups, 'Thing group', target.slice(prefix.length));
  return target;
}

const policiesOf = (registry: Registry, target: string) => registry.targets.get(target)?.policies ?? [];

export async function attachPolicy(registry: Registry, policy: string, target: string): Promise<void> {
  find(registry.policies, 'Policy', policy);
  const policies = policiesOf(registry, checkTarget(registry, target));
  if (policies.includes(policy)) return;
  if (policies.length >= MAXIMUM_POLICIES) {
    throw new AwsError(
      'LimitExceededException',
      `${target} has ${MAXIMUM_POLICIES} policies attached already`,
      410,
    );
  }
  await registry.commit([change('target', target, { policies: [...policies, policy] })]);
}

async function detachPolicy(registry: Registry, policy: string, target: string): Promise<void> {
  find(registry.policies, 'Policy', policy);
  const policies = policiesOf(registry, checkTarget(registry, target));
  const rest = policies.filter((name) => name !== policy);
  if (rest.length === policies.length) return;
  await registry.commit([change('target', target, rest.length > 0 ? { policies: rest } : undefined)]);
}

/** Also the policies that a group inherits from the groups above it. */
function inherited(registry: Registry, target: string): string[] {
  const prefix = registry.arn('thinggroup/');
  const names = new Set<string>();
  for (let at: string | undefined = target; at !== undefined;) {
    for (const name of policiesOf(registry, at)) names.add(name);
    const parent: string | undefined = at.startsWith(prefix)
      ? registry.groups.get(at.slice(prefix.length))?.parent
      : undefined;
    at = parent === undefined ? undefined : prefix + parent;
  }
  return [...names];
}

function listPolicies(registry: Registry, request: ApiRequest, names: readonly string[]) {
  const { items, next } = page(request, names, (name) => name, BY_MARKER);
  const policies = items.map((name) => ({ policyName: name, policyArn: registry.arn(`policy/${name}`) }));
  return { policies, nextMarker: next };
}

function listTargets(
  registry: Registry,
  request: ApiRequest,
  policy: string,
  isWanted: (target: string) => boolean = () => true,
) {
  const { name } = find(registry.policies, 'Policy', policy);
  const targets = [...registry.targets].filter(([, { policies }]) => policies.includes(name));
  return page(request, targets.map(([arn]) => arn).filter(isWanted), (arn) => arn, BY_MARKER);
}

const principalOf = (request: ApiRequest) => request.header('x-amzn-iot-principal') ?? '';

export const policyAttachmentOperations: readonly Operation[] = [
  {
    name: 'AttachPolicy',
    method: 'PUT',
    path: '/target-policies/{policyName}',
    body: ['target'],
    run: ({ registry }, request) =>
      attachPolicy(registry, label(request, 'policyName'), required(request.body, 'target')),
  },
  {
    name: 'DetachPolicy',
    method: 'POST',
    path: '/target-policies/{policyName}',
    body: ['target'],
    run: ({ registry }, request) =>
      detachPolicy(registry, label(request, 'policyName'), required(request.body, 'target')),
  },
  {
    name: 'ListAttachedPolicies',
    method: 'POST',
    path: '/attached-policies/{target}',
    query: ['recursive', ...BY_MARKER],
    run({ registry }, request) {
      const target = checkTarget(registry, label(request, 'target'));
      const recursive = queryFlag(request, 'recursive') ?? false;
      return listPolicies(
        registry,
        request,
        recursive ? inherited(registry, target) : policiesOf(registry, target),
      );
    },
  },
  {
    name: 'ListTargetsForPolicy',
    method: 'POST',
    path: '/policy-targets/{policyName}',
    query: BY_MARKER,
    run({ registry }, request) {
      const { items, next } = listTargets(registry, request, label(request, 'policyName'));
      return { targets: items, nextMarker: next };
    },
  },
  {
    name: 'AttachPrincipalPolicy',
    method: 'PUT',
    path: '/principal-policies/{policyName}',
    run: ({ registry }, request) =>
      attachPolicy(registry, label(request, 'policyName'), principalOf(request)),
  },
  {
    name: 'DetachPrincipalPolicy',
    method: 'DELETE',
    path: '/principal-policies/{policyName}',
    run: ({ registry }, request) =>
      detachPolicy(registry, label(request, 'policyName'), principalOf(request)),
  },
  {
    name: 'ListPrincipalPolicies',
    method: 'GET',
    path: '/principal-policies',
    query: [...BY_MARKER, 'isAscendingOrder'],
    run({ registry }, request) {
      const principal = checkPrincipal(registry, principalOf(request));
      return listPolicies(registry, request, policiesOf(registry, principal));
    },
  },
  {
    name: 'ListPolicyPrincipals',
    method: 'GET',
    path: '/policy-principals',
    query: [...BY_MARKER, 'isAscendingOrder'],
    run({ registry }, request) {
      const isPrincipal = (target: string) => !target.startsWith(registry.arn('thinggroup/'));
      const policy = request.header('x-amzn-iot-policy') ?? '';
      const { items, next } = listTargets(registry, request, policy, isPrincipal);
      return { principals: items, nextMarker: next };
    },
  },
];
