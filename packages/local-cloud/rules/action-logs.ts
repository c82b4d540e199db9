// CloudwatchLogs: a rule's result as one event of a log group, or in batch mode as many.

import { AwsError } from '../aws-error.ts';
import { bytesOf, type CompileAction, type LogEvent, type Selected } from './action.ts';
import { memberOf, type Value } from '../json/value.ts';

/** PutLogEvents: at most 10,000 events, 1 MiB with 26 bytes for each. */
const MAX_EVENTS = 10_000;
const MAX_BYTES = 1_048_576;
const EVENT_OVERHEAD = 26;

function toEvent(element: Value): LogEvent {
  const [timestamp, message] = [memberOf(element, 'timestamp'), memberOf(element, 'message')];
  if (typeof timestamp === 'number' && Number.isSafeInteger(timestamp) && typeof message === 'string') {
    return { timestamp, message };
  }
  throw new AwsError(
    'InvalidParameterException',
    'in batch mode the SQL gives an Array of objects with timestamp (milliseconds) and message (text)',
  );
}

function batchOf({ output }: Selected): LogEvent[] {
  const { value } = output.kind === 'json' ? output : { value: undefined };
  return Array.isArray(value) ? value.map(toEvent) : [toEvent(value)];
}

function checkSize(events: readonly LogEvent[]): void {
  let bytes = 0;
  for (const { message } of events) bytes += Buffer.byteLength(message) + EVENT_OVERHEAD;
  if (events.length > MAX_EVENTS || bytes > MAX_BYTES) {
    throw new AwsError('InvalidParameterException', 'a batch has at most 10,000 events and 1 MiB');
  }
}

export const cloudwatchLogs: CompileAction = (fields, targets) => {
  const logs = fields.need(targets.logs);
  const group = fields.target('LogGroupName');
  const batch = fields.choice('BatchMode', ['false', 'true']) === 'true';
  const single = ({ output, scope }: Selected): LogEvent => ({
    timestamp: scope.message.message.receivedAt,
    message: bytesOf(output).toString('utf8'),
  });
  return {
    name: 'CloudwatchLogsAction',
    resource: fields.raw('LogGroupName'),
    prepare(selected) {
      const events = batch ? batchOf(selected) : [single(selected)];
      checkSize(events);
      const name = group(selected.scope);
      return () => (events.length > 0 ? logs.put(name, events) : Promise.resolve());
    },
  };
};
