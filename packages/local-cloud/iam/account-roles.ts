// Roles in the API of IAM, with their inline and attached policies.

import { AwsError } from '../aws-error.ts';
import type { QueryParameters } from '../aws/query.ts';
import type { XmlElements } from '../aws/xml.ts';
import {
  createId,
  documentIn,
  nameIn,
  noSuchEntity,
  pathIn,
  pathPrefixIn,
  policyIn,
  POLICY_NAME,
  rolesOf,
  timeText,
  whole,
  type Account,
  type Actions,
} from './account-request.ts';
import type { AccountRole } from './account-store.ts';

const MANAGED_BY_AWS = /^arn:aws:iam::aws:policy\/[\w+=,.@/-]{1,128}$/;
/** Seconds. */
export const HOUR = 3_600;

const HALF_A_DAY = 12 * HOUR;

/** @throws AwsError ValidationError */
function maxSessionIn(parameters: QueryParameters): number {
  const text = parameters.get('MaxSessionDuration') ?? String(HOUR);
  const seconds = Number(text);
  if (/^\d{1,9}$/.test(text) && seconds >= HOUR && seconds <= HALF_A_DAY) return seconds;
  throw new AwsError('ValidationError', `MaxSessionDuration must be ${HOUR} to ${HALF_A_DAY} seconds`);
}

function roleElements(role: AccountRole): XmlElements {
  return {
    ...{ Path: role.path, RoleName: role.name, RoleId: role.id, Arn: role.arn },
    CreateDate: timeText(role.createdAt),
    AssumeRolePolicyDocument: encodeURIComponent(role.trust),
    Description: role.description,
    MaxSessionDuration: role.maxSession,
  };
}

function roleIn({ store, declared }: Account, parameters: QueryParameters): AccountRole {
  const name = nameIn(parameters, 'RoleName');
  const role = declared.get(name) ?? store.roles.get(name);
  if (role) return role;
  throw noSuchEntity(`The role with name ${name} cannot be found.`);
}

/** A role that a client created. @throws AwsError UnmodifiableEntity for a role of the template */
function ownRoleIn(account: Account, parameters: QueryParameters): AccountRole {
  const role = roleIn(account, parameters);
  if (!account.declared.has(role.name)) return role;
  throw new AwsError('UnmodifiableEntity', `The template declares role ${role.name}: change it there`);
}

async function createRole(account: Account, parameters: QueryParameters): Promise<XmlElements> {
  const { store, declared, clock, accountId } = account;
  const [name, path] = [nameIn(parameters, 'RoleName'), pathIn(parameters)];
  const trust = documentIn(parameters, 'AssumeRolePolicyDocument');
  if (declared.has(name) || store.roles.has(name))
    throw new AwsError('EntityAlreadyExists', `Role with name ${name} already exists.`, 409);
  const role: AccountRole = {
    ...{ name, path, id: createId('AROA'), arn: `arn:aws:iam::${accountId}:role${path}${name}` },
    ...{ createdAt: clock.now(), trust, description: parameters.get('Description') },
    maxSession: maxSessionIn(parameters),
    ...{ inline: {}, attached: [] },
  };
  await store.putRole(role);
  return { Role: roleElements(role) };
}

async function deleteRole(account: Account, parameters: QueryParameters): Promise<XmlElements> {
  const role = ownRoleIn(account, parameters);
  const inUse = role.attached.length > 0 ? 'detach' : Object.keys(role.inline).length > 0 ? 'delete' : '';
  if (inUse)
    throw new AwsError('DeleteConflict', `Cannot delete entity, must ${inUse} all policies first.`, 409);
  await account.store.deleteRole(role.name);
  return {};
}

async function putRolePolicy(account: Account, parameters: QueryParameters): Promise<XmlElements> {
  const role = ownRoleIn(account, parameters);
  const name = nameIn(parameters, 'PolicyName', POLICY_NAME);
  const document = documentIn(parameters, 'PolicyDocument');
  await account.store.putRole({ ...role, inline: { ...role.inline, [name]: document } });
  return {};
}

function inlineIn(account: Account, parameters: QueryParameters) {
  const role = roleIn(account, parameters);
  const name = nameIn(parameters, 'PolicyName', POLICY_NAME);
  const document = Object.hasOwn(role.inline, name) ? role.inline[name] : undefined;
  if (document !== undefined) return { role, name, document };
  throw noSuchEntity(`The role policy with name ${name} cannot be found.`);
}

async function deleteRolePolicy(account: Account, parameters: QueryParameters): Promise<XmlElements> {
  ownRoleIn(account, parameters);
  const { role, name } = inlineIn(account, parameters);
  const { [name]: _deleted, ...inline } = role.inline;
  await account.store.putRole({ ...role, inline });
  return {};
}

async function attachRolePolicy(account: Account, parameters: QueryParameters): Promise<XmlElements> {
  const role = ownRoleIn(account, parameters);
  const arn = parameters.require('PolicyArn');
  if (!MANAGED_BY_AWS.test(arn)) policyIn(account, parameters);
  if (!role.attached.includes(arn))
    await account.store.putRole({ ...role, attached: [...role.attached, arn] });
  return {};
}

async function detachRolePolicy(account: Account, parameters: QueryParameters): Promise<XmlElements> {
  const role = ownRoleIn(account, parameters);
  const arn = parameters.require('PolicyArn');
  if (!role.attached.includes(arn)) throw noSuchEntity(`Policy ${arn} was not found.`);
  await account.store.putRole({ ...role, attached: role.attached.filter((each) => each !== arn) });
  return {};
}

/** `/service-role/` of `arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole`. */
const pathOfPolicy = (arn: string) => arn.slice(arn.indexOf('/'), arn.lastIndexOf('/') + 1);

export const roleActions: Actions = {
  CreateRole: [
    ['RoleName', 'Path', 'AssumeRolePolicyDocument', 'Description', 'MaxSessionDuration'],
    createRole,
  ],
  GetRole: [['RoleName'], (account, parameters) => ({ Role: roleElements(roleIn(account, parameters)) })],
  ListRoles: [
    ['PathPrefix', 'MaxItems'],
    (account, parameters) =>
      whole({
        Roles: {
          member: rolesOf(account)
            .filter(({ path }) => path.startsWith(pathPrefixIn(parameters)))
            .map(roleElements),
        },
      }),
  ],
  DeleteRole: [['RoleName'], deleteRole],
  UpdateAssumeRolePolicy: [
    ['RoleName', 'PolicyDocument'],
    async (account, parameters) => {
      const role = ownRoleIn(account, parameters);
      await account.store.putRole({ ...role, trust: documentIn(parameters, 'PolicyDocument') });
      return {};
    },
  ],
  PutRolePolicy: [['RoleName', 'PolicyName', 'PolicyDocument'], putRolePolicy],
  GetRolePolicy: [
    ['RoleName', 'PolicyName'],
    (account, parameters) => {
      const { role, name, document } = inlineIn(account, parameters);
      return { RoleName: role.name, PolicyName: name, PolicyDocument: encodeURIComponent(document) };
    },
  ],
  ListRolePolicies: [
    ['RoleName', 'MaxItems'],
    (account, parameters) =>
      whole({ PolicyNames: { member: Object.keys(roleIn(account, parameters).inline) } }),
  ],
  DeleteRolePolicy: [['RoleName', 'PolicyName'], deleteRolePolicy],
  AttachRolePolicy: [['RoleName', 'PolicyArn'], attachRolePolicy],
  DetachRolePolicy: [['RoleName', 'PolicyArn'], detachRolePolicy],
  ListAttachedRolePolicies: [
    ['RoleName', 'PathPrefix', 'MaxItems'],
    (account, parameters) =>
      whole({
        AttachedPolicies: {
          member: roleIn(account, parameters)
            .attached.filter((arn) => pathOfPolicy(arn).startsWith(pathPrefixIn(parameters)))
            .map((arn) => ({ PolicyName: arn.split('/').at(-1), PolicyArn: arn })),
        },
      }),
  ],
};
