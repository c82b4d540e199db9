// The thread that dynalite runs in: its work stays off the broker's thread, and an exception in it ends only this thread.
import { parentPort, workerData } from 'node:worker_threads';
import { openStore, runOperation, type ServiceError, type Store } from './dynalite.ts';
import { checkRequest } from './request.ts';
import type { Answer, Call, Setup } from './thread.ts';

if (!parentPort) throw new Error('dynamodb-worker.ts runs as a worker thread only');
const port = parentPort;
const { dir, region, accountId } = workerData as Setup;

function parse(body: string): Record<string, unknown> | undefined {
  try {
    const data: unknown = JSON.parse(body);
    return data !== null && typeof data === 'object' && !Array.isArray(data)
      ? (data as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined; // answered as SerializationException
  }
}

const failure = (status: number, type: string, message: string) => ({
  status,
  body: JSON.stringify({ __type: type, message }),
});

async function answer(store: Store, operation: string, body: string): Promise<Omit<Answer, 'id'>> {
  const data = parse(body);
  if (!data)
    return failure(400, 'com.amazon.coral.service#SerializationException', 'The body is no JSON object');
  try {
    checkRequest(operation, data);
    return { status: 200, body: JSON.stringify(await runOperation(store, operation, data)) };
  } catch (error) {
    const { statusCode, body: answered } = error as Partial<ServiceError>;
    if (statusCode && answered) return { status: statusCode, body: JSON.stringify(answered) };
    const reason = error instanceof Error ? error.stack : String(error);
    const text = failure(
      500,
      'com.amazonaws.dynamodb.v20120810#InternalServerError',
      'Internal server error, see the log',
    );
    return { ...text, fault: `${operation}: ${reason}` };
  }
}

const store = await openStore(dir, region, accountId);

/** After a write that the disk refused nothing more is answered, and the next thread opens the tables anew. */
let isEnding = false;
const end = () => port.close();

port.on('message', (call: Call | 'close') => {
  if (call === 'close') {
    void store.db.close().then(() => port.close());
    return;
  }
  void answer(store, call.operation, call.body).then((answered) => {
    if (isEnding) return; // answered as lost when this thread ends
    port.postMessage({ id: call.id, ...answered } satisfies Answer);
    if (!store.isTorn() && !answered.fault?.includes('IO error')) return;
    isEnding = true;
    void store.db.close().then(end, end);
  });
});
port.postMessage('open');
