// The record that Lambda writes for an asynchronous event that it gave up, and the destinations it can write to.

import { randomUUID } from 'node:crypto';
import { StartError } from '../start-error.ts';
import type { FunctionSpec } from '../template/functions.ts';

/** Why an event was given up, in Lambda's words. */
export type Condition = 'RetriesExhausted' | 'EventAgeExceeded' | 'ZeroReservedConcurrency';

export interface GivenUp {
  readonly requestId: string;
  readonly condition: Condition;
  /** Attempts made. */
  readonly invokeCount: number;
  /** The event as JSON text. */
  readonly payload: string;
  /** Error document of the last attempt; absent when the function never ran. */
  readonly response: string | undefined;
  /** Epoch milliseconds. */
  readonly time: number;
}

/** The parts of the local cloud that a record can go to. */
export interface Destinations {
  readonly s3?: (
    bucket: string,
    key: string,
    body: Buffer,
    options?: { contentType?: string },
  ) => Promise<unknown>;
  readonly sns?: (input: { topicArn: string; message: string }) => Promise<unknown>;
  readonly sqs?: (input: { queueArn: string; body: string }) => Promise<unknown>;
  readonly lambda?: (functionArn: string, payload: string) => Promise<unknown>;
}

/** Numbers keep their digits this way: the event's own text goes into the record. */
function embed(text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch {
    return JSON.stringify(text);
  }
}

/**
 * The invocation record as JSON text.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 */
export function invocationRecord(spec: FunctionSpec, event: GivenUp): string {
  const head = {
    version: '1.0',
    timestamp: new Date(event.time).toISOString(),
    requestContext: {
      requestId: event.requestId,
      functionArn: `${spec.arn}:$LATEST`,
      condition: event.condition,
      approximateInvokeCount: event.invokeCount,
    },
  };
  const context = JSON.stringify({
    statusCode: 200,
    executedVersion: '$LATEST',
    functionError: 'Unhandled',
  });
  const response =
    event.response === undefined
      ? ''
      : `,"responseContext":${context},"responsePayload":${embed(event.response)}`;
  return `${JSON.stringify(head).slice(0, -1)},"requestPayload":${embed(event.payload)}${response}}`;
}

/** `aws/lambda/async/<function>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<UUID>`, as the same page names it. */
export function recordKey(functionName: string, time: number, id: string): string {
  const [date = '', clock = ''] = new Date(time).toISOString().slice(0, 19).split('T');
  return `aws/lambda/async/${functionName}/${date.replaceAll('-', '/')}/${date}T${clock.replaceAll(':', '.')}-${id}`;
}

/** Writes one record; rejects when it could not be written. */
export type Deliver = (event: GivenUp) => Promise<void>;

type DestinationType = NonNullable<FunctionSpec['async']['onFailure']>['type'];

/**
 * @returns undefined for a function without a failure destination.
 * @throws StartError for a destination that the local cloud does not have.
 */
export function createDeliver(
  spec: FunctionSpec,
  destinations: Destinations,
  newId: () => string = randomUUID,
): Deliver | undefined {
  const target = spec.async.onFailure;
  if (!target) return undefined;
  const { s3, sns, sqs, lambda } = destinations;
  const bucket = target.arn.split(':').slice(5).join(':');
  const ways: { readonly [T in DestinationType]: ((event: GivenUp) => Promise<unknown>) | undefined } = {
    s3:
      s3 &&
      ((event) =>
        s3(
          bucket,
          recordKey(spec.name, event.time, newId()),
          Buffer.from(invocationRecord(spec, event), 'utf8'),
          { contentType: 'application/json' },
        )),
    sns: sns && ((event) => sns({ topicArn: target.arn, message: invocationRecord(spec, event) })),
    lambda: lambda && ((event) => lambda(target.arn, invocationRecord(spec, event))),
    sqs: sqs && ((event) => sqs({ queueArn: target.arn, body: invocationRecord(spec, event) })),
  };
  const way = ways[target.type];
  if (!way) {
    throw new StartError(
      `${spec.declaredAt}: ${spec.logicalId}: a failure destination of type ${target.type} is not supported by the local ` +
        `cloud: use an S3 bucket`,
    );
  }
  return async (event) => {
    await way(event);
  };
}
