// Serves the requests of a function's thread in the table thread.

import type { MessagePort } from 'node:worker_threads';
import { DIRECT_OPERATIONS, writesOf, type DirectAnswer, type DirectCall } from './direct.ts';
import type { WireAnswer } from './engine.ts';
import { bodyOf, DynamoError } from './error.ts';

type Serve = (operation: string, body: string, done: (answer: WireAnswer) => void) => void;

const REFUSED: WireAnswer = {
  status: 400,
  body: bodyOf(new DynamoError('UnknownOperationException', 'This port only serves operations on items')),
};

/**
 * @param serve as `Engine.answer`. A request that it never answers is answered as lost when this thread and its port end.
 * @param written gets the number of items that a request wrote, before the answer is sent.
 */
export function serveDirectly(port: MessagePort, serve: Serve, written: (items: number) => void): void {
  port.on('message', ([id, operation, body]: DirectCall) => {
    const send = ({ status, body: answer }: WireAnswer) =>
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is not a window
      port.postMessage([id, status, answer] satisfies DirectAnswer);
    if (!DIRECT_OPERATIONS.has(operation)) {
      send(REFUSED);
      return;
    }
    serve(operation, body, (answered) => {
      if (answered.status === 200) written(writesOf(operation, body));
      send(answered);
    });
  });
  port.unref(); // the thread ends with its parent's port
}
