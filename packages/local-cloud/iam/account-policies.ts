// Managed policies in the API of IAM.

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
import type { AccountPolicy } from './account-store.ts';

/** @param attachments number of roles that have it */
const policyElements = (policy: AccountPolicy, attachments: number): XmlElements => ({
  ...{ PolicyName: policy.name, PolicyId: policy.id, Arn: policy.arn, Path: policy.path },
  ...{ DefaultVersionId: 'v1', AttachmentCount: attachments, IsAttachable: true },
  ...{ Description: policy.description, CreateDate: timeText(policy.createdAt) },
  UpdateDate: timeText(policy.createdAt),
});

const attachmentsOf = (account: Account, arn: string) =>
  rolesOf(account).filter(({ attached }) => attached.includes(arn)).length;

async function createPolicy(account: Account, parameters: QueryParameters): Promise<XmlElements> {
  const { store, clock, accountId } = account;
  const [name, path] = [nameIn(parameters, 'PolicyName', POLICY_NAME), pathIn(parameters)];
  const document = documentIn(parameters, 'PolicyDocument');
  const arn = `arn:aws:iam::${accountId}:policy${path}${name}`;
  if (store.policies.has(arn))
    throw new AwsError(
      'EntityAlreadyExists',
      `A policy called ${name} already exists. Duplicate names are not allowed.`,
      409,
    );
  const description = parameters.get('Description');
  const policy = { name, path, id: createId('ANPA'), arn, createdAt: clock.now(), document, description };
  await store.putPolicy(policy);
  return { Policy: policyElements(policy, 0) };
}

async function deletePolicy(account: Account, parameters: QueryParameters): Promise<XmlElements> {
  const { arn } = policyIn(account, parameters);
  if (attachmentsOf(account, arn) > 0)
    throw new AwsError('DeleteConflict', 'Cannot delete a policy attached to entities.', 409);
  await account.store.deletePolicy(arn);
  return {};
}

/** The policies that AWS manages are not stored here: a scope of them alone has none. */
function listPolicies(account: Account, parameters: QueryParameters): XmlElements {
  const isAttached = parameters.get('OnlyAttached') === 'true';
  const own = parameters.get('Scope') === 'AWS' ? [] : [...account.store.policies.values()];
  const member = own
    .filter(({ path }) => path.startsWith(pathPrefixIn(parameters)))
    .map((policy) => ({ policy, attachments: attachmentsOf(account, policy.arn) }))
    .filter(({ attachments }) => attachments > 0 || !isAttached)
    .map(({ policy, attachments }) => policyElements(policy, attachments));
  return whole({ Policies: { member } });
}

export const policyActions: Actions = {
  CreatePolicy: [['PolicyName', 'Path', 'PolicyDocument', 'Description'], createPolicy],
  GetPolicy: [
    ['PolicyArn'],
    (account, parameters) => {
      const policy = policyIn(account, parameters);
      return { Policy: policyElements(policy, attachmentsOf(account, policy.arn)) };
    },
  ],
  GetPolicyVersion: [
    ['PolicyArn', 'VersionId'],
    (account, parameters) => {
      const { arn, document, createdAt } = policyIn(account, parameters);
      const version = parameters.require('VersionId');
      if (version !== 'v1') throw noSuchEntity(`Policy ${arn} version ${version} does not exist.`);
      return {
        PolicyVersion: {
          ...{ Document: encodeURIComponent(document), VersionId: version, IsDefaultVersion: true },
          CreateDate: timeText(createdAt),
        },
      };
    },
  ],
  ListPolicies: [['Scope', 'OnlyAttached', 'PathPrefix', 'MaxItems'], listPolicies],
  DeletePolicy: [['PolicyArn'], deletePolicy],
};
