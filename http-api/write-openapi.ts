// `npm run openapi`: writes docs/openapi.json and the table of groups in docs/api.md from the code; tests check that they match.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { withGroupTable } from './group-table.ts';
import { openApiOf } from './openapi.ts';
import { describeRoutes } from './routes.ts';

const file = path.resolve(import.meta.dirname, '../docs/openapi.json');
const options = { ...(await resolveConfig(file)), filepath: file };
writeFileSync(file, await format(JSON.stringify(openApiOf(describeRoutes())), options));

const page = path.resolve(import.meta.dirname, '../docs/api.md');
writeFileSync(page, withGroupTable(readFileSync(page, 'utf8'), describeRoutes()));
