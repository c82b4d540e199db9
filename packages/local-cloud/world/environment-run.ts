// Runs one event in an environment of the world, with the context that Lambda gives a handler.

import { errorDocument, eventOf, type FromWorker, type ToWorker } from '../lambda/protocol.ts';
import type { Handler } from './environment-code.ts';
import { world } from './runtime.ts';

/** Megabytes; nothing is measured here. */
const HEAP_MB = 64;

function contextOf({ settings }: Handler, id: string, caller: ToWorker[2]): object {
  const started = world.elapsed();
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: '$LATEST',
    functionName: settings.functionName,
    memoryLimitInMB: String(settings.memoryMb),
    logGroupName: settings.logGroup,
    logStreamName: settings.logStream,
    clientContext: undefined,
    identity: caller && { ...caller },
    invokedFunctionArn: settings.functionArn,
    awsRequestId: id,
    getRemainingTimeInMillis: () => Math.max(0, Math.round(settings.timeoutMs - (world.elapsed() - started))),
  };
}

/** Answers by `post` once, unless the environment dies before. */
export async function invocation(
  handler: Handler,
  [id, payload, caller]: ToWorker,
  post: (answer: FromWorker) => void,
): Promise<void> {
  handler.surroundings.requestId = id;
  try {
    const result = await handler.run(eventOf(payload), contextOf(handler, id, caller));
    post(['done', JSON.stringify(result === undefined ? null : result), HEAP_MB]);
  } catch (error) {
    const { name, message, stack = '' } = error as Error;
    post(['failed', errorDocument(name, message, stack.split('\n')), HEAP_MB]);
  }
}
