// `npm run openapi`: writes docs/openapi.json from the code; a test holds the one to the other.

import { writeFileSync } from 'node:fs';
import { format } from 'prettier';
import { openApiOf } from './openapi.ts';
import { openRoutes } from './open-routes.ts';

const file = new URL('../../docs/openapi.json', import.meta.url);
const routes = openRoutes({ windowsTable: '', devicesTable: '', windowSeconds: 10 });
writeFileSync(file, await format(JSON.stringify(openApiOf(routes)), { parser: 'json' }));
