// The thread of the tables: their work does not block the broker's thread, and an exception ends only this thread.

import { parentPort, workerData } from 'node:worker_threads';
import { syncDirectory } from '../files/durable-files.ts';
import type { Connect } from './direct.ts';
import { openEngine, type Admit, type WireAnswer } from './engine.ts';
import { createTableGuard } from '../iam/table-guard.ts';
import { openFile } from './open-file.ts';
import { serveDirectly } from './serve-directly.ts';
import type { Answer, Call, Note, Setup } from './thread.ts';

if (!parentPort) throw new Error('dynamodb/worker.ts runs as a worker thread only');
const port = parentPort;
const { dir, region, accountId, directWrites, guard: guardSetup } = workerData as Setup;

const engine = openEngine({
  file: await openFile(dir, (text) => port.postMessage({ note: text })),
  region,
  accountId,
});
// SQLite would sync the directory with its first sync of the log, which this code does instead of SQLite.
await syncDirectory(dir);

const guard =
  guardSetup && createTableGuard(guardSetup, (calls) => port.postMessage({ calls } satisfies Note));

/** After a failed sync this thread answers nothing more, and the next thread opens the tables again. */
let isEnding = false;
const end = () => port.close();

function serve(operation: string, body: string, done: (answer: WireAnswer) => void, admit?: Admit): void {
  const answer = (answered: WireAnswer) => {
    if (isEnding) return; // answered as lost when this thread ends
    done(answered);
    if (!engine.isBroken()) return;
    isEnding = true;
    void engine.close().then(end, end);
  };
  engine.answer(operation, body, answer, admit);
}

function serveFunction({ connect, functionId }: Connect): void {
  const admit = functionId === undefined ? undefined : guard?.for(functionId);
  const written = (items: number) => {
    Atomics.add(directWrites, 0, BigInt(items));
    if (items > 0 && engine.hasStreams()) port.postMessage({ written: true } satisfies Note);
  };
  serveDirectly(
    connect,
    (operation, body, done) => {
      const answer = (answered: WireAnswer) => {
        if (answered.fault !== undefined) port.postMessage({ fault: answered.fault } satisfies Note);
        done(answered);
      };
      serve(operation, body, answer, admit);
    },
    written,
  );
}

port.on('message', (message: Call | Connect | 'close') => {
  if (message === 'close') {
    guard?.report();
    void engine.close().then(end);
  } else if ('connect' in message) serveFunction(message);
  else {
    const { id, operation, body } = message;
    serve(operation, body, (answered) => port.postMessage({ id, ...answered } satisfies Answer));
  }
});
port.postMessage('open');
