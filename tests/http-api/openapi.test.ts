// The API's description matches the code and the template.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { withGroupTable } from '../../http-api/group-table.ts';
import { openApiOf } from '../../http-api/openapi.ts';
import { describeRoutes } from '../../http-api/routes.ts';

const described = JSON.parse(
  readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8'),
) as Record<string, unknown>;
const routes = describeRoutes();

test('docs/openapi.json is up to date with the code: run npm run openapi', () => {
  assert.deepEqual(described, JSON.parse(JSON.stringify(openApiOf(routes))));
});

test('the table of groups in docs/api.md is up to date with the code: run npm run openapi', () => {
  const page = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');
  assert.equal(page, withGroupTable(page, routes));
});

test('docs/api.md lists every route', () => {
  const page = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');
  const [, section = ''] = /^## Routes\n([^]*?)^## /m.exec(page) ?? [];
  const text = section.replaceAll(/\s+/g, ' ');
  const listed = new Set(
    [...text.matchAll(/((?:`[A-Z]+`, )*)`([A-Z]+) (\/[^?`]*)/g)].flatMap(([, others, method, path]) =>
      [...others!.matchAll(/[A-Z]+/g), [method!]].map(([each]) => `${each} ${path}`),
    ),
  );
  const lacking = routes.map(({ method, path }) => `${method} ${path}`).filter((each) => !listed.has(each));
  assert.deepEqual(lacking, []);
});

test('every parameter of a path is described, and no other', () => {
  for (const { path, params } of routes) {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    assert.deepEqual(Object.keys(params), names, path);
  }
});

test('no two operations have one name', () => {
  const operations = Object.values(
    described['paths'] as Record<string, Record<string, { operationId: string }>>,
  );
  const names = operations.flatMap((each) => Object.values(each).map(({ operationId }) => operationId));
  assert.deepEqual(names, [...new Set(names)]);
});
