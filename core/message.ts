// The edge of the system: turns one event of an IoT rule into its readings, each accepted or rejected on its own.

import { isObject, pathText, unusedPaths, type Draft, type Json } from './formats/draft.ts';
import { childBeside, namedByLevels, sensorLevels } from './formats/child.ts';
import { readAnyFormat } from './formats/formats.ts';
import { draftsOfOutput } from './mapping-output.ts';
import { MAX_READINGS, packFault } from './message-pack.ts';
import { createSources, isPart, partAt, type Source } from './message-source.ts';
import type { Mapped } from './mapping.ts';
import { readPayload, valueOf } from './payload-text.ts';
import {
  parseReading,
  type Fault,
  type MessageContext,
  type Reading,
  type Rejection,
  type Skipped,
  type TimeLimits,
} from './reading.ts';
import { bytesOf, contextOf, exactEventOf, isRawPayload, levelsOf, payloadOf } from './rule-event.ts';

/** If nothing is accepted or rejected, the format knows that the message has nothing to measure. */
export interface ParsedMessage {
  /** Absent if the event lacks what the rule adds. */
  readonly context?: MessageContext;
  /** Name of the format; absent if the message was rejected before the format was known. */
  readonly format?: string;
  readonly accepted: readonly Reading[];
  readonly rejected: readonly Rejection[];
  /** Everything in the payload that is in no reading. */
  readonly skipped: readonly Skipped[];
  /** Number of values whose decimals beyond the fifteenth were rounded away. */
  readonly rounded: number;
  /** The part of the message that an accepted reading came from, in case it must be rejected later. */
  readonly sourceOf: (reading: Reading) => Source;
  /** The id that the device gave an accepted reading, if any. */
  readonly idOf: (reading: Reading) => string | undefined;
  /** The whole event, with all digits if its text is available; absent if it lacks what the rule adds. */
  readonly event?: () => unknown;
}

/**
 * Parses one event of TelemetryRule (the members of a JSON object) or of MalformedRule (`{ rawPayload }`, base64), each
 * with deviceId, site, receivedAt, clientId, traceId and the deeper topic levels beside it. Never throws: a part that cannot
 * be used is in `rejected`, one entry per reading, or named in `skipped`, and does not affect the other parts. If the
 * device has a mapping, its result (`mapped`) is read instead of the payload. `asSent`: the event with all digits of its
 * numbers, if its text is available; rejections keep it.
 */
export function parseMessage(
  event: unknown,
  limits: TimeLimits,
  mapped?: Mapped,
  asSent: () => unknown = () => event,
): ParsedMessage {
  const context = contextOf(event);
  if ('fault' in context) return rejectWhole(undefined, context, asSent());
  const exact = exactEventOf(event as Json);
  const payload = payloadOf(exact?.event ?? (event as Json));
  const levels = levelsOf(event as Json);
  const sent = () => payloadOf(exact?.asSent() ?? (asSent() as Json));
  const found =
    mapped && !('isFormat' in mapped)
      ? fromMapping(mapped, sent, levels)
      : fromPayload(payload, sent, levels);
  if ('fault' in found) return { ...rejectWhole(context, found, sent()), event: asSent };
  return { ...collect(context, limits, mapped ? withUnitsOf(mapped, found) : found), event: asSent };
}

/** The input of a mapping; undefined if the event lacks what the rule adds. */
export function mappableOf(event: unknown):
  | {
      readonly context: MessageContext;
      readonly levels: readonly string[];
      /** JSON, text that is not JSON, or base64 of bytes that are not text. */
      readonly payload: unknown;
    }
  | undefined {
  const context = contextOf(event);
  if ('fault' in context) return undefined;
  const payload = payloadOf(exactEventOf(event as Json)?.event ?? (event as Json));
  const value = isRawPayload(payload) ? valueOf(bytesOf(payload['rawPayload'])) : payload;
  return { context, levels: levelsOf(event as Json), payload: value };
}

type ExpressionMapped = Exclude<Mapped, { readonly isFormat: true }>;

/** A payload that was split into drafts. */
interface Drafted {
  readonly format: string;
  readonly payload: unknown;
  readonly drafts: readonly Draft[];
  /** The parts that the drafts do not use; they are reported as skipped. */
  readonly unused: readonly Skipped[];
  /** The message as it came, with all digits if known: the same as `payload` unless a mapping made that. */
  readonly sent: () => unknown;
  readonly isMapped?: true;
}

/** Adds the settings of a mapping other than its expression. */
function withUnitsOf({ units, celsius }: Mapped, found: Drafted): Drafted {
  if (!units && !celsius) return found;
  const settings = { ...(units && { units }), ...(celsius && { inCelsius: true }) };
  return { ...found, drafts: found.drafts.map((draft) => ({ ...draft, ...settings })) };
}

function fromMapping(
  mapped: ExpressionMapped,
  sent: () => unknown,
  levels: readonly string[],
): Drafted | Fault {
  const failed = (detail: string): Fault => ({
    fault: 'mapping-failed',
    detail: `mapping ${mapped.id}: ${detail}`,
  });
  if ('problem' in mapped) return failed(mapped.problem);
  const { id, output } = mapped;
  const drafts = draftsOfOutput(output);
  if (!drafts) return failed('its result is neither an object nor an array of objects');
  if (drafts.length > MAX_READINGS) return failed(`its result has more than ${MAX_READINGS} readings`);
  const named = drafts.map((draft) => withChild(draft, levels));
  return { format: `mapping ${id}`, payload: output, drafts: named, unused: [], sent, isMapped: true };
}

function fromPayload(payload: Json, sent: () => unknown, levels: readonly string[]): Drafted | Fault {
  return isRawPayload(payload)
    ? fromBytes(bytesOf(payload['rawPayload']), levels)
    : fromJson(payload, sent, levels);
}

function fromBytes(bytes: Buffer, levels: readonly string[]): Drafted | Fault {
  const found = readPayload(bytes);
  if (found.kind === 'none') return { fault: 'not-json-object', detail: found.detail };
  if (found.kind === 'json') return fromJson(found.value, found.sent, levels);
  if (found.kind === 'text') return drafted(found.text, () => found.text, levels);
  const { child, metric } = namedByLevels(levels);
  const draft = { at: [], times: [], values: [{ path: [], name: [metric], value: found.value }] };
  return {
    format: 'value',
    payload: found.value,
    drafts: [withChild(draft, child)],
    unused: [],
    sent: found.sent,
  };
}

function fromJson(payload: unknown, sent: () => unknown, levels: readonly string[]): Drafted | Fault {
  if (isObject(payload) && Object.hasOwn(payload, 'readings')) {
    const fault = packFault(payload['readings']);
    if (fault) return fault;
  }
  if (Array.isArray(payload) && payload.length === 0)
    return { fault: 'no-readings', detail: 'the array is empty' };
  return drafted(payload, sent, levels);
}

function drafted(payload: unknown, sent: () => unknown, levels: readonly string[]): Drafted | Fault {
  const found = readAnyFormat(payload, levels);
  if (!found) return { fault: 'not-json-object', detail: 'payload is not a JSON object' };
  const { format } = found;
  const drafts = format === 'general' ? found.drafts : found.drafts.filter(isReading);
  if (drafts.length > MAX_READINGS) {
    return { fault: 'too-many-readings', detail: `message has more than ${MAX_READINGS} readings` };
  }
  const reason = 'not-measured';
  // The general format takes every member of an object.
  const isWhole = format === 'general' && drafts.length === 1 && drafts[0]!.at?.length === 0;
  const paths = isWhole
    ? []
    : [...unusedPaths(payload, drafts), ...drafts.flatMap(({ unmeasured }) => unmeasured ?? [])];
  const unused = paths.map((path) => ({ name: pathText(path), reason }) as const);
  const own = format === 'general' ? levels : sensorLevels(levels);
  return { format, payload, drafts: drafts.map((draft) => withChild(draft, own)), unused, sent };
}

function withChild(draft: Draft, levels: readonly string[]): Draft {
  const named = childBeside(levels, draft.child);
  const child = [...levels, ...(named === undefined ? [] : [named])].join(':');
  return child === '' ? draft : { ...draft, child };
}

function collect(context: MessageContext, limits: TimeLimits, found: Drafted): ParsedMessage {
  const { format, payload, drafts, unused } = found;
  const accepted: Reading[] = [];
  const rejected: Rejection[] = [];
  const skipped: Skipped[] = [];
  const refusedAt = new Set<string>();
  const sources = new Map<Reading, number>();
  const ids = new Map<Reading, string | undefined>();
  const sourceAt = createSources(found);
  let rounded = 0;
  for (const [index, draft] of drafts.entries()) {
    const result =
      isPart(draft) && draft.values.length === 0 && !draft.remedy && !isObject(partAt(payload, draft.at))
        ? ({ fault: 'reading-not-object', detail: `${pathText(draft.at)} is not an object` } as const)
        : parseReading(draft, `${context.traceId}:${index}`, context, limits);
    if ('fault' in result) {
      const { fault: reason, detail } = result;
      refusedAt.add(pathText(draft.at ?? []));
      const { original, ...place } = sourceAt(index);
      rejected.push({ ...place, reason, detail, original });
    } else {
      accepted.push(result.reading);
      sources.set(result.reading, index);
      ids.set(result.reading, result.id);
      skipped.push(...result.skipped);
      rounded += result.rounded;
    }
  }
  // A part that is rejected as a whole is kept, and so is not reported as skipped.
  const left = unused.filter(({ name }) => !refusedAt.has(name));
  const sourceOf = (reading: Reading) => sourceAt(sources.get(reading)!);
  const idOf = (reading: Reading) => ids.get(reading);
  return { context, format, accepted, rejected, skipped: [...left, ...skipped], rounded, sourceOf, idOf };
}

/** A format may recognise messages that have nothing to measure, such as a join; these are not faults. */
const isReading = ({ values, remedy }: Draft) => values.length > 0 || remedy !== undefined;

function rejectWhole(context: MessageContext | undefined, cause: Fault, original: unknown): ParsedMessage {
  const rejection: Rejection = { reason: cause.fault, detail: cause.detail, original };
  return {
    context,
    accepted: [],
    rejected: [rejection],
    skipped: [],
    rounded: 0,
    sourceOf: () => ({ original }),
    idOf: () => undefined,
  };
}
