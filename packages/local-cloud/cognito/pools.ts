// The identity pools of the template with the roles that they give out, checked before anybody asks for credentials.
import { compilePolicy, PolicyError, type Statement } from '../policies/document.ts';
import { StartError } from '../start-error.ts';
import type { ResolvedResource, ResolvedTemplate } from '../template/resolved.ts';
import { identityKinds, type IdentityKind } from './identity-id.ts';
import { trusts } from './trust.ts';

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
  /** Under which a back end vouches for its users; undefined where the pool takes no logins. */
  readonly developerProvider: string | undefined;
  readonly roles: Readonly<Partial<Record<IdentityKind, PoolRole>>>;
}

type Properties = Readonly<Record<string, unknown>>;
type Texts = Readonly<Record<string, string | undefined>>;

/** What else a role has (managed policies, a boundary) changes what it may do, and is not known here. */
const roleProperties = [
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

function roleOf(
  template: ResolvedTemplate,
  pool: ResolvedResource,
  kind: IdentityKind,
): PoolRole | undefined {
  const attachments = template
    .ofType('AWS::Cognito::IdentityPoolRoleAttachment')
    .filter(({ properties }) => properties['IdentityPoolId'] === pool.ref);
  for (const attachment of attachments) {
    const arn = (attachment.properties['Roles'] as Texts | undefined)?.[kind];
    if (arn === undefined) continue;
    const role = template.ofType('AWS::IAM::Role').find((each) => each.arn === arn);
    if (!role) return refuse(attachment, ['Roles', kind], `${arn} is no role of this template`);
    const other = Object.keys(role.properties).find((name) => !roleProperties.includes(name));
    if (other !== undefined) {
      refuse(
        role,
        [other],
        `browsers use this role, and ${other} is not evaluated here: write it as Policies`,
      );
    }
    requireTrust(role, pool, kind);
    return { logicalId: role.logicalId, arn: role.arn, statements: compile(role) };
  }
  return undefined;
}

/**
 * By ID.
 *
 * @throws StartError naming the template line of a role that does not trust its pool, or whose policies are not evaluated.
 */
export function poolsOf(template: ResolvedTemplate): ReadonlyMap<string, IdentityPool> {
  const pools = template.ofType('AWS::Cognito::IdentityPool').map((pool): IdentityPool => {
    const texts = pool.properties as Texts; // flags and texts only, says local/template/support.ts
    return {
      id: pool.ref,
      name: texts['IdentityPoolName'] ?? pool.logicalId,
      allowsGuests: String(texts['AllowUnauthenticatedIdentities']) === 'true',
      developerProvider: texts['DeveloperProviderName'],
      roles: Object.fromEntries(
        identityKinds.flatMap((kind) => {
          const role = roleOf(template, pool, kind);
          return role ? [[kind, role]] : [];
        }),
      ),
    };
  });
  return new Map(pools.map((pool) => [pool.id, pool]));
}
