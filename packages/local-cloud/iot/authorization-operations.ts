// GetEffectivePolicies and TestAuthorization of the AWS IoT API: the policies of a device, and what they decide about a request.

import {
  type ApiRequest,
  invalid,
  type IotCloud,
  notSupported,
  type Operation,
  queryText,
  required,
  text,
  texts,
} from './api-request.ts';
import { createIdentity, policiesOf } from './identity.ts';
import { coversAction, createEvaluator } from '../policies/policy.ts';
import type { Statement } from '../policies/document.ts';
import type { Lookup } from '../policies/pattern.ts';
import { createPolicyStatements } from './policy-statements.ts';
import { find, type Registry } from './registry.ts';

const MAXIMUM_AUTH_INFOS = 10;

const ACTIONS: ReadonlyMap<string, string> = new Map([
  ['CONNECT', 'iot:Connect'],
  ['PUBLISH', 'iot:Publish'],
  ['RECEIVE', 'iot:Receive'],
  ['SUBSCRIBE', 'iot:Subscribe'],
]);

interface AuthInfo {
  readonly actionType: string;
  readonly resources: readonly string[];
}

type Decision = 'ALLOWED' | 'IMPLICIT_DENY' | 'EXPLICIT_DENY';

/** The ID of a certificate; undefined where the call names no principal. */
function certificateOf(registry: Registry, body: ApiRequest['body'], call: string): string | undefined {
  const principal = text(body, 'principal');
  if (principal === undefined) return undefined;
  const prefix = registry.arn('cert/');
  if (!principal.startsWith(prefix))
    throw notSupported(
      `${call} of a principal that is not a certificate (the command policy explain --identity answers for browsers)`,
    );
  const certificate = find(registry.certificates, 'Certificate', principal.slice(prefix.length));
  if (certificate.claimOf !== undefined) throw notSupported(`${call} of a temporary claim`);
  return certificate.id;
}

function authInfosOf(body: ApiRequest['body']): AuthInfo[] {
  const infos = body['authInfos'];
  if (!Array.isArray(infos) || infos.length === 0 || infos.length > MAXIMUM_AUTH_INFOS)
    throw invalid(`authInfos must be a list of 1 to ${MAXIMUM_AUTH_INFOS}`);
  return infos.map((info: unknown) => {
    if (typeof info !== 'object' || info === null || Array.isArray(info))
      throw invalid('authInfos must be a list of objects');
    const actionType = required(info as ApiRequest['body'], 'actionType');
    if (!ACTIONS.has(actionType))
      throw invalid(`actionType must be one of ${[...ACTIONS.keys()].join(', ')}`);
    const resources = texts(info as ApiRequest['body'], 'resources');
    if (!resources || resources.length === 0) throw invalid('resources must be a list of ARNs');
    return { actionType, resources };
  });
}

/** The worst decision on the resources: a request for several is allowed when each of them is. */
function decide(
  statements: readonly Statement[],
  { actionType, resources }: AuthInfo,
  lookup: Lookup,
): Decision {
  const evaluator = createEvaluator('', statements, lookup);
  const decisions = resources.map((resource) => evaluator.decide(ACTIONS.get(actionType)!, resource));
  if (decisions.some(({ allowed, statement }) => !allowed && statement !== undefined)) return 'EXPLICIT_DENY';
  return decisions.every(({ allowed }) => allowed) ? 'ALLOWED' : 'IMPLICIT_DENY';
}

function missingValues(statements: readonly Statement[], { actionType }: AuthInfo, lookup: Lookup): string[] {
  const action = ACTIONS.get(actionType)!.toLowerCase();
  const keys = statements
    .filter((statement) => coversAction(statement, action))
    .flatMap(({ resources, conditions }) => [
      ...resources.patterns.flatMap(({ variables }) => variables),
      ...conditions.flatMap((condition) => condition.keys),
    ]);
  return [...new Set(keys)].filter((key) => lookup(key) === undefined);
}

function testOne(
  registry: Registry,
  policies: ReadonlyMap<string, readonly Statement[]>,
  info: AuthInfo,
  lookup: Lookup,
) {
  const decided = (wanted: Decision) => ({
    policies: [...policies]
      .filter(([, statements]) => decide(statements, info, lookup) === wanted)
      .map(([policyName]) => ({ policyName, policyArn: registry.arn(`policy/${policyName}`) })),
  });
  const all = [...policies.values()].flat();
  return {
    authInfo: info,
    allowed: decided('ALLOWED'),
    denied: { implicitDeny: decided('IMPLICIT_DENY'), explicitDeny: decided('EXPLICIT_DENY') },
    authDecision: decide(all, info, lookup),
    missingContextValues: missingValues(all, info, lookup),
  };
}

function testAuthorization({ registry, ca }: IotCloud, request: ApiRequest) {
  const { body } = request;
  const principal = certificateOf(registry, body, 'TestAuthorization') ?? '';
  const clientId = queryText(request, 'clientId') ?? '';
  const identity = createIdentity(registry, ca);
  const thing = registry.things.get(identity.thingOf(principal, clientId)?.name ?? '');
  const added = texts(body, 'policyNamesToAdd') ?? [];
  const skipped = texts(body, 'policyNamesToSkip') ?? [];
  for (const name of [...added, ...skipped]) find(registry.policies, 'Policy', name);
  const attached = [...policiesOf(registry, principal, thing).keys()].filter(
    (name) => !skipped.includes(name),
  );
  const statementsOf = createPolicyStatements(registry);
  const policies = new Map([...attached, ...added].map((name) => [name, statementsOf(name)]));
  // The call says nothing about an address, so aws:SourceIp has no value.
  const lookup = identity.lookup({ principal, clientId, sourceIp: '' });
  return { authResults: authInfosOf(body).map((info) => testOne(registry, policies, info, lookup)) };
}

function effectivePolicies({ registry }: IotCloud, request: ApiRequest) {
  const principal = certificateOf(registry, request.body, 'GetEffectivePolicies');
  const thingName = queryText(request, 'thingName');
  if (principal === undefined && thingName === undefined) throw invalid('principal or thingName is required');
  const thing = thingName === undefined ? undefined : find(registry.things, 'Thing', thingName);
  const policies = [...policiesOf(registry, principal ?? '', thing).keys()].map((policyName) => {
    const { defaultVersion, versions } = find(registry.policies, 'Policy', policyName);
    const policyDocument = versions.find(({ id }) => id === defaultVersion)!.document;
    return { policyName, policyArn: registry.arn(`policy/${policyName}`), policyDocument };
  });
  return { effectivePolicies: policies };
}

export const authorizationOperations: readonly Operation[] = [
  {
    name: 'TestAuthorization',
    method: 'POST',
    path: '/test-authorization',
    body: ['principal', 'authInfos', 'policyNamesToAdd', 'policyNamesToSkip'],
    query: ['clientId'],
    run: testAuthorization,
  },
  {
    name: 'GetEffectivePolicies',
    method: 'POST',
    path: '/effective-policies',
    body: ['principal'],
    query: ['thingName'],
    run: effectivePolicies,
  },
];
