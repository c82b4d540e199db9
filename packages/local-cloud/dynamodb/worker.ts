// The thread that the tables are in: their work stays off the broker's thread, and an exception in it ends only this thread.
import { parentPort, workerData } from 'node:worker_threads';
import { syncDirectory } from '../files/durable-files.ts';
import { openEngine, type WireAnswer } from './engine.ts';
import { openFile } from './open-file.ts';
import type { Answer, Call, Setup } from './thread.ts';

if (!parentPort) throw new Error('dynamodb/worker.ts runs as a worker thread only');
const port = parentPort;
const { dir, region, accountId } = workerData as Setup;

const engine = openEngine({
  file: await openFile(dir, (text) => port.postMessage({ note: text })),
  region,
  accountId,
});
// SQLite would do so with its first sync of the log, which is done here instead.
await syncDirectory(dir);

/** After a sync that the disk refused nothing more is answered, and the next thread opens the tables anew. */
let isEnding = false;
const end = () => port.close();

function send(id: number, answered: WireAnswer): void {
  if (isEnding) return; // answered as lost when this thread ends
  port.postMessage({ id, ...answered } satisfies Answer);
  if (!engine.isBroken()) return;
  isEnding = true;
  void engine.close().then(end, end);
}

port.on('message', (call: Call | 'close') => {
  if (call === 'close') void engine.close().then(end);
  else engine.answer(call.operation, call.body, (answered) => send(call.id, answered));
});
port.postMessage('open');
