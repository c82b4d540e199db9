// Collects what a run left: raw objects, rejects and emails from files, windows and alerts through the AWS SDK.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DynamoDBClient, ScanCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { mailOf, rejectedOf, type Mail, type RejectedObject } from './left-texts.ts';
import type { Stack } from './stack.ts';

export interface StoredWindow {
  readonly deviceId: string;
  readonly windowStart: number;
  /** Number attributes by name, as DynamoDB writes them. */
  readonly numbers: ReadonlyMap<string, string>;
}

export interface StoredAlert {
  readonly deviceId: string;
  readonly ruleId: string;
  readonly state: string;
  /** Whether it has pending notifications or history entries. */
  readonly isPending: boolean;
}

export interface HistoryLine {
  readonly entryId: string;
  readonly deviceId: string;
  readonly ruleId: string;
  readonly what: string;
  readonly at: number;
  readonly windowStart?: number;
  /** For one entry about many changes: their number. */
  readonly changes?: number;
}

export interface Evidence {
  /** The lines of the raw archive. */
  readonly archive: readonly string[];
  readonly rejected: readonly RejectedObject[];
  /** The texts of the other objects in the errors bucket. */
  readonly errors: readonly string[];
  readonly windows: readonly StoredWindow[];
  readonly alerts: readonly StoredAlert[];
  readonly history: readonly HistoryLine[];
  readonly mails: readonly Mail[];
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

const bucketOf = ({ dataDir, endpoints }: Stack, output: string) =>
  path.join(dataDir, 's3', endpoints().outputs[output]!);

export function readArchive(stack: Stack): string[] {
  return filesBelow(bucketOf(stack, 'RawBucket')).flatMap((file) =>
    readFileSync(file, 'utf8').split('\n').filter(Boolean),
  );
}

export const readRejected = (stack: Stack): Pick<Evidence, 'rejected' | 'errors'> =>
  rejectedOf(filesBelow(bucketOf(stack, 'ErrorsBucket')).map((file) => readFileSync(file, 'utf8')));

export function readMails(stack: Stack): Mail[] {
  return filesBelow(path.join(stack.dataDir, 'mail'))
    .filter((file) => file.endsWith('.eml'))
    .map((file) => mailOf(path.basename(file), readFileSync(file, 'utf8')));
}

type Item = Record<string, AttributeValue>;

async function scan(stack: Stack, output: string): Promise<Item[]> {
  const { aws, outputs } = stack.endpoints();
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ region: 'us-east-1', endpoint: aws, credentials });
  try {
    const items: Item[] = [];
    let from: Item | undefined;
    do {
      const page = await client.send(
        new ScanCommand({ TableName: outputs[output]!, ConsistentRead: true, ExclusiveStartKey: from }),
      );
      items.push(...(page.Items ?? []));
      from = page.LastEvaluatedKey;
    } while (from);
    return items;
  } finally {
    client.destroy();
  }
}

export async function readTables(stack: Stack): Promise<Pick<Evidence, 'windows' | 'alerts' | 'history'>> {
  const [windows, alerts, history] = await Promise.all(
    ['WindowsTable', 'AlertsTable', 'AlertHistoryTable'].map((table) => scan(stack, table)),
  );
  return {
    windows: windows!.map((item) => ({
      deviceId: item['deviceId']!.S!,
      windowStart: Number(item['windowStart']!.N),
      numbers: new Map(Object.entries(item).flatMap(([name, { N }]) => (N === undefined ? [] : [[name, N]]))),
    })),
    alerts: alerts!.map((item) => ({
      deviceId: item['deviceId']!.S!,
      ruleId: item['ruleId']!.S!,
      state: item['state']?.S ?? '',
      isPending: item['pending'] !== undefined || item['unrecorded'] !== undefined,
    })),
    history: history!.map((item) => JSON.parse(item['event']!.S!) as HistoryLine),
  };
}
