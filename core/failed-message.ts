// Reads an object of the errors bucket: what failed, why, and which messages a replay would send to the ingest function.

import { isObject } from './formats/draft.ts';
import { mappableOf } from './message.ts';
import { bytesOf, ruleEventOf } from './rule-event.ts';
import { eventOf } from './stream-record.ts';

/** By the start of the key: `rejected/`, `rules/`, `aws/lambda/`. */
export const FAILURE_KINDS = ['rejected', 'rule', 'function'] as const;
export type FailureKind = (typeof FAILURE_KINDS)[number];

export const FAILURE_PREFIXES: Readonly<Record<FailureKind, string>> = {
  rejected: 'rejected/',
  rule: 'rules/',
  function: 'aws/lambda/',
};

export interface FailedMessage {
  readonly kind: FailureKind;
  readonly deviceId?: string;
  readonly traceId?: string;
  /** When the message arrived, epoch milliseconds; absent if the object does not say. */
  readonly receivedAt?: number;
  /** One sentence or word each. */
  readonly reasons: readonly string[];
  readonly again: Again;
}

/** What a replay can do. `archived`: an older version wrote the object without the message; the archive has it, by its traceId. */
export type Again =
  | { readonly events: readonly unknown[] }
  | {
      readonly archived: { readonly traceId: string; readonly receivedAt: number; readonly deviceId: string };
    }
  | { readonly problem: string };

const RULES_OF_TELEMETRY = ['TelemetryRule', 'MalformedRule'];
/** Actions that hand a message to the ingest function. */
const TO_INGEST = ['LambdaAction', 'KinesisAction'];
const BASIC_INGEST = /^\$aws\/rules\/[^/]+\//;
const MAX_REASONS = 10;
const MAX_REASON_LENGTH = 400;

export const kindOf = (key: string): FailureKind | undefined =>
  FAILURE_KINDS.find((kind) => key.startsWith(FAILURE_PREFIXES[kind]));

/** `text`: the object's content. Undefined if the key does not belong to the errors bucket. Never throws. */
export function failedMessageOf(key: string, text: string): FailedMessage | undefined {
  const kind = kindOf(key);
  if (kind === undefined) return undefined;
  const content = jsonIn(text);
  if (!isObject(content)) {
    const problem = 'the object is not JSON: inspect it with aws s3 cp';
    return { kind, reasons: [problem], again: { problem } };
  }
  const found = { rejected, rule: ofRule, function: ofFunction }[kind](content, key);
  const reasons = found.reasons.slice(0, MAX_REASONS).map((reason) => reason.slice(0, MAX_REASON_LENGTH));
  return { kind, ...found, reasons };
}

type Described = Omit<FailedMessage, 'kind'>;
type Content = Readonly<Record<string, unknown>>;

function rejected(content: Content): Described {
  const { deviceId, traceId, receivedAt } = content;
  const reasons = listIn(content['rejected']).map(({ index, reason, detail }) => {
    const which = typeof index === 'number' ? `reading ${index}: ` : '';
    return `${which}${String(reason)}: ${String(detail)}`;
  });
  if (!isText(deviceId) || !isText(traceId) || typeof receivedAt !== 'number')
    return { reasons, again: { problem: 'its device is unknown, because no rule sent the message' } };
  const known = { deviceId, traceId, receivedAt };
  // Objects of earlier versions have no event.
  const { event } = content;
  const isWhole = mappableOf(event)?.context.traceId === traceId;
  return { ...known, reasons, again: isWhole ? { events: [event] } : { archived: known } };
}

/** The name ends in the time at which the rule failed: `<epoch ms>-<uuid>.json`. */
function ofRule(content: Content, key: string): Described {
  const { ruleName, topic, cloudwatchTraceId: traceId, clientId } = content;
  const failures = listIn(content['failures']);
  const reasons = failures.map(
    ({ failedAction, errorMessage }) => `${String(failedAction)}: ${String(errorMessage)}`,
  );
  const receivedAt = Number(/\/(\d{13})-[^/]*$/.exec(key)?.[1]);
  const plain = isText(topic) ? topic.replace(BASIC_INGEST, '') : '';
  const event = ruleEventOf(plain, bytesOf(content['base64OriginalPayload']), {
    receivedAt,
    traceId: isText(traceId) ? traceId : `at-${receivedAt}`,
  });
  const context = mappableOf(event)?.context;
  const known = {
    ...(context && { deviceId: context.deviceId, receivedAt, traceId: context.traceId }),
    reasons: isText(topic) ? reasons.map((reason) => `${reason} (${topic})`) : reasons,
  };
  const of = (problem: string): Described => ({ ...known, again: { problem } });
  if (!RULES_OF_TELEMETRY.includes(String(ruleName)) || !context)
    return of(`${String(ruleName)} does not handle readings: there is nothing to replay`);
  if (!failures.some(({ failedAction }) => TO_INGEST.includes(String(failedAction))))
    return of('ingest already has its readings; only the archive failed, and a replay cannot write to it');
  return { ...known, again: { events: [{ ...event, ...(isText(clientId) && { clientId }) }] } };
}

function ofFunction(content: Content): Described {
  const request = isObject(content['requestContext']) ? content['requestContext'] : {};
  const response = isObject(content['responsePayload']) ? content['responsePayload'] : {};
  const name = textOf(request['functionArn'], '').split(':function:').at(-1)!;
  const reason = textOf(response['errorMessage'], textOf(request['condition'], 'failed'));
  const reasons = [`${name.replace(/:\$LATEST$/, '')}: ${reason}`];
  const events = isText(content['payload'])
    ? listIn((jsonIn(content['payload']) as Content | undefined)?.['Records']).map(({ kinesis }) =>
        eventOf(isObject(kinesis) ? kinesis['data'] : undefined),
      )
    : [content['requestPayload']];
  const messages = events.filter((event) => mappableOf(event) !== undefined);
  const context = mappableOf(messages[0])?.context;
  if (!context)
    return {
      reasons,
      again: { problem: 'it is not a message from a device: docs/operations.md says what to do' },
    };
  const { deviceId, receivedAt, traceId } = context;
  const one = messages.length === 1 ? { deviceId, receivedAt, traceId } : { receivedAt };
  return { ...one, reasons, again: { events: messages } };
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

const textOf = (value: unknown, without: string): string => (isText(value) ? value : without);

const listIn = (value: unknown): Content[] => (Array.isArray(value) ? value.filter(isObject) : []);

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // anyone with write access to the bucket may put anything there
  }
}
