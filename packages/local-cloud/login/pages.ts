// The pages of the login: plain HTML without any script.

import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; margin: 4rem auto; max-width: 22rem; padding: 0 1rem; color: #16302b; }
label { display: block; margin: 1rem 0 .2rem; }
input { font: inherit; width: 100%; box-sizing: border-box; padding: .5rem; border: 1px solid #6b8a83; border-radius: .3rem; }
button { font: inherit; margin-top: 1.5rem; padding: .5rem 1.5rem; border: 0; border-radius: .3rem; color: #fff; background: #16635a; }
[role=alert] { color: #a3231b; }
`;
const styleHash = createHash('sha256').update(STYLE).digest('base64');

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string) => text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character]!);

const page = (title: string, body: string) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
<h1>${escaped(title)}</h1>
${body}
</html>
`;

/** @param action where the form goes @param problem why the last attempt failed */
export const loginPage = (
  action: string,
  given: { readonly name?: string; readonly problem?: string } = {},
): string =>
  page(
    'Log in',
    `${given.problem === undefined ? '' : `<p role="alert">${escaped(given.problem)}</p>`}
<form method="post" action="${escaped(action)}">
<label for="username">Email address</label>
<input id="username" name="username" autocomplete="username" maxlength="256" required autofocus value="${escaped(given.name ?? '')}">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="256" required>
<button>Log in</button>
</form>`,
  );

export const problemPage = (problem: string): string =>
  page('Not possible', `<p role="alert">${escaped(problem)}</p>`);

/** @param formTargets origins to which a form may redirect. */
export function pageHeaders(formTargets: readonly string[]): Record<string, string> {
  return {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    // A form sent without a referrer has no origin either, and the login checks the origin.
    'referrer-policy': 'same-origin',
    'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; form-action ${["'self'", ...formTargets].join(' ')}; base-uri 'none'; frame-ancestors 'none'`,
  };
}

export function answerPage(
  res: ServerResponse,
  status: number,
  html: string,
  more: Readonly<Record<string, string>>,
): void {
  res.writeHead(status, { ...more, 'content-length': Buffer.byteLength(html) });
  res.end(html);
}
