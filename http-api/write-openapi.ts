// `npm run openapi`: writes docs/openapi.json from the code; a test holds the one to the other.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { openApiOf } from './openapi.ts';
import { describeRoutes } from './routes.ts';

const file = path.resolve(import.meta.dirname, '../docs/openapi.json');
const options = { ...(await resolveConfig(file)), filepath: file };
writeFileSync(file, await format(JSON.stringify(openApiOf(describeRoutes())), options));
