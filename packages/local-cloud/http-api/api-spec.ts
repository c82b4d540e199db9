// What the template says about its HTTP API: routes to functions, who may call from where, and how often.
import { StartError } from '../start-error.ts';
import { executeApiAddress } from '../template/naming.ts';
import type { ResolvedResource, ResolvedTemplate } from '../template/resolved.ts';

export interface CorsSpec {
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  readonly exposed: readonly string[];
  readonly credentials: boolean;
  readonly maxAgeSeconds: number | undefined;
}

export interface ApiRoute {
  /** `GET /devices/{deviceId}`, or `ANY ...` */
  readonly key: string;
  readonly method: string;
  readonly path: string;
  readonly functionName: string;
  /** Anybody may call it, without a signature. */
  readonly isPublic?: true;
}

export interface ApiSpec {
  readonly id: string;
  readonly logicalId: string;
  readonly region: string;
  readonly accountId: string;
  /** As the template knows it: `https://<id>.execute-api.<region>.amazonaws.com`. */
  readonly address: string;
  readonly routes: readonly ApiRoute[];
  readonly cors: CorsSpec | undefined;
  /** Requests a second and at once; absent for no limit. */
  readonly rate: number | undefined;
  readonly burst: number | undefined;
}

type Properties = Readonly<Record<string, unknown>>;
type Template = Pick<ResolvedTemplate, 'ofType' | 'region' | 'accountId'>;

const texts = (value: unknown) => ((value ?? []) as readonly unknown[]).map(String);
const numberOf = (value: unknown) => (value === undefined ? undefined : Number(value));

function refuse({ at, logicalId }: ResolvedResource, path: readonly string[], problem: string): never {
  throw new StartError(`${at(...path)}: ${logicalId}: ${problem}`);
}

/** `/devices/{deviceId}/windows`; a `+` in the last braces takes all that follows. */
const pathPattern =
  /^\/(?:(?:[\w.~-]+|\{\w+\})(?:\/(?:[\w.~-]+|\{\w+\}))*)?$|^\/(?:(?:[\w.~-]+|\{\w+\})\/)*\{\w+\+\}$/;

function routesOf(template: Template, api: ResolvedResource | undefined): ApiRoute[] {
  const routes = new Map<string, ApiRoute>();
  for (const resource of template.ofType('AWS::Serverless::Function')) {
    for (const [name, event] of Object.entries((resource.properties['Events'] ?? {}) as Properties)) {
      if ((event as Properties)['Type'] !== 'HttpApi') continue;
      const path = ['Events', name, 'Properties'];
      const properties = ((event as Properties)['Properties'] ?? {}) as Properties;
      if (!api || properties['ApiId'] !== api.ref)
        refuse(
          resource,
          [...path, 'ApiId'],
          `ApiId of ${name} names no AWS::Serverless::HttpApi of this template: refer to one`,
        );
      const [method, route] = [String(properties['Method']), String(properties['Path'])];
      if (properties['Method'] === undefined || !pathPattern.test(route)) {
        refuse(resource, [...path, 'Path'], `${name} needs a Method and a Path such as /devices/{deviceId}`);
      }
      const key = `${method} ${route}`;
      const other = routes.get(key.replaceAll(/\{\w+/g, '{'));
      if (other) refuse(resource, path, `${key} is a route already: ${other.key}`);
      const { Authorizer: authorizer } = (properties['Auth'] ?? {}) as Properties;
      routes.set(key.replaceAll(/\{\w+/g, '{'), {
        ...{ key, method, path: route, functionName: resource.name },
        ...(authorizer === 'NONE' && { isPublic: true }),
      });
    }
  }
  return [...routes.values()];
}

function corsOf({ properties }: ResolvedResource): CorsSpec | undefined {
  const cors = properties['CorsConfiguration'] as Properties | undefined;
  return (
    cors && {
      origins: texts(cors['AllowOrigins']),
      methods: texts(cors['AllowMethods']),
      headers: texts(cors['AllowHeaders']).map((name) => name.toLowerCase()),
      exposed: texts(cors['ExposeHeaders']),
      credentials: String(cors['AllowCredentials']) === 'true',
      maxAgeSeconds: numberOf(cors['MaxAge']),
    }
  );
}

/** A function that called the address that it is given would call AWS itself. */
function requireNoAddress(template: Template, address: string): void {
  for (const resource of template.ofType('AWS::Serverless::Function')) {
    const environment = resource.properties['Environment'] as Properties | undefined;
    const found = Object.entries((environment?.['Variables'] ?? {}) as Properties).find(([, value]) =>
      String(value).includes(address),
    );
    if (found)
      refuse(
        resource,
        ['Environment', 'Variables', found[0]],
        `${found[0]} is the address of the HTTP API, which functions cannot have in the local cloud: remove it`,
      );
  }
}

/** Outputs with the address that the API has here in the place of the one that it would have on AWS. */
export function withAddress(
  outputs: Readonly<Record<string, string>>,
  { address }: ApiSpec,
  here: string,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, value]) => [name, value.replaceAll(address, here)]),
  );
}

/** The template's HTTP API, if it has one. @throws StartError for a second one and for routes of none. */
export function apiFromTemplate(template: Template): ApiSpec | undefined {
  const [api, second] = template.ofType('AWS::Serverless::HttpApi');
  if (second)
    refuse(
      second,
      [],
      'the local cloud serves one HTTP API: remove this one, or put its routes into the other',
    );
  const routes = routesOf(template, api);
  if (!api) return undefined;
  const { region, accountId } = template;
  const limits = (api.properties['DefaultRouteSettings'] ?? {}) as Properties;
  const address = executeApiAddress(api.name, region);
  requireNoAddress(template, address);
  return {
    ...{ id: api.name, logicalId: api.logicalId, region, accountId, address, routes, cors: corsOf(api) },
    rate: numberOf(limits['ThrottlingRateLimit']),
    burst: numberOf(limits['ThrottlingBurstLimit']),
  };
}
