// What the rules of the template send: a payload's members or its bytes, and beside them what the topic and the connection say.

import { isObject, type Json } from './formats/draft.ts';
import { parseJson, parseWithDigits } from './json-digits.ts';
import { MAX_NAME_LENGTH, type Fault, type MessageContext } from './reading.ts';

/** What TelemetryRule and MalformedRule send: the payload's members, and beside them what the rule adds. Nothing else is known. */
export type TelemetryEvent = Readonly<Record<string, unknown>>;

/** Topic levels below the device's; of seven slashes, which is as many as a topic may have, two are above it. */
const LEVEL_NAMES = ['topicLevel4', 'topicLevel5', 'topicLevel6', 'topicLevel7', 'topicLevel8'] as const;
/**
 * What TelemetryRule adds where a number of the payload may have more digits than a double, or a magnitude that is beyond
 * one: base64 of the payload. Lambda, and AWS IoT itself beyond 34 digits, hand on such a number as another.
 */
const EXACT_NAME = 'exactPayload';
/** What the rules add beside a payload's own members. */
export const CONTEXT_NAMES = [
  'deviceId',
  'site',
  'receivedAt',
  'clientId',
  'traceId',
  ...LEVEL_NAMES,
  EXACT_NAME,
] as const;
const CONTEXT: ReadonlySet<string> = new Set(CONTEXT_NAMES);
const LEVELS: ReadonlySet<string> = new Set(LEVEL_NAMES);

/** Absent traceId: a message that did not come over MQTT has none, and then its arrival time stands in for it. */
export function contextOf(event: unknown): MessageContext | Fault {
  const bad = (detail: string): Fault => ({ fault: 'bad-context', detail });
  if (!isObject(event)) return bad('event is not an object');
  const { deviceId, site, receivedAt, clientId, traceId } = event;
  if (!isName(deviceId))
    return bad('deviceId must be text of 1 to 128 characters without control characters');
  if (!isName(site)) return bad('site must be text of 1 to 128 characters without control characters');
  if (!Number.isSafeInteger(receivedAt) || (receivedAt as number) <= 0 || (receivedAt as number) >= 1e14) {
    return bad('receivedAt must be a time in epoch milliseconds');
  }
  if (traceId !== undefined && !isName(traceId)) return bad('traceId must be text of 1 to 128 characters');
  return {
    deviceId,
    site,
    receivedAt: receivedAt as number,
    clientId: isName(clientId) ? clientId : undefined,
    traceId: traceId ?? `at-${String(receivedAt)}`,
  };
}

/** The event without what the rule added. */
export function payloadOf(event: Json): Json {
  const payload: Record<string, unknown> = {};
  for (const name of Object.keys(event)) {
    if (!isAdded(name, event[name])) setMember(payload, name, event[name]);
  }
  return payload;
}

/**
 * The event as the payload's own text has it, to read and, with all digits of its numbers, to keep; undefined for an event
 * without that text.
 */
export function exactEventOf(event: Json): { readonly event: Json; readonly asSent: () => Json } | undefined {
  if (typeof event[EXACT_NAME] !== 'string') return undefined;
  const text = bytesOf(event[EXACT_NAME]).toString();
  const members = objectIn(text);
  if (!members) return undefined;
  const asSent = () => withMembers(event, parseWithDigits(text) as Json);
  return { event: withMembers(event, members), asSent };
}

function objectIn(text: string): Json | undefined {
  try {
    const value = parseJson(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined; // No rule made this event; its members are read as they stand.
  }
}

function withMembers(event: Json, members: Json): Json {
  const exact: Record<string, unknown> = {};
  for (const name of Object.keys(event)) {
    const isOwn = !isAdded(name, event[name]) && Object.hasOwn(members, name);
    setMember(exact, name, isOwn ? members[name] : event[name]);
  }
  return exact;
}

/** An assignment would set the prototype. */
function setMember(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__')
    Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
  else object[name] = value;
}

const isAdded = (name: string, value: unknown) => CONTEXT.has(name) && !isOwnLevel(name, value);

/** A level of the topic is text; where the topic ends before it, a device's own member of that name stays, such as a tank's. */
const isOwnLevel = (name: string, value: unknown) => LEVELS.has(name) && typeof value !== 'string';

/** A device may have a member of that name too; MalformedRule's events have nothing else. */
export function isRawPayload(payload: Json): boolean {
  return Object.hasOwn(payload, 'rawPayload') && Object.keys(payload).length === 1;
}

export const bytesOf = (base64: unknown) => Buffer.from(typeof base64 === 'string' ? base64 : '', 'base64');

export const levelsOf = (event: Json) =>
  LEVEL_NAMES.map((name) => event[name]).filter((level) => typeof level === 'string');

function isName(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length >= 1 &&
    value.length <= MAX_NAME_LENGTH &&
    value.isWellFormed() &&
    !/\p{Cc}/u.test(value)
  );
}

/**
 * What the rules make of a message on a topic, without the rules; undefined for a topic that they do not listen to. Bytes
 * and objects are parsed alike.
 */
export function ruleEventOf(
  topic: string,
  payload: Uint8Array,
  { receivedAt, traceId }: { readonly receivedAt: number; readonly traceId: string },
): TelemetryEvent | undefined {
  const [root, site, deviceId, ...levels] = topic.split('/');
  if (root !== 'telemetry' || !site || !deviceId || levels.length > LEVEL_NAMES.length) return undefined;
  const deeper = Object.fromEntries(levels.map((level, index) => [LEVEL_NAMES[index]!, level]));
  const rawPayload = Buffer.from(payload).toString('base64');
  return { rawPayload, deviceId, site, receivedAt, clientId: deviceId, traceId, ...deeper };
}
