// Roles and policies that clients create: what lists show, and what is refused.

import { beforeEach, expect, test } from '@jest/globals';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { systemClock } from '../../clock.ts';
import { createIamHandler } from '../../iam/account-api.ts';
import { openAccountStore } from '../../iam/account-store.ts';
import { silentLog } from '../../log.ts';
import { createRecordingLog, serve } from '../aws/local-cloud.ts';
import { load } from '../template/fixture.ts';

const document = JSON.stringify({ Version: '2012-10-17', Statement: [] });

let url: string;
beforeEach(async () => {
  const store = await openAccountStore(temporaryFolder(), silentLog);
  const template = load('Resources: { News: { Type: AWS::SNS::Topic } }');
  const handler = createIamHandler({ store, template, clock: systemClock });
  const server = await serve({ iam: handler }, createRecordingLog());
  cleanup(async () => {
    await server.close();
    await store.close();
  });
  ({ url } = server);
});

async function call(action: string, parameters: Readonly<Record<string, string>> = {}): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: 'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/iam/aws4_request' },
    body: new URLSearchParams({ Action: action, Version: '2010-05-08', ...parameters }),
  });
  return response.text();
}

const createRole = (more: Readonly<Record<string, string>> = {}) =>
  call('CreateRole', { RoleName: 'rules', AssumeRolePolicyDocument: document, ...more });

test.each(['abc', '', '3599', '43201', '1e4', '-1'])('a session of %j seconds is refused', async (text) => {
  expect(await createRole({ MaxSessionDuration: text })).toMatch(
    /ValidationError.*MaxSessionDuration must be/s,
  );
  expect(await call('GetRole', { RoleName: 'rules' })).toContain('NoSuchEntity');
});

test('a list of policies has only those of the path, scope and attachment that the client names', async () => {
  await createRole({ MaxSessionDuration: '43200' });
  for (const [PolicyName, Path] of [
    ['free', '/'],
    ['bound', '/rules/'],
  ] as const)
    await call('CreatePolicy', { PolicyName, Path, PolicyDocument: document });
  for (const PolicyArn of [
    'arn:aws:iam::000000000000:policy/rules/bound',
    'arn:aws:iam::aws:policy/ReadOnlyAccess',
  ])
    await call('AttachRolePolicy', { RoleName: 'rules', PolicyArn });
  const names = async (action: string, parameters: Readonly<Record<string, string>>) =>
    [...(await call(action, parameters)).matchAll(/<PolicyName>(.*?)</g)].map(([, name]) => name).join(' ');
  expect(await names('ListPolicies', {})).toBe('free bound');
  expect(await names('ListPolicies', { Scope: 'Local', PathPrefix: '/rules/' })).toBe('bound');
  expect(await names('ListPolicies', { OnlyAttached: 'true' })).toBe('bound');
  expect(await names('ListPolicies', { Scope: 'AWS' })).toBe('');
  const attached = (more: object) => names('ListAttachedRolePolicies', { RoleName: 'rules', ...more });
  expect(await attached({})).toBe('bound ReadOnlyAccess');
  expect(await attached({ PathPrefix: '/rules/' })).toBe('bound');
});
