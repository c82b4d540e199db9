// `npm run device -- allow`: adds the serial numbers that may exchange a claim to the list, or removes them.

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DynamoDBClientConfig, WriteRequest } from '@aws-sdk/client-dynamodb';
import type { Say } from './device-hint.ts';
import type { DeviceOptions } from './device-options.ts';
import { OnboardingError } from './onboarding-error.ts';
import type { Target } from './target.ts';

/** Most items of one DynamoDB call. */
const BATCH = 25;
const TRIES = 8;
const FIRST_WAIT_MS = 100;

const local: DynamoDBClientConfig = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
};

/**
 * One serial number per line; empty lines and lines that begin with # are skipped.
 *
 * @throws OnboardingError that names the line that cannot be a thing's name.
 */
export function parseSerials(text: string, file: string): readonly string[] {
  const serials = new Set<string>();
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
    .entries()) {
    const serial = line.trim();
    if (serial === '' || serial.startsWith('#')) continue;
    if (!/^[a-zA-Z0-9_-]{1,128}$/.test(serial)) {
      throw new OnboardingError(
        `${file}:${index + 1}: ${JSON.stringify(serial.slice(0, 150))} is not a serial number: 1 to 128 of a-z A-Z 0-9 _ -, one per line`,
      );
    }
    serials.add(serial);
  }
  if (serials.size === 0) throw new OnboardingError(`${file} has no serial number: write one per line`);
  return [...serials];
}

function readSerials(file: string): readonly string[] {
  try {
    return parseSerials(readFileSync(file, 'utf8'), file);
  } catch (error) {
    if (error instanceof OnboardingError) throw error;
    throw new OnboardingError(`${file} cannot be read (${(error as Error).message})`, { cause: error });
  }
}

/** Adds the serial numbers of the file, or with `--remove` removes them. Safe to repeat. */
export async function allow(target: Target, options: DeviceOptions, say: Say): Promise<void> {
  const serials = readSerials(options.name);
  const table = options.table ?? target.registrations?.table;
  if (table === undefined) {
    throw new OnboardingError(
      'allow needs --table T: the output RegistrationsTable of the stack (sam list stack-outputs --stack-name tidegate)',
    );
  }
  const { BatchWriteItemCommand, DynamoDBClient } = await import('@aws-sdk/client-dynamodb');
  const endpoint = target.registrations?.endpoint;
  const client = new DynamoDBClient(endpoint === undefined ? {} : { ...local, endpoint });

  async function write(batch: readonly string[]): Promise<void> {
    let left: WriteRequest[] = batch.map((serial) => requestFor(serial, options.remove === true));
    for (let tries = 0; left.length > 0; tries += 1) {
      if (tries === TRIES) throw new OnboardingError(`${table} is throttled: run the command again`);
      if (tries > 0) await sleep(FIRST_WAIT_MS * 2 ** (tries - 1));
      const answer = await client.send(new BatchWriteItemCommand({ RequestItems: { [table!]: left } }));
      left = answer.UnprocessedItems?.[table!] ?? [];
    }
  }

  try {
    for (let first = 0; first < serials.length; first += BATCH)
      await write(serials.slice(first, first + BATCH));
  } finally {
    client.destroy();
  }
  const count = `${serials.length} serial number${serials.length === 1 ? '' : 's'}`;
  say(options.remove ? `removed  ${count} from the list in ${table}` : `listed   ${count} in ${table}`);
  say('The list applies while the stack parameter RequireListedSerials is true. Registered devices stay.');
}

/** The key must match the hook's: adapters/registration-store.ts. */
function requestFor(serial: string, isRemoved: boolean): WriteRequest {
  const key = { id: { S: `allowed/${serial}` } };
  return isRemoved ? { DeleteRequest: { Key: key } } : { PutRequest: { Item: key } };
}
