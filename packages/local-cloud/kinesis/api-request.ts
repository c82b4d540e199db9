// Reads the JSON of a Kinesis call field by field, so that nothing of another shape gets further.

import { AwsError } from '../aws-error.ts';
import type { Input, JsonOperation } from '../aws/json-protocol.ts';
import type { Clock } from '../clock.ts';
import type { DataStream, DataStreams, OpenShard } from './streams.ts';

export interface Cloud {
  readonly streams: DataStreams;
  readonly clock: Clock;
}

export type Operation = JsonOperation<Cloud>;

export const invalid = (message: string) => new AwsError('ValidationException', message);

/** @throws AwsError ValidationException unless it is text of 1 to `longest` characters, or absent */
export function optionalText(input: Input, name: string, longest = 2048): string | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && value.length >= 1 && value.length <= longest) return value;
  throw invalid(`${name} must be text of 1 to ${longest} characters`);
}

export function textOf(input: Input, name: string, longest?: number): string {
  const value = optionalText(input, name, longest);
  if (value === undefined) throw invalid(`${name} is missing`);
  return value;
}

export function numberOf(input: Input, name: string, least: number, most: number, fallback: number): number {
  const value = input[name] ?? fallback;
  if (Number.isInteger(value) && Number(value) >= least && Number(value) <= most) return Number(value);
  throw invalid(`${name} must be a whole number from ${least} to ${most}`);
}

/** The stream that StreamName or StreamARN names. @throws AwsError */
export function streamOf({ streams }: Cloud, input: Input): DataStream {
  const name = optionalText(input, 'StreamName', 128);
  const arn = optionalText(input, 'StreamARN');
  if (name === undefined && arn === undefined) throw invalid('StreamName or StreamARN is missing');
  const stream = streams.stream(name ?? arn!.split('/').slice(1).join('/'));
  if (arn !== undefined && arn !== stream.spec.arn)
    throw new AwsError('ResourceNotFoundException', `there is no stream ${arn.slice(0, 256)}`);
  return stream;
}

export function shardOf(stream: DataStream, shardId: string): OpenShard {
  const shard = stream.shards.find(({ id }) => id === shardId);
  if (shard) return shard;
  throw new AwsError(
    'ResourceNotFoundException',
    `stream ${stream.spec.name} has no shard ${shardId.slice(0, 128)}`,
  );
}
