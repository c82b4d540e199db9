// The permissions that calls of AWS IoT and Lambda need, by the operation and the names in the path.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsiot.html

import type { IncomingMessage } from 'node:http';
import { callOf } from '../iot/api.ts';
import { find as findDataOperation } from '../iot-data/api.ts';
import { arnIn, type Need, type Place } from './need.ts';

type Texts = Readonly<Record<string, unknown>>;

/** The kind of resource that a name in the path or the body refers to. */
const KINDS: readonly (readonly [member: string, kind: string])[] = [
  ['thingName', 'thing'],
  ['thingGroupName', 'thinggroup'],
  ['thingTypeName', 'thingtype'],
  ['policyName', 'policy'],
  ['certificateId', 'cert'],
  ['caCertificateId', 'cacert'],
  ['ruleName', 'rule'],
  ['jobId', 'job'],
  ['indexName', 'index'],
  ['templateName', 'provisioningtemplate'],
  ['domainConfigurationName', 'domainconfiguration'],
];

/** Actions whose resource is the target; a Cognito identity has no ARN. */
const ON_TARGET = new Set(['AttachPolicy', 'DetachPolicy', 'ListAttachedPolicies', 'GetEffectivePolicies']);
/** Actions whose resource is the certificate in a header. */
const ON_PRINCIPAL = new Set([
  'AttachThingPrincipal',
  'DetachThingPrincipal',
  'AttachPrincipalPolicy',
  'DetachPrincipalPolicy',
]);
/** Actions that have no resource on AWS, or all resources. */
const EVERYWHERE = new Set([
  ...['CreateCertificateFromCsr', 'CreateKeysAndCertificate', 'RegisterCertificateWithoutCA'],
  ...['RegisterCertificate', 'ListCertificatesByCA'],
  ...['DescribeEndpoint', 'ListPrincipalThings', 'ListPrincipalThingsV2', 'ListPrincipalPolicies'],
]);
const BOTH = new Set(['AddThingToThingGroup', 'RemoveThingFromThingGroup']);

function namesIn(labels: ReadonlyMap<string, string>, body: Texts): string[] {
  return KINDS.flatMap(([member, kind]) => {
    const name = labels.get(member) ?? body[member];
    return typeof name === 'string' && name !== '' ? [`${kind}/${name}`] : [];
  });
}

function resourcesOf(
  operation: string,
  req: IncomingMessage,
  place: Place,
  parsed: { labels: ReadonlyMap<string, string>; body: Texts },
): string[] {
  const { labels, body } = parsed;
  if (EVERYWHERE.has(operation)) return ['*'];
  const target = ON_TARGET.has(operation)
    ? (labels.get('target') ?? body['target'] ?? body['principal'])
    : undefined;
  const principal = ON_PRINCIPAL.has(operation)
    ? (req.headers['x-amzn-principal'] ?? req.headers['x-amzn-iot-principal'])
    : undefined;
  const arn = target ?? principal;
  if (typeof arn === 'string') return [arn.startsWith('arn:') ? arn : '*'];
  // A resource created or listed under a parent is judged only by its own name.
  const names = namesIn(labels, body);
  const relevant = BOTH.has(operation) ? names : names.slice(0, 1);
  return relevant.length === 0 ? ['*'] : relevant.map((name) => arnIn(place, 'iot', name));
}

/** @throws AwsError for a path that the local AWS IoT does not have */
export function needsOfIot(req: IncomingMessage, body: Texts, place: Place): Need[] {
  const { operation, labels } = callOf(req);
  return resourcesOf(operation.name, req, place, { labels, body }).map((resource) => ({
    action: `iot:${operation.name}`,
    resource,
  }));
}

const DATA_KINDS: Readonly<Record<string, string>> = {
  GetRetainedMessage: 'topic',
  Publish: 'topic',
  ListNamedShadowsForThing: 'thing',
  GetThingShadow: 'thing',
  UpdateThingShadow: 'thing',
  DeleteThingShadow: 'thing',
};

/** @throws AwsError for a path that the local data plane does not have */
export function needsOfIotData(req: IncomingMessage, place: Place): Need[] {
  const [path = '', text = ''] = (req.url ?? '/').split(/\?(.*)/s);
  const { name, path: pattern } = findDataOperation(req.method ?? 'GET', path);
  const label = decodeURIComponent(pattern.exec(path)?.[1] ?? '');
  const query = new URLSearchParams(text);
  const shadow = query.get('name');
  const kind = DATA_KINDS[name] ?? 'client';
  const isShadow = kind === 'thing' && shadow !== null && name !== 'ListNamedShadowsForThing';
  const resource =
    label === '' ? '*' : arnIn(place, 'iot', `${kind}/${label}${isShadow ? `/${shadow}` : ''}`);
  const retains = name === 'Publish' && query.get('retain') === 'true';
  return [name, ...(retains ? ['RetainPublish'] : [])].map((each) => ({ action: `iot:${each}`, resource }));
}

/** Actions by the path after the function's name. */
const LAMBDA_ACTIONS: Readonly<Record<string, string>> = {
  'POST invocations': 'InvokeFunction',
  'POST policy': 'AddPermission',
  'GET policy': 'GetPolicy',
  'DELETE policy': 'RemovePermission',
  'GET ': 'GetFunction',
  'GET configuration': 'GetFunctionConfiguration',
  'GET concurrency': 'GetFunctionConcurrency',
  'GET event-invoke-config': 'GetFunctionEventInvokeConfig',
};

/** @returns undefined for a path that the local Lambda does not have */
export function needsOfLambda(req: IncomingMessage, place: Place): Need[] | undefined {
  const [path = '', text] = (req.url ?? '/').split('?', 2);
  const [, , kind, reference = '', rest = ''] = path.split('/').map(decodeURIComponent);
  if (kind !== 'functions') return undefined;
  if (reference === '') return [{ action: 'lambda:ListFunctions', resource: '*' }];
  const action = LAMBDA_ACTIONS[`${req.method} ${rest}`];
  if (action === undefined) return undefined;
  const [, name = '', inName] = /([A-Za-z0-9_-]{1,140})(?::(\$LATEST|[\w-]+))?$/.exec(reference) ?? [];
  const isArn = reference.startsWith('arn:') || reference.includes(':function:');
  const given = isArn ? /function:([\w-]+)(?::(.+))?$/.exec(reference) : undefined;
  const qualifier = new URLSearchParams(text).get('Qualifier') ?? (given ? given[2] : inName);
  const resource = arnIn(place, 'lambda', `function:${given?.[1] ?? name}`);
  return [{ action: `lambda:${action}`, resource: qualifier ? `${resource}:${qualifier}` : resource }];
}
