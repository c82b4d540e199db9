// Counts the results of a load from outside: readings in the windows table, and lines in the raw bucket's files.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import type { BenchStack } from './stack.ts';

const NEWLINE = 10;

/** Sums the windows of all devices. */
export async function windowsIn(stack: BenchStack): Promise<{ windows: number; readings: number }> {
  const client = new DynamoDBClient({
    endpoint: stack.endpoints.aws,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const found = { windows: 0, readings: 0 };
  const scan = { TableName: stack.endpoints.outputs['WindowsTable'], ProjectionExpression: 'readings' };
  for await (const { Items = [] } of paginateScan({ client }, scan)) {
    found.windows += Items.length;
    for (const { readings } of Items) found.readings += Number(readings?.N);
  }
  client.destroy();
  return found;
}

/** Reads the raw bucket's objects from the local S3's folder. The program has ended, so everything is written. */
export function archivedIn(stack: BenchStack): { objects: number; lines: number } {
  const bucket = path.join(stack.dataDir, 's3', stack.endpoints.outputs['RawBucket']!);
  const found = { objects: 0, lines: 0 };
  for (const entry of readdirSync(bucket, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = readFileSync(path.join(entry.parentPath, entry.name));
    found.objects += 1;
    for (const byte of bytes) if (byte === NEWLINE) found.lines += 1;
  }
  return found;
}
