// Finds the route of a request: the most exact one, as API Gateway chooses.

import type { ApiRoute } from './api-spec.ts';

export interface Match {
  readonly route: ApiRoute;
  readonly parameters: Readonly<Record<string, string>>;
}

interface Compiled {
  readonly route: ApiRoute;
  readonly pattern: RegExp;
  /** Sort key by which more exact paths come first: `0` for a word, `1` for a parameter, `2` for the rest of a path. */
  readonly rank: string;
}

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

function compile(route: ApiRoute): Compiled {
  if (route.key === '$default') return { route, pattern: /^/, rank: '3' };
  const parts = route.path.split('/').slice(1);
  const pattern = parts.map((part) => {
    const [, name, greedy] = /^\{(\w+)(\+?)\}$/.exec(part) ?? [];
    if (name === undefined) return escaped(part);
    return greedy === '+' ? `(?<${name}>.+)` : `(?<${name}>[^/]+)`;
  });
  const rank = parts.map((part) => (part.endsWith('+}') ? '2' : part.startsWith('{') ? '1' : '0')).join('');
  return {
    route,
    pattern: new RegExp(`^/${pattern.join('/')}$`, 's'),
    rank: rank + (route.method === 'ANY' ? '1' : '0'),
  };
}

/**
 * @param path decoded.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html#http-api-develop-routes.evaluation
 */
export function createMatcher(
  routes: readonly ApiRoute[],
): (method: string, path: string) => Match | undefined {
  const compiled = routes.map(compile).sort((a, b) => (a.rank < b.rank ? -1 : 1));
  return (method, path) => {
    for (const { route, pattern } of compiled) {
      if (route.method !== method && route.method !== 'ANY') continue;
      const found = pattern.exec(path);
      if (found) return { route, parameters: { ...found.groups } };
    }
    return undefined;
  };
}
