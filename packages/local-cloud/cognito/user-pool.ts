// The user pool of the template: its clients, its groups with their roles, and the addresses of its login pages.

import { StartError } from '../start-error.ts';
import { loginAddress, userPoolProvider } from '../template/naming.ts';
import type { ResolvedResource, ResolvedTemplate } from '../template/resolved.ts';

export interface UserPoolClient {
  readonly id: string;
  /** Exact addresses to which a login returns, and to which a logout does. */
  readonly callbacks: readonly string[];
  readonly logouts: readonly string[];
  readonly scopes: readonly string[];
  readonly idTokenSeconds: number;
  readonly accessTokenSeconds: number;
  readonly refreshTokenSeconds: number;
}

export interface PoolGroup {
  readonly name: string;
  /** The lowest of a user's groups gives the preferred role; undefined comes last. */
  readonly precedence: number | undefined;
  readonly roleArn: string | undefined;
}

export interface UserPool {
  /** `us-east-1_AbCdEfGhI` */
  readonly id: string;
  /** Its name in identity pools: `cognito-idp.<region>.amazonaws.com/<id>`. */
  readonly provider: string;
  /** `iss` of its tokens. */
  readonly issuer: string;
  readonly leastPassword: number;
  readonly clients: readonly UserPoolClient[];
  /** Those of the template. */
  readonly groups: readonly PoolGroup[];
  /** Addresses that its pages have on AWS. */
  readonly addresses: readonly string[];
}

const DEFAULT_PASSWORD_LENGTH = 8;
const UNITS: Readonly<Record<string, number>> = { seconds: 1, minutes: 60, hours: 3_600, days: 86_400 };
const SHORTEST_TOKEN_SECONDS = 300;

type Properties = Readonly<Record<string, unknown>>;

const texts = (value: unknown) => ((value ?? []) as readonly unknown[]).map(String);
/** The template was checked, so texts are texts. */
const textOf = (value: unknown) => value as string | undefined;
const numberOf = (value: unknown) => (value === undefined ? undefined : Number(value));

function refuse(resource: ResolvedResource, path: readonly string[], problem: string): never {
  throw new StartError(`${resource.at(...path)}: ${resource.logicalId}: ${problem}`);
}

function secondsOf(resource: ResolvedResource, token: string, unit: string, normally: number): number {
  const property = `${token}Validity`;
  const given = numberOf(resource.properties[property]);
  if (given === undefined) return normally;
  const units = (resource.properties['TokenValidityUnits'] ?? {}) as Properties;
  const seconds = given * UNITS[textOf(units[token]) ?? unit]!;
  if (seconds < SHORTEST_TOKEN_SECONDS)
    refuse(resource, [property], `${property} must be five minutes at least, as AWS wants it`);
  return seconds;
}

function requireAddresses(resource: ResolvedResource, property: string): string[] {
  const found = texts(resource.properties[property]);
  for (const address of found) {
    const url = URL.canParse(address) ? new URL(address) : undefined;
    const isPlainHere = url?.protocol === 'http:' && url.hostname === 'localhost';
    if (!url || url.hash !== '' || (url.protocol !== 'https:' && !isPlainHere))
      refuse(resource, [property], `${address} must begin with https://, or http://localhost, and have no #`);
  }
  return found;
}

function clientOf(resource: ResolvedResource): UserPoolClient {
  const { properties, ref } = resource;
  return {
    id: ref,
    callbacks: requireAddresses(resource, 'CallbackURLs'),
    logouts: requireAddresses(resource, 'LogoutURLs'),
    scopes: properties['AllowedOAuthScopes'] ? texts(properties['AllowedOAuthScopes']) : ['openid'],
    idTokenSeconds: secondsOf(resource, 'IdToken', 'hours', 3_600),
    accessTokenSeconds: secondsOf(resource, 'AccessToken', 'hours', 3_600),
    refreshTokenSeconds: secondsOf(resource, 'RefreshToken', 'days', 30 * 86_400),
  };
}

function groupOf(template: ResolvedTemplate, resource: ResolvedResource): PoolGroup {
  const { properties, name } = resource;
  const roleArn = textOf(properties['RoleArn']);
  if (roleArn !== undefined && !template.ofType('AWS::IAM::Role').some(({ arn }) => arn === roleArn))
    refuse(resource, ['RoleArn'], `${roleArn} is not a role of this template`);
  return { name, roleArn, precedence: numberOf(properties['Precedence']) };
}

/**
 * The template's user pool, if it has one.
 *
 * @throws StartError for a second one, for clients or groups without a pool, and for addresses that AWS would refuse.
 */
export function userPoolOf(template: ResolvedTemplate): UserPool | undefined {
  const [pool, second] = template.ofType('AWS::Cognito::UserPool');
  if (second) refuse(second, [], 'the local cloud serves one user pool: remove this one');
  const partsOf = (type: string) => {
    const found = template.ofType(`AWS::Cognito::${type}`);
    for (const part of found)
      if (!pool || part.properties['UserPoolId'] !== pool.ref)
        refuse(part, ['UserPoolId'], 'UserPoolId names no AWS::Cognito::UserPool of this template');
    return found;
  };
  const [clients, groups, domains] = ['UserPoolClient', 'UserPoolGroup', 'UserPoolDomain'].map(partsOf);
  if (!pool) return undefined;
  const policies = (pool.properties['Policies'] ?? {}) as { readonly PasswordPolicy?: Properties };
  const provider = userPoolProvider(pool.ref);
  return {
    ...{ id: pool.ref, provider, issuer: `https://${provider}` },
    leastPassword: numberOf(policies.PasswordPolicy?.['MinimumLength']) ?? DEFAULT_PASSWORD_LENGTH,
    clients: clients!.map(clientOf),
    groups: groups!.map((group) => groupOf(template, group)),
    addresses: domains!.map(({ name }) => loginAddress(name, template.region)),
  };
}

/** Outputs with the address of the login pages here in place of those on AWS. */
export function withLoginAddress(
  outputs: Readonly<Record<string, string>>,
  pool: UserPool | undefined,
  here: string,
): Record<string, string> {
  const replaced = (value: string) =>
    (pool?.addresses ?? []).reduce((text, address) => text.replaceAll(address, here), value);
  return Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, replaced(value)]));
}
