// The messages between the process and a function's worker thread: short arrays of text, the cheapest thing to clone.

import type { MessagePort } from 'node:worker_threads';
import type { Caller } from '../aws/wire.ts';
import type { LayerRoot } from '../template/layers.ts';

/** Requests for items to this address of the AWS port go by this port instead, see dynamodb/direct.ts. */
export interface TablesDoor {
  readonly endpoint: string;
  readonly port: MessagePort;
}

export interface WorkerSettings {
  /** Absolute path of the bundle. */
  readonly file: string;
  readonly handlerName: string;
  readonly functionName: string;
  readonly functionArn: string;
  readonly memoryMb: number;
  readonly timeoutMs: number;
  readonly logGroup: string;
  readonly logStream: string;
  /** Where packages are searched for that the code itself does not find. */
  readonly packageRoots: readonly LayerRoot[];
  /** Variables that are for Node and not for the function. */
  readonly hidden: readonly string[];
  readonly tables: TablesDoor | undefined;
}

/** One invocation: request id, event as JSON text or its bytes in UTF-8, and the Cognito identity that invoked, if one did. */
export type ToWorker = readonly [requestId: string, payload: string | Uint8Array, caller: Caller | undefined];

/** What of an event is moved to the thread and not copied. */
export const memoryOf = (payload: ToWorker[1]): ArrayBuffer[] =>
  typeof payload === 'string' ? [] : [payload.buffer as ArrayBuffer];

/** The event of an invocation. */
export function eventOf(payload: ToWorker[1]): unknown {
  if (typeof payload === 'string') return JSON.parse(payload);
  const { buffer, byteOffset, byteLength } = payload;
  return JSON.parse(Buffer.from(buffer, byteOffset, byteLength).toString('utf8'));
}

export type FromWorker =
  | readonly [kind: 'ready']
  /** The handler could not be imported: Lambda's error document as JSON text. */
  | readonly [kind: 'broken', payload: string]
  | readonly [kind: 'output', text: string]
  | readonly [kind: 'done', payload: string, heapMb: number]
  /** The handler threw or rejected: Lambda's error document as JSON text. */
  | readonly [kind: 'failed', payload: string, heapMb: number]
  /** Nobody caught an error: the thread ends right after this. */
  | readonly [kind: 'crashed', payload: string];

/**
 * An event as JSON text; a large one is written only once an environment is free for it, so that those that wait take no room. Bytes are moved
 * to the environment, so their memory must be their own.
 */
export type Payload = string | (() => string | Buffer);

/** Bytes of a synchronous request or response: 6 MB and a little for the envelope, as the Lambda API states it. */
export const PAYLOAD_LIMIT = 6_291_556;

/** Lambda's error document. */
export function errorDocument(errorType: string, errorMessage: string, trace?: readonly string[]): string {
  return JSON.stringify({ errorType, errorMessage, ...(trace && { trace }) });
}
