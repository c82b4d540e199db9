// Reads the health checks of a template: what each watches, how often, and from where.
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html

import { isIP } from 'node:net';
import { readAll, StartError } from '../start-error.ts';
import type { ResolvedResource, ResolvedTemplate } from '../template/resolved.ts';
import type { Endpoint, HealthCheck } from './model.ts';
import { absolute, nameProblem } from './name.ts';
import { checkerRegions } from './regions.ts';

/** Scalars, as the support table ensures; `Regions` and `ChildHealthChecks` are lists. */
type Scalar = string | number | boolean;
type Config = Readonly<Record<string, Scalar | undefined>>;
type Lists = Readonly<Record<string, readonly Scalar[] | undefined>>;
type Refuse = (key: string, problem: string) => never;

const PATH_LIMIT = 255;
const LEAST_REGIONS = 3;
const PORTS: Readonly<Record<string, number>> = { HTTP: 80, HTTPS: 443 };

function endpointOf(config: Config, refuse: Refuse): Endpoint {
  const type = String(config['Type']);
  const protocol = /^[A-Z]+/.exec(type)![0] as Endpoint['protocol'];
  const text = (key: string) => (config[key] === undefined ? undefined : String(config[key]));
  const [address, domain, search] = [
    text('IPAddress'),
    text('FullyQualifiedDomainName'),
    text('SearchString'),
  ];
  if (address === undefined && domain === undefined)
    refuse('Type', `a check of type ${type} needs FullyQualifiedDomainName or IPAddress`);
  if (address !== undefined && isIP(address) === 0) refuse('IPAddress', `${address} is not an IP address`);
  const problem = domain === undefined ? undefined : nameProblem(absolute(domain));
  if (problem) refuse('FullyQualifiedDomainName', `${domain} is not a domain name: ${problem}`);
  if (type.endsWith('_STR_MATCH') !== (search !== undefined))
    refuse(
      'SearchString',
      `SearchString and a type that ends in _STR_MATCH need each other; the type is ${type}`,
    );
  const path = text('ResourcePath') ?? '/';
  if (path.length > PATH_LIMIT) refuse('ResourcePath', `it is longer than ${PATH_LIMIT} characters`);
  if (protocol === 'TCP' && config['Port'] === undefined) refuse('Type', 'a check of type TCP needs a Port');
  return {
    ...{ protocol, port: Number(config['Port'] ?? PORTS[protocol]) },
    ...(address !== undefined && { address }),
    ...(domain !== undefined && { domain }),
    path: path.startsWith('/') ? path : `/${path}`,
    ...(search !== undefined && { search }),
    sni: String(config['EnableSNI'] ?? protocol === 'HTTPS') === 'true',
  };
}

function regionsOf({ Regions: given }: Lists, refuse: Refuse): readonly string[] {
  if (!given) return checkerRegions;
  const regions = [...new Set(given.map(String))];
  const unknown = regions.find((region) => !checkerRegions.includes(region));
  if (unknown !== undefined)
    refuse('Regions', `no checkers are in ${unknown}: use ${checkerRegions.join(', ')}`);
  if (regions.length < LEAST_REGIONS) refuse('Regions', `a check needs at least ${LEAST_REGIONS} regions`);
  return regions;
}

function checkOf(resource: ResolvedResource, ids: ReadonlySet<string>): HealthCheck {
  const { logicalId, name, properties } = resource;
  const config = properties['HealthCheckConfig'] as Config;
  const lists = properties['HealthCheckConfig'] as Lists;
  const refuse: Refuse = (key, problem) => {
    throw new StartError(`${resource.at('HealthCheckConfig', key)}: ${logicalId}: ${key}: ${problem}`);
  };
  const shared = {
    ...{ id: name, label: logicalId, inverted: String(config['Inverted'] ?? false) === 'true' },
    ...{ disabled: false, at: resource.at() },
  };
  if (config['Type'] !== 'CALCULATED')
    return {
      ...shared,
      config: {
        kind: 'endpoint',
        endpoint: endpointOf(config, refuse),
        intervalSeconds: Number(config['RequestInterval'] ?? 30),
        threshold: Number(config['FailureThreshold'] ?? 3),
        regions: regionsOf(lists, refuse),
      },
    };
  const children = (lists['ChildHealthChecks'] ?? []).map(String);
  const lost = children.find((child) => !ids.has(child));
  if (lost !== undefined) refuse('ChildHealthChecks', `${lost} is not a health check of the template`);
  if (children.length === 0) refuse('Type', 'a check of type CALCULATED needs ChildHealthChecks');
  const threshold = Number(config['HealthThreshold'] ?? children.length);
  return { ...shared, config: { kind: 'calculated', children, threshold } };
}

/** A calculated check may not watch itself, not even through others. */
function requireNoCircle(checks: readonly HealthCheck[]): void {
  const byId = new Map(checks.map((check) => [check.id, check]));
  const leadsTo = (check: HealthCheck, id: string, seen: ReadonlySet<string>): boolean =>
    check.config.kind === 'calculated' &&
    check.config.children.some(
      (child) =>
        child === id || (!seen.has(child) && leadsTo(byId.get(child)!, id, new Set([...seen, child]))),
    );
  for (const check of checks)
    if (leadsTo(check, check.id, new Set()))
      throw new StartError(`${check.at}: ${check.label}: the health check is a child of itself`);
}

/** @throws StartError with the template line of a check that Route 53 would refuse. */
export function checksFromTemplate(template: ResolvedTemplate): HealthCheck[] {
  const resources = template.ofType('AWS::Route53::HealthCheck');
  const ids = new Set(resources.map(({ name }) => name));
  const checks = readAll(resources, (resource) => checkOf(resource, ids));
  requireNoCircle(checks);
  return checks;
}
