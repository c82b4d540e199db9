// The identity pools of the template with the roles that they give, checked before anybody requests credentials.

import { compilePolicy, PolicyError, type Statement } from '../policies/document.ts';
import { StartError } from '../start-error.ts';
import type { ResolvedResource, ResolvedTemplate } from '../template/resolved.ts';
import { identityKinds, type IdentityKind } from './identity-id.ts';
import { trusts } from './trust.ts';
import type { UserPool } from './user-pool.ts';

export interface PoolRole {
  readonly logicalId: string;
  readonly arn: string;
  readonly statements: readonly Statement[];
}

export interface IdentityPool {
  /** `us-east-1:<uuid>` */
  readonly id: string;
  readonly name: string;
  readonly allowsGuests: boolean;
  /** The provider name with which a back end vouches for its users; undefined where the pool takes no logins. */
  readonly developerProvider: string | undefined;
  readonly roles: Readonly<Partial<Record<IdentityKind, PoolRole>>>;
  /** App clients whose users the pool accepts, by ID. */
  readonly clients: ReadonlyMap<string, ClientLogin>;
  /** Roles that it may give, by ARN: its own two, and those of the user pool's groups. */
  readonly allRoles: ReadonlyMap<string, PoolRole>;
}

/** How users of one client get a role: by the groups in their token where that is mapped, else all the same role. */
export interface ClientLogin {
  readonly clientId: string;
  readonly isMapped: boolean;
  /** For tokens that do not give exactly one role: none, or the role of all users who logged in. */
  readonly ambiguous: 'Deny' | 'AuthenticatedRole';
}

type Properties = Readonly<Record<string, unknown>>;
type Texts = Readonly<Record<string, string | undefined>>;

/** Other properties of a role (managed policies, a boundary) change its permissions, and are not evaluated here. */
const ROLE_PROPERTIES = [
  'RoleName',
  'Description',
  'AssumeRolePolicyDocument',
  'Policies',
  'Tags',
  'MaxSessionDuration',
];

function refuse(resource: ResolvedResource, path: readonly (string | number)[], problem: string): never {
  throw new StartError(`${resource.at(...path)}: ${resource.logicalId}: ${problem}`);
}

function compile(role: ResolvedResource): Statement[] {
  const policies = (role.properties['Policies'] ?? []) as readonly Properties[];
  return policies.flatMap(({ PolicyName: name, PolicyDocument: document }, index) => {
    try {
      return compilePolicy(`${role.logicalId} policy ${String(name)}`, JSON.stringify(document), 'iam');
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
      return refuse(role, ['Policies', index, 'PolicyDocument', ...error.path], error.message);
    }
  });
}

function requireTrust(role: ResolvedResource, pool: ResolvedResource, kind: IdentityKind): void {
  const path = ['AssumeRolePolicyDocument'];
  let trusted: boolean;
  try {
    trusted = trusts(role.properties['AssumeRolePolicyDocument'], pool.ref, kind);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return refuse(role, path, error.message);
  }
  if (trusted) return;
  const keys = 'cognito-identity.amazonaws.com:aud and :amr';
  refuse(
    role,
    path,
    `does not trust the ${kind} identities of ${pool.logicalId}: allow sts:AssumeRoleWithWebIdentity where ${keys} fit`,
  );
}

/** The role that `named` refers to, if it may be given to identities of this kind. */
function poolRole(
  template: ResolvedTemplate,
  pool: ResolvedResource,
  kind: IdentityKind,
  named: { readonly arn: string; readonly by: ResolvedResource; readonly path: readonly string[] },
): PoolRole {
  const role = template.ofType('AWS::IAM::Role').find((each) => each.arn === named.arn);
  if (!role) return refuse(named.by, named.path, `${named.arn} is not a role of this template`);
  const other = Object.keys(role.properties).find((name) => !ROLE_PROPERTIES.includes(name));
  if (other !== undefined) {
    refuse(role, [other], `browsers use this role, and ${other} is not evaluated here: write it as Policies`);
  }
  requireTrust(role, pool, kind);
  return { logicalId: role.logicalId, arn: role.arn, statements: compile(role) };
}

const attachmentsOf = (template: ResolvedTemplate, pool: ResolvedResource) =>
  template
    .ofType('AWS::Cognito::IdentityPoolRoleAttachment')
    .filter(({ properties }) => properties['IdentityPoolId'] === pool.ref);

function roleOf(
  template: ResolvedTemplate,
  pool: ResolvedResource,
  kind: IdentityKind,
): PoolRole | undefined {
  for (const by of attachmentsOf(template, pool)) {
    const arn = (by.properties['Roles'] as Texts | undefined)?.[kind];
    if (arn !== undefined) return poolRole(template, pool, kind, { arn, by, path: ['Roles', kind] });
  }
  return undefined;
}

/** By `<provider>:<client>`; each entry of the template's map may have any key where it names its provider. */
function mappingsOf(
  template: ResolvedTemplate,
  pool: ResolvedResource,
): Map<string, ClientLogin['ambiguous']> {
  const found = new Map<string, ClientLogin['ambiguous']>();
  for (const by of attachmentsOf(template, pool)) {
    const mappings = (by.properties['RoleMappings'] ?? {}) as Readonly<Record<string, Texts>>;
    for (const [key, mapping] of Object.entries(mappings)) {
      const path = ['RoleMappings', key];
      const known = ['IdentityProvider', 'Type', 'AmbiguousRoleResolution'];
      const other = Object.keys(mapping).find((name) => !known.includes(name));
      if (mapping['Type'] !== 'Token' || other !== undefined)
        refuse(by, [...path, other ?? 'Type'], 'the local cloud maps roles by the Type Token, without rules');
      const ambiguous = mapping['AmbiguousRoleResolution'];
      if (ambiguous !== 'Deny' && ambiguous !== 'AuthenticatedRole')
        refuse(by, path, 'AmbiguousRoleResolution must be Deny or AuthenticatedRole');
      found.set(mapping['IdentityProvider'] ?? key, ambiguous);
    }
  }
  return found;
}

function clientsOf(
  template: ResolvedTemplate,
  pool: ResolvedResource,
  userPool: UserPool | undefined,
): Map<string, ClientLogin> {
  const mappings = mappingsOf(template, pool);
  const providers = (pool.properties['CognitoIdentityProviders'] ?? []) as readonly Texts[];
  const entries = providers.map(({ ProviderName: provider, ClientId: clientId = '' }, index) => {
    const path = ['CognitoIdentityProviders', String(index)];
    if (!userPool || provider !== userPool.provider)
      refuse(pool, [...path, 'ProviderName'], `${provider} is not a user pool of this template`);
    if (!userPool?.clients.some(({ id }) => id === clientId))
      refuse(pool, [...path, 'ClientId'], `${clientId} is not a client of the user pool`);
    const ambiguous = mappings.get(`${provider}:${clientId}`);
    return [
      clientId,
      { clientId, isMapped: ambiguous !== undefined, ambiguous: ambiguous ?? 'AuthenticatedRole' },
    ] as const;
  });
  return new Map(entries);
}

/** The roles of the groups whose users this pool maps. */
function groupRoles(
  template: ResolvedTemplate,
  pool: ResolvedResource,
  clients: ReadonlyMap<string, ClientLogin>,
): PoolRole[] {
  if (![...clients.values()].some(({ isMapped }) => isMapped)) return [];
  return template.ofType('AWS::Cognito::UserPoolGroup').flatMap((by) => {
    const arn = (by.properties as Texts)['RoleArn'];
    return arn === undefined
      ? []
      : [poolRole(template, pool, 'authenticated', { arn, by, path: ['RoleArn'] })];
  });
}

/**
 * By ID.
 *
 * @throws StartError naming the template line of a role that does not trust its pool, or whose policies are not evaluated.
 */
export function poolsOf(template: ResolvedTemplate, userPool?: UserPool): ReadonlyMap<string, IdentityPool> {
  const pools = template.ofType('AWS::Cognito::IdentityPool').map((pool): IdentityPool => {
    const { properties } = pool; // flags and texts, as template/support-login.ts checks
    const texts = properties as Texts;
    const clients = clientsOf(template, pool, userPool);
    const own = identityKinds.flatMap((kind) => {
      const role = roleOf(template, pool, kind);
      return role ? [[kind, role] as const] : [];
    });
    const roles = [...own.map(([, role]) => role), ...groupRoles(template, pool, clients)];
    return {
      id: pool.ref,
      name: texts['IdentityPoolName'] ?? pool.logicalId,
      allowsGuests: String(properties['AllowUnauthenticatedIdentities']) === 'true',
      developerProvider: texts['DeveloperProviderName'],
      roles: Object.fromEntries(own),
      clients,
      allRoles: new Map(roles.map((role) => [role.arn, role])),
    };
  });
  return new Map(pools.map((pool) => [pool.id, pool]));
}
