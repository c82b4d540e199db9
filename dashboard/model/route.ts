// The address holds everything that a view shows, so that links can be shared and the back button works.

export interface Route {
  readonly view: string;
  /** The segments after the view, such as a device's name. */
  readonly path: readonly string[];
  readonly query: Readonly<Record<string, string | undefined>>;
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // the address is not URL-encoded
  }
};

/** Parses a hash such as `#/device/fridge-1?range=6h`. */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#?\/?/, '').split(/\?(.*)/s);
  const [view = '', ...rest] = path.split('/').map(decoded);
  return {
    view: view || 'fleet',
    path: rest.filter((part) => part !== ''),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

/** Undefined and empty values are left out. */
export function linkTo(view: string, path: readonly string[] = [], query: Route['query'] = {}): string {
  const pairs = Object.entries(query).filter((pair): pair is [string, string] => Boolean(pair[1]));
  const text = new URLSearchParams(pairs).toString();
  return `#/${[view, ...path].map(encodeURIComponent).join('/')}${text && `?${text}`}`;
}

/** Converts links from old emails and digests: `/?device=<id>` and `/?view=alerts`. */
export function linkOfOldQuery(search: string): string | undefined {
  const query = new URLSearchParams(search);
  const device = query.get('device');
  if (device !== null) {
    const [from, to] = [query.get('from'), query.get('to')];
    return linkTo('device', [device], { from: from ?? undefined, to: to ?? undefined });
  }
  return query.get('view') === 'alerts' ? linkTo('alerts') : undefined;
}
