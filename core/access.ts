// Who may do what: three groups, each with all rights of the one before, and groups that restrict a user to some sites.

/** Ascending in rights. The user pool has groups of the same names. */
export const GROUPS = ['viewer', 'operator', 'admin'] as const;
export type Group = (typeof GROUPS)[number];

export interface Access {
  readonly group: Group;
  /** The only sites whose devices and alerts the user sees; absent: all sites. */
  readonly sites?: readonly string[];
}

/** A user in `site-seattle` sees that site only, plus the sites of other groups with this prefix. */
export const SITE_PREFIX = 'site-';

/** The rights of a user with these groups; undefined if none of them is one of the three. */
export function accessOf(groups: readonly string[]): Access | undefined {
  const group = GROUPS.findLast((each) => groups.includes(each));
  if (group === undefined) return undefined;
  const sites = groups.flatMap((each) =>
    each.startsWith(SITE_PREFIX) ? [each.slice(SITE_PREFIX.length)] : [],
  );
  return { group, ...(sites.length > 0 && { sites }) };
}

export const isAtLeast = (group: Group, least: Group): boolean =>
  GROUPS.indexOf(group) >= GROUPS.indexOf(least);

/** Whether a caller may see a site's data. Data without a known site is hidden from callers restricted to some sites. */
export const seesSite = ({ sites }: Pick<Access, 'sites'>, site: string | undefined): boolean =>
  sites === undefined || (site !== undefined && sites.includes(site));
