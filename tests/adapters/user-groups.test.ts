// Groups of users: read completely, cached for a minute, and never guessed.

import { beforeEach, test } from '@jest/globals';
import assert from 'node:assert/strict';
import {
  AdminListGroupsForUserCommand,
  CognitoIdentityProviderClient,
  UserNotFoundException,
} from '@aws-sdk/client-cognito-identity-provider';
import { mockClient } from 'aws-sdk-client-mock';
import { createUserGroups } from '../../adapters/user-groups.ts';

const aws = mockClient(CognitoIdentityProviderClient);
let now = 0;

beforeEach(() => {
  aws.reset();
});

function open() {
  const client = new CognitoIdentityProviderClient({ region: 'us-east-1' });
  return createUserGroups({ client, userPoolId: 'us-east-1_A', now: () => now });
}

const calls = () => aws.commandCalls(AdminListGroupsForUserCommand).length;

test('all pages are read, and for a minute not again', async () => {
  aws.on(AdminListGroupsForUserCommand).resolves({ Groups: [{ GroupName: 'site-oslo' }] });
  aws
    .on(AdminListGroupsForUserCommand, { NextToken: undefined })
    .resolves({ Groups: [{ GroupName: 'viewer' }], NextToken: 'more' });
  const groupsOf = open();
  assert.deepEqual(await groupsOf('ann'), ['viewer', 'site-oslo']);
  now += 59_999;
  await groupsOf('ann');
  assert.equal(calls(), 2);
  now += 1;
  await groupsOf('ann');
  assert.equal(calls(), 4);
});

test('a deleted user is in no group, and failures are not cached', async () => {
  const groupsOf = open();
  const gone = new UserNotFoundException({ message: 'User does not exist.', $metadata: {} });
  aws.on(AdminListGroupsForUserCommand).rejectsOnce(new Error('throttled')).rejects(gone);
  await assert.rejects(groupsOf('bob'), /throttled/);
  assert.deepEqual(await groupsOf('bob'), []);
});
