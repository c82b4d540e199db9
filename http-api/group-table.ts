// Writes the table in docs/api.md of who may use which route, from the code that decides it.

import { isForGuests, leastGroup, siteScope, type SiteScope } from './least-group.ts';
import type { Route } from './route.ts';

const SITES: Readonly<Record<SiteScope, string>> = {
  device: 'devices of their sites',
  own: 'for their sites',
  filtered: 'only theirs',
  shared: 'everything',
  refused: 'refused',
};

/** Lines of Markdown, in the order of the routes. */
export function groupTable(routes: readonly Route[]): string[] {
  return [
    '| route | least group | with `site-...` groups |',
    '|---|---|---|',
    ...routes.map((route) => {
      const guests = isForGuests(route) ? 'viewer, and guests' : leastGroup(route);
      const least = route.isPublic ? 'none: anyone, without a signature' : guests;
      return `| \`${route.method} ${route.path}\` | ${least} | ${SITES[siteScope(route)]} |`;
    }),
  ];
}

const [BEGIN, END] = ['<!-- npm run openapi writes this table -->', '<!-- the end of the table -->'];

/** The page with the table in its place. Throws an Error if the page has no place for it. */
export function withGroupTable(page: string, routes: readonly Route[]): string {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined)
    throw new Error(`docs/api.md has no place for the table: ${BEGIN}`);
  return [before + BEGIN, '', '<!-- prettier-ignore -->', ...groupTable(routes), '', END + after].join('\n');
}
