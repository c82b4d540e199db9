// Reads the JSON of an SQS call field by field, and checks the common rules of batches.

import { AwsError } from '../aws-error.ts';
import type { Input, JsonOperation } from '../aws/json-protocol.ts';
import type { Clock } from '../clock.ts';
import { invalid, type Draft, type MessageAttribute, type MessageAttributes } from './message.ts';
import type { Queue } from './stored-message.ts';
import type { Queues } from './queues.ts';

export interface Cloud {
  readonly queues: Queues;
  readonly clock: Clock;
  readonly accountId: string;
  /** When the program began to run the queues, epoch milliseconds. */
  readonly startedAt: number;
  /** The address of the AWS port. */
  readonly endpoint: () => string;
}

export type Operation = JsonOperation<Cloud>;

const isObject = (value: unknown): value is Input =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @throws AwsError InvalidParameterValue unless it is text, or absent */
export function optionalText(input: Input, name: string): string | undefined {
  const value = input[name];
  if (value === undefined || value === null || typeof value === 'string') return value ?? undefined;
  throw invalid(`Value for parameter ${name} is invalid. Reason: Must be text.`);
}

export function textOf(input: Input, name: string): string {
  const value = optionalText(input, name);
  if (value !== undefined) return value;
  throw invalid(`The request must contain the parameter ${name}.`, 'MissingParameter');
}

export function optionalNumber(input: Input, name: string, least: number, most: number): number | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (Number.isInteger(value) && Number(value) >= least && Number(value) <= most) return Number(value);
  const reason = `Must be an integer from ${least} to ${most}`;
  const shown = JSON.stringify(value).slice(0, 40);
  throw invalid(`Value ${shown} for parameter ${name} is invalid. Reason: ${reason}.`);
}

export function textsOf(input: Input, name: string): string[] {
  const value = input[name] ?? [];
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value;
  throw invalid(`Value for parameter ${name} is invalid. Reason: Must be a list of texts.`);
}

/** The queue that QueueUrl names. @throws AwsError */
export const queueOf = ({ queues }: Cloud, input: Input): Queue => queues.at(textOf(input, 'QueueUrl'));

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_MessageAttributeValue.html */
function attributesOf(input: Input, name: string): MessageAttributes {
  const given = input[name] ?? {};
  if (!isObject(given)) throw invalid(`Value for parameter ${name} is invalid. Reason: Must be an object.`);
  return Object.fromEntries(
    Object.entries(given).map(([key, value]): [string, MessageAttribute] => {
      const fields = isObject(value) ? value : {};
      const type = textOf(fields, 'DataType');
      const field = type.startsWith('Binary') ? 'BinaryValue' : 'StringValue';
      return [key, { type, value: textOf(fields, field) }];
    }),
  );
}

/** The message of SendMessage, or of one entry of its batch. */
export const draftParameters = [
  ...['MessageBody', 'DelaySeconds', 'MessageAttributes', 'MessageSystemAttributes'],
] as const;

const MOST_DELAY = 900;
const TRACE = 'AWSTraceHeader';

/** @throws AwsError InvalidParameterValue, MissingParameter */
export function draftOf(input: Input): Draft & { readonly delayMs?: number } {
  const attributes = attributesOf(input, 'MessageAttributes');
  const { [TRACE]: trace, ...others } = attributesOf(input, 'MessageSystemAttributes');
  const [other] = Object.keys(others);
  if (other !== undefined)
    throw invalid(`The message system attribute ${JSON.stringify(other.slice(0, 100))} is not ${TRACE}`);
  const delay = optionalNumber(input, 'DelaySeconds', 0, MOST_DELAY);
  return {
    body: textOf(input, 'MessageBody'),
    ...(Object.keys(attributes).length > 0 && { attributes }),
    ...(trace && { traceHeader: trace.value }),
    ...(delay !== undefined && { delayMs: delay * 1000 }),
  };
}

export interface BatchEntry {
  readonly id: string;
  readonly input: Input;
}

const MOST_ENTRIES = 10;

/** @throws AwsError EmptyBatchRequest, TooManyEntriesInBatchRequest, InvalidBatchEntryId, BatchEntryIdsNotDistinct */
export function entriesOf(input: Input, accepts: readonly string[]): BatchEntry[] {
  const entries = input['Entries'];
  if (!Array.isArray(entries) || entries.length === 0)
    throw new AwsError('EmptyBatchRequest', "The batch request doesn't contain any entries.");
  if (entries.length > MOST_ENTRIES) {
    const message = `Maximum number of entries per request are ${MOST_ENTRIES}. You have sent ${entries.length}.`;
    throw new AwsError('TooManyEntriesInBatchRequest', message);
  }
  const read = entries.map((entry: unknown): BatchEntry => {
    const fields = isObject(entry) ? entry : {};
    const other = Object.keys(fields).find((key) => key !== 'Id' && !accepts.includes(key));
    if (other !== undefined)
      throw invalid(`The local cloud does not support ${JSON.stringify(other.slice(0, 100))} of an entry`);
    return { id: textOf(fields, 'Id'), input: fields };
  });
  if (read.some(({ id }) => !/^[\w-]{1,80}$/.test(id)))
    throw new AwsError(
      'InvalidBatchEntryId',
      'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
    );
  if (new Set(read.map(({ id }) => id)).size < read.length)
    throw new AwsError('BatchEntryIdsNotDistinct', 'Two or more batch entries have the same Id.');
  return read;
}

export interface FailedEntry {
  readonly Id: string;
  readonly Code: string;
  readonly Message: string;
  readonly SenderFault: boolean;
}

/** Runs each entry by itself: a refused entry does not affect the others. */
export async function eachEntry<T>(
  entries: readonly BatchEntry[],
  run: (entry: BatchEntry) => T | Promise<T>,
): Promise<{ Successful: T[]; Failed: FailedEntry[] }> {
  const [Successful, Failed]: [T[], FailedEntry[]] = [[], []];
  const outcomes = await Promise.allSettled(entries.map(async (entry) => run(entry)));
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.status === 'fulfilled') {
      Successful.push(outcome.value);
      continue;
    }
    const error: unknown = outcome.reason;
    if (!(error instanceof AwsError)) throw error;
    const { code, message, status } = error;
    Failed.push({ Id: entries[index]!.id, Code: code, Message: message, SenderFault: status < 500 });
  }
  return { Successful, Failed };
}
