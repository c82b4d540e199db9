// The claims of a user in tokens, under Amazon Cognito's names.
// https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-id-token.html

import { groupRolesOf } from '../cognito/group-roles.ts';
import type { User, Users } from '../cognito/users.ts';

/** Claims by the scope that requests them. */
export const scopeClaims: Readonly<Record<string, string[]>> = {
  openid: [
    'sub',
    'cognito:username',
    'cognito:groups',
    'cognito:roles',
    'cognito:preferred_role',
    'token_use',
    'username',
  ],
  email: ['email', 'email_verified'],
  profile: [],
};

/** Of an ID token, or of the answer of `/oauth2/userInfo`. */
export function claimsOf(
  users: Users,
  { sub, email, groups }: User,
  use: string,
): Record<string, unknown> & { sub: string } {
  const mail = { email, email_verified: use === 'id_token' ? true : 'true' };
  if (use !== 'id_token') return { sub, username: sub, ...mail };
  const { groups: mine, roles, preferred } = groupRolesOf(users.groups(), groups);
  return {
    ...{ sub, 'cognito:username': sub, token_use: 'id', ...mail },
    ...(mine.length > 0 && { 'cognito:groups': mine }),
    ...(roles.length > 0 && { 'cognito:roles': roles }),
    ...(preferred !== undefined && { 'cognito:preferred_role': preferred }),
  };
}
