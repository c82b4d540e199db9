// The roles that the groups of a user give, and the one that Cognito prefers.
// https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-user-groups.html#assigning-precedence-values-to-groups

import type { PoolGroup } from './user-pool.ts';

export interface GroupRoles {
  /** The user's groups, the strongest first. */
  readonly groups: readonly string[];
  /** ARNs, each once. */
  readonly roles: readonly string[];
  /** Undefined where no group has a role, or two of the same precedence have different ones. */
  readonly preferred: string | undefined;
}

const rankOf = ({ precedence }: PoolGroup) => precedence ?? Infinity;

/** The strongest group first. */
export const byPrecedence = (a: PoolGroup, b: PoolGroup): number => {
  const [one, other] = [rankOf(a), rankOf(b)];
  return one === other ? 0 : one - other;
};

/** @param all of the user pool @param names those of the user */
export function groupRolesOf(all: readonly PoolGroup[], names: readonly string[]): GroupRoles {
  const mine = all.filter(({ name }) => names.includes(name)).toSorted(byPrecedence);
  const withRole = mine.filter(({ roleArn }) => roleArn !== undefined);
  const [first] = withRole;
  const strongest = withRole.filter((group) => first && rankOf(group) === rankOf(first));
  const isOne = strongest.every(({ roleArn }) => roleArn === first?.roleArn);
  return {
    groups: mine.map(({ name }) => name),
    roles: [...new Set(withRole.map(({ roleArn }) => roleArn!))],
    preferred: isOne ? first?.roleArn : undefined,
  };
}
