// Reads the template's HTTP API: its routes to functions, authorization, CORS and throttling.

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
  /** Whether anybody may call it without a signature. */
  readonly isPublic?: true;
}

export interface ApiSpec {
  readonly id: string;
  readonly logicalId: string;
  readonly region: string;
  readonly accountId: string;
  /** Its address on AWS: `https://<id>.execute-api.<region>.amazonaws.com`. */
  readonly address: string;
  readonly routes: readonly ApiRoute[];
  readonly cors: CorsSpec | undefined;
  /** Requests a second and at once; absent for no limit. */
  readonly rate: number | undefined;
  readonly burst: number | undefined;
}

type Properties = Readonly<Record<string, unknown>>;
type Template = Pick<ResolvedTemplate, 'ofType' | 'region' | 'accountId'>;

/** API Gateway's name of the route for requests that match no other. */
const DEFAULT_ROUTE = '$default';

const texts = (value: unknown) => ((value ?? []) as readonly unknown[]).map(String);
const numberOf = (value: unknown) => (value === undefined ? undefined : Number(value));

function refuse({ at, logicalId }: ResolvedResource, path: readonly string[], problem: string): never {
  throw new StartError(`${at(...path)}: ${logicalId}: ${problem}`);
}

/** `/devices/{deviceId}/windows`; a `+` in the last braces matches the rest of the path. */
const PATH_PATTERN =
  /^\/(?:(?:[\w.~-]+|\{\w+\})(?:\/(?:[\w.~-]+|\{\w+\}))*)?$|^\/(?:(?:[\w.~-]+|\{\w+\})\/)*\{\w+\+\}$/;

/** SAM takes methods in any case. A route without a path matches the requests that no other does, one without a method any method. */
function routeOf(properties: Properties): readonly [method: string, path: string] {
  // Both were checked to be text.
  const { Method = 'ANY', Path: path } = properties as { readonly Method?: string; readonly Path?: string };
  const method = Method.toUpperCase();
  if (path === undefined || path === DEFAULT_ROUTE) return ['ANY', '/{rest+}'];
  return [method === 'X-AMAZON-APIGATEWAY-ANY-METHOD' ? 'ANY' : method, path];
}

/** The authorizer of a route or, if it has none, that of its API. */
function authorizerOf(
  resource: ResolvedResource,
  api: ResolvedResource,
  name: string,
  own: Properties,
): 'NONE' | 'AWS_IAM' {
  const auth = (api.properties['Auth'] ?? {}) as Properties;
  const authorizer = own['Authorizer'] ?? auth['DefaultAuthorizer'] ?? 'NONE';
  if (authorizer === 'NONE') return 'NONE';
  if (String(auth['EnableIamAuthorizer']) === 'true') return 'AWS_IAM';
  return refuse(
    resource,
    ['Events', name],
    `${name} wants AWS_IAM, which ${api.logicalId} has not: set Auth.EnableIamAuthorizer of the API to true`,
  );
}

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
      const [method, route] = routeOf(properties);
      if (!PATH_PATTERN.test(route))
        refuse(resource, [...path, 'Path'], `${name} needs a Path such as /devices/{deviceId}`);
      const isDefault = properties['Path'] === undefined || properties['Path'] === DEFAULT_ROUTE;
      const key = isDefault ? DEFAULT_ROUTE : `${method} ${route}`;
      const other = routes.get(key.replaceAll(/\{\w+/g, '{'));
      if (other) refuse(resource, path, `${key} is a route already: ${other.key}`);
      const authorizer = authorizerOf(resource, api, name, (properties['Auth'] ?? {}) as Properties);
      routes.set(key.replaceAll(/\{\w+/g, '{'), {
        ...{ key, method, path: route, functionName: resource.name },
        ...(authorizer === 'NONE' && { isPublic: true as const }),
      });
    }
  }
  return [...routes.values()];
}

const METHODS = ['GET', 'PUT', 'POST', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];

function methodsOf(value: unknown): string[] {
  const methods = texts(value).map((method) => method.toUpperCase());
  return methods.includes('*') ? METHODS : methods;
}

function corsOf(api: ResolvedResource): CorsSpec | undefined {
  const given = api.properties['CorsConfiguration'];
  // As SAM has it: pages of any origin, with any method and header, without credentials.
  const everybody = { AllowOrigins: ['*'], AllowMethods: ['*'], AllowHeaders: ['*'] };
  const cors = (String(given) === 'true' ? everybody : given) as Properties | undefined;
  if (typeof cors === 'string' || typeof cors === 'boolean')
    return refuse(api, ['CorsConfiguration'], 'CorsConfiguration must be true, or a mapping');
  return (
    cors && {
      origins: texts(cors['AllowOrigins']),
      methods: methodsOf(cors['AllowMethods']),
      headers: texts(cors['AllowHeaders']).map((name) => name.toLowerCase()),
      exposed: texts(cors['ExposeHeaders']),
      credentials: String(cors['AllowCredentials']) === 'true',
      maxAgeSeconds: numberOf(cors['MaxAge']),
    }
  );
}

/** Refuses the API's address in the environment of a function: the function would call AWS itself. */
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

/** Outputs with the local address of the API in place of that on AWS. */
export function withAddress(
  outputs: Readonly<Record<string, string>>,
  { address }: ApiSpec,
  here: string,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, value]) => [name, value.replaceAll(address, here)]),
  );
}

/** The template's HTTP API, if it has one. @throws StartError for a second one, and for routes without an API. */
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
