// The groups of a user in the user pool, remembered for a minute.

import {
  AdminListGroupsForUserCommand,
  UserNotFoundException,
  type CognitoIdentityProviderClient,
} from '@aws-sdk/client-cognito-identity-provider';
import { createRemembering } from '../core/recent.ts';
import type { UserGroups } from '../pipeline/ports.ts';

const FRESH_MS = 60_000;
const MAX_USERS = 2000;

export function createUserGroups(options: {
  readonly client: CognitoIdentityProviderClient;
  readonly userPoolId: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}): UserGroups {
  const { client, userPoolId, now } = options;

  async function read(userId: string): Promise<readonly string[]> {
    const groups: string[] = [];
    let next: string | undefined;
    do {
      const query = { UserPoolId: userPoolId, Username: userId, NextToken: next };
      const page = await client.send(new AdminListGroupsForUserCommand(query));
      groups.push(...(page.Groups ?? []).flatMap(({ GroupName }) => GroupName ?? []));
      next = page.NextToken;
    } while (next !== undefined);
    return groups;
  }

  return createRemembering(
    async (userId) => {
      try {
        return await read(userId);
      } catch (error) {
        // The user was removed after the login, so it is in no group.
        if (error instanceof UserNotFoundException) return [];
        throw error;
      }
    },
    { limit: MAX_USERS, forMs: FRESH_MS, now },
  );
}
