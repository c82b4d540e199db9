// The process that the kill -9 test kills: serves the windows table in the folder of its argument, and prints the address.

import { createDynamoDb } from '../../dynamodb/dynamodb.ts';
import { systemClock } from '../../clock.ts';
import { silentLog } from '../../log.ts';
import { serve } from '../aws/local-cloud.ts';
import { windowsTable } from './windows-table.ts';

const [dir] = process.argv.slice(2);
if (!dir) throw new Error('usage: dynamodb-child.ts <folder>');
const dynamodb = await createDynamoDb({ dir, clock: systemClock, log: silentLog, count: () => {} });
await dynamodb.ensureTable(windowsTable());
const server = await serve({ dynamodb: dynamodb.handler }, silentLog);
process.stdout.write(`${server.url}\n`);
