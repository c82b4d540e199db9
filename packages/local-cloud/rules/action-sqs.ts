// Sqs: a rule's result as one message of a queue, as text or in base64.

import { bytesOf, type CompileAction } from './action.ts';

export const sqs: CompileAction = (fields, targets) => {
  const queues = fields.need(targets.queues);
  const queueOf = fields.target('QueueUrl');
  const encoding = fields.choice('UseBase64', ['false', 'true']) === 'true' ? 'base64' : 'utf8';
  return {
    name: 'SqsAction',
    resource: fields.raw('QueueUrl'),
    prepare({ output, scope }) {
      const [queue, body] = [queueOf(scope), bytesOf(output).toString(encoding)];
      return async () => {
        await queues.put(queue, body);
      };
    },
  };
};
