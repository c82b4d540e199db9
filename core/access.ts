// Who may do what: three groups, each of which may do all that the one before may, and groups that leave a user some sites only.

/** From the least to the most. The same names are groups of the user pool. */
export const GROUPS = ['viewer', 'operator', 'admin'] as const;
export type Group = (typeof GROUPS)[number];

export interface Access {
  readonly group: Group;
  /** The only sites whose devices and alerts are seen; absent: all of them. */
  readonly sites?: readonly string[];
}

/** A user in `site-seattle` sees that site, and no other but those of more such groups. */
export const SITE_PREFIX = 'site-';

/** What somebody with these groups may do; undefined where none of them is one of the three. */
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

/** Whether somebody sees what belongs to a site; of what no site is known, nobody who is left some only. */
export const seesSite = ({ sites }: Pick<Access, 'sites'>, site: string | undefined): boolean =>
  sites === undefined || (site !== undefined && sites.includes(site));
