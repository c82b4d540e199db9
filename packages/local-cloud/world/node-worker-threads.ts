// Replaces `node:worker_threads` in a world: a function's environment is a life of its own in this thread, and its handler is the same.

import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { loadHandler, type Handler } from './environment-code.ts';
import { surround, type Surroundings } from './environment-globals.ts';
import { invocation } from './environment-run.ts';
import type { FromWorker, ToWorker, WorkerSettings } from '../lambda/protocol.ts';
import { ROOT } from './mount.ts';
import type { TablesPort } from './world-tables.ts';
import { createLife, currentLife, inLife, later, world, type Life } from './runtime.ts';

export * from 'node:worker_threads';

const port = { close() {}, on() {}, once() {}, ref() {}, unref() {}, postMessage() {} };

export class MessageChannel {
  readonly port1 = port;
  readonly port2 = port;
}

/** Milliseconds that a message between threads takes, and an import, at most. */
const MESSAGE_MS = 0.3;
const IMPORT_MS = 400;
/** How long an environment that was given up while it was frozen goes on. */
const ORPHAN_MS = 3000;

export interface RunningEnvironment {
  readonly life: Life;
  readonly functionName: string;
  /** Ends it as a crash of the function's process would. */
  crash(): void;
  isBusy(): boolean;
}

let lastFiles = 0;

/** The AWS SDK, which environments share, reads a file once; each environment has to find for itself that it has none. */
function ownFiles(): Readonly<Record<string, string>> {
  lastFiles += 1;
  const file = `${ROOT}/no-settings-${lastFiles}`;
  return { AWS_CONFIG_FILE: file, AWS_SHARED_CREDENTIALS_FILE: file };
}

const running = new Set<RunningEnvironment>();

/** The environments of this moment, in the order in which they began. */
export function environments(): readonly RunningEnvironment[] {
  forgetDead();
  return [...running];
}

/** Those of a process that was killed end with it. */
function forgetDead(): void {
  for (const each of running) if (!each.life.isAlive) running.delete(each);
}

export class Worker extends EventEmitter {
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly #owner = currentLife();
  readonly #life: Life;
  readonly #entry: RunningEnvironment;
  #handler: Handler | undefined;
  #work = 0;
  /** Given up by its process, which hears nothing more of it. */
  #isAbandoned = false;

  constructor(
    _file: URL,
    options: { name: string; workerData: WorkerSettings; env: Record<string, string> },
  ) {
    super();
    const settings = options.workerData;
    this.#life = createLife(options.name, this.#owner);
    this.#entry = {
      life: this.#life,
      functionName: options.name,
      crash: () => this.#exit(1),
      isBusy: () => this.#work > 0,
    };
    forgetDead();
    running.add(this.#entry);
    const own: Surroundings = {
      env: { ...options.env, ...ownFiles() },
      tables: settings.tables?.port as TablesPort | undefined,
      print: (text) => this.#post(['output', text]),
      requestId: '',
    };
    surround(this.#life, own);
    inLife(this.#life, () => {
      later(world.random().next() * IMPORT_MS, () => {
        const loaded = loadHandler(settings, own);
        if (typeof loaded === 'string') {
          this.#post(['broken', loaded]);
          later(1, () => this.#exit(0));
          return;
        }
        this.#handler = loaded;
        this.#post(['ready']);
      });
    });
  }

  /** Messages of a thread come in order. */
  #post(message: FromWorker): void {
    if (this.#isAbandoned) return;
    if (message[0] === 'output') {
      inLife(this.#owner, () => void this.emit('message', message));
      return;
    }
    inLife(
      this.#owner,
      () => void later(MESSAGE_MS, () => this.#life.isAlive && this.emit('message', message)),
    );
  }

  #exit(code: number): void {
    if (!this.#life.isAlive) return;
    this.#life.kill();
    running.delete(this.#entry);
    inLife(this.#owner, () => void later(0, () => this.emit('exit', code)));
  }

  postMessage(message: ToWorker): void {
    inLife(this.#life, () => {
      later(MESSAGE_MS, () => {
        this.#work += 1;
        void invocation(this.#handler!, message, (answer) => {
          this.#work -= 1;
          this.#post(answer);
        });
      });
    });
  }

  /** One that is frozen goes on for a moment when it is thawed, as a machine of Lambda that nobody could reach does. */
  #abandon(frozenMs: number): void {
    this.#isAbandoned = true;
    running.delete(this.#entry);
    inLife(this.#owner, () => {
      later(frozenMs + ORPHAN_MS, () => this.#life.kill());
      later(0, () => this.emit('exit', 1));
    });
  }

  async terminate(): Promise<number> {
    const frozenMs = this.#life.frozenUntil - world.elapsed();
    if (frozenMs <= 0) this.#exit(1);
    else if (!this.#isAbandoned) this.#abandon(frozenMs);
    return 1;
  }
}
