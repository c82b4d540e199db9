// The types of rule actions and of the services that they use.

import type { MessageProperties } from '../mqtt/message.ts';
import type { Fields } from './action-fields.ts';
import type { AttributeValue } from './dynamodb-item.ts';
import type { Scope } from './scope.ts';
import type { Output, Substitute } from './statement.ts';
import { jsonOf } from '../json/value.ts';

/** A line of a log group. */
export interface LogEvent {
  /** Epoch milliseconds. */
  readonly timestamp: number;
  readonly message: string;
}

export interface Republished {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1;
  readonly properties?: MessageProperties;
}

export interface HttpClient {
  /** Names of other hosts that rules may post to; `any` where nothing is really posted. */
  readonly hosts: readonly string[] | 'any';
  /** Resolves once the server has answered 2xx. @throws AwsError with the status of another answer */
  post(url: string, headers: Readonly<Record<string, string>>, body: Buffer): Promise<void>;
}

/**
 * The services that actions deliver to; each rejects with AwsError for a resource that it does not have. A rule whose
 * action needs a service that is absent is refused.
 */
export interface RuleTargets {
  /** `source`: principal and client of the message, so that no client's events wait for the backlog of another. */
  readonly lambda?: {
    invokeAsync(functionName: string, payload: string, source: readonly string[]): Promise<void>;
  };
  readonly streams?: { put(streamName: string, records: readonly Buffer[]): Promise<void> };
  readonly dataStreams?: {
    put(streamName: string, record: { partitionKey: string; data: Buffer }): Promise<unknown>;
  };
  readonly store?: {
    put(bucket: string, key: string, body: Buffer, options?: { contentType?: string }): Promise<unknown>;
  };
  readonly topics?: {
    publish(input: { topicArn: string; message: string; messageStructure?: 'json' }): Promise<unknown>;
  };
  readonly queues?: { put(queue: string, body: string): Promise<unknown> };
  readonly tables?: { put(tableName: string, item: Record<string, AttributeValue>): Promise<void> };
  readonly logs?: { put(logGroup: string, events: readonly LogEvent[]): Promise<void> };
  readonly http?: HttpClient;
  readonly publish?: (message: Republished) => Promise<void>;
}

/** What a rule's SQL selected from one message. */
export interface Selected {
  readonly output: Output;
  readonly scope: Scope;
}

export interface Action {
  /** Its name in the message to the error action. */
  readonly name: string;
  readonly resource: string;
  /** The same for one message, where the resource has a substitution. */
  readonly resourceOf?: Substitute;
  /** Does what needs the message, and returns a delivery that may be repeated: it resolves when delivered, or rejects. */
  prepare(selected: Selected): () => Promise<unknown>;
}

/** @throws StartError naming the template line of an action that the local cloud cannot run */
export type CompileAction = (fields: Fields, targets: RuleTargets) => Action;

export const bytesOf = (output: Output): Buffer =>
  output.kind === 'bytes' ? output.bytes : Buffer.from(jsonOf(output.value));
