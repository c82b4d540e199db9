// Serves the page of a project: static files and a config.json, with a content security policy that allows nothing else.

import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import type { PageStack, ProjectPage } from '../project.ts';

/** Serves a file of the page; false where the page does not have it. */
export type ServeSite = (
  req: Pick<IncomingMessage, 'method' | 'headers'>,
  res: ServerResponse,
  pathname: string,
) => Promise<boolean>;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
  '.map': 'application/json',
};

/** A year: the content of a file with a hash in its name never changes. */
const FOREVER = 'public, max-age=31536000, immutable';
const HASHED = /-[A-Z0-9]{8}\.\w+$/;

/** `connect-src` names `ws:`, because 'self' does not cover WebSocket in every browser. */
const policyOf = (host: string, awsUrl: string) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "font-src 'self'",
    "img-src 'self' data:",
    `connect-src 'self' ws://${host} ${awsUrl}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

/**
 * @param config the content of `/config.json`; called for each request
 * @param awsUrl the AWS port, which the page may also call
 */
export function createSite({
  page,
  config,
  awsUrl,
}: {
  page: Pick<ProjectPage, 'files'>;
  config: () => unknown;
  awsUrl: string;
}): ServeSite {
  let files: ReturnType<ProjectPage['files']> | undefined;

  /** Opening the page builds it from the current sources; the files that it loads are of that build. */
  async function contentOf(pathname: string): Promise<Uint8Array | undefined> {
    if (pathname === '/config.json') return Buffer.from(JSON.stringify(config()));
    if (pathname === '/') files = undefined;
    files ??= page.files();
    return (await files).get(pathname === '/' ? 'index.html' : pathname.slice(1));
  }

  return async function serve(req, res, pathname) {
    const body = await contentOf(pathname);
    if (!body) return false;
    res.writeHead(200, {
      'content-type': TYPES[path.extname(pathname) || '.html'] ?? 'application/octet-stream',
      'content-length': body.length,
      'cache-control': HASHED.test(pathname) ? FOREVER : 'no-store',
      'content-security-policy': policyOf(req.headers.host ?? '', awsUrl),
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
    res.end(req.method === 'HEAD' ? undefined : body);
    return true;
  };
}

/** What the web port needs to serve a project's page, if it has one. */
export const siteOf = (page: ProjectPage | undefined, stack: PageStack): { readonly site?: ServeSite } =>
  page ? { site: createSite({ page, awsUrl: stack.aws, config: () => page.config(stack) }) } : {};
