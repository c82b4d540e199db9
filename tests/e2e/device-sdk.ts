// Clients of the AWS IoT device SDK for tests, for MQTT 3.1.1 and MQTT 5 with the same interface.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { cleanup } from '../support/cleanup.ts';

/** How a client connects: mutual TLS with a device's files, or WebSocket with AWS credentials. */
export type Way =
  | { readonly kind: 'certificate'; readonly name: string; readonly folder: string }
  | { readonly kind: 'webSocket' };

export interface SdkOptions {
  readonly version: 4 | 5;
  /** Of the MQTT port, or of the web port. */
  readonly url: string;
  readonly way: Way;
  readonly clientId: string;
  /** Seconds that the session outlives the connection; MQTT 3.1.1 knows only whether it does. */
  readonly keepSession?: number;
  readonly will?: { readonly topic: string; readonly payload: string };
}

type Verb = 'publish' | 'subscribe' | 'leave';

/** From the test to the client's process. */
export interface Call {
  readonly id: number;
  readonly verb: Verb;
  readonly args: readonly [string, string];
}

/** From the client's process to the test. */
export type Answer =
  | { readonly kind: 'connected'; readonly sessionPresent: boolean }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'received'; readonly text: string }
  | { readonly kind: 'done'; readonly id: number; readonly error?: string };

export interface SdkClient {
  readonly sessionPresent: boolean;
  /** `<topic> <payload>` of all that came, in order. */
  readonly received: readonly string[];
  /** Resolves with the PUBACK; rejects where it refuses. */
  publish(topic: string, payload: string): Promise<void>;
  /** Resolves with the SUBACK; rejects where it refuses. */
  subscribe(filter: string): Promise<void>;
  /** Disconnects; the session is kept if the test says so. */
  leave(): Promise<void>;
  /** The process is killed, and no connection is closed properly. */
  die(): Promise<void>;
}

/** Rejects with the SDK's own words when the client is not let in. */
export async function connectSdk(options: SdkOptions): Promise<SdkClient> {
  const program = path.join(import.meta.dirname, 'device-sdk-program.ts');
  const child = fork(program, [JSON.stringify(options)]);
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const received: string[] = [];
  const waiting = new Map<number, PromiseWithResolvers<void>>();
  const connected = Promise.withResolvers<boolean>();
  const handle: { [K in Answer['kind']]: (answer: Extract<Answer, { kind: K }>) => void } = {
    connected: ({ sessionPresent }) => connected.resolve(sessionPresent),
    failed: ({ reason }) => connected.reject(new Error(reason)),
    received: ({ text }) => received.push(text),
    done({ id, error }) {
      if (error === undefined) waiting.get(id)?.resolve();
      else waiting.get(id)?.reject(new Error(error));
    },
  };
  child.on('message', (answer: Answer) => (handle[answer.kind] as (answer: Answer) => void)(answer));
  const exited = once(child, 'exit');
  exited.then(
    () => {
      connected.reject(new Error('the program of the client ended'));
      for (const { reject } of waiting.values()) reject(new Error('the program of the client ended'));
    },
    (error: Error) => connected.reject(error),
  );
  const die = async () => {
    kill();
    await exited;
    process.removeListener('exit', kill);
  };
  // A test that fails before it says goodbye leaves no program behind.
  cleanup(die);
  const call = async (verb: Verb, first = '', second = '') => {
    const id = waiting.size;
    const answered = Promise.withResolvers<void>();
    waiting.set(id, answered);
    child.send({ id, verb, args: [first, second] } satisfies Call);
    await answered.promise;
  };
  try {
    return {
      sessionPresent: await connected.promise,
      received,
      publish: (topic, payload) => call('publish', topic, payload),
      subscribe: (filter) => call('subscribe', filter),
      async leave() {
        await call('leave');
        await die();
      },
      die,
    };
  } catch (error) {
    await die();
    throw error;
  }
}
