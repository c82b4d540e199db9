// The events that the template's rules send: a payload's members or bytes, with facts from the topic and the connection.

import { isObject, type Json } from './formats/draft.ts';
import { parseJson, parseWithDigits } from './json-digits.ts';
import { MAX_NAME_LENGTH, type Fault, type MessageContext } from './reading.ts';

/** An event of TelemetryRule or MalformedRule: the payload's members, and beside them what the rule adds. No member is trusted. */
export type TelemetryEvent = Readonly<Record<string, unknown>>;

/** Topic levels below the device's; a topic has at most seven slashes, two of them above the device's level. */
const LEVEL_NAMES = ['topicLevel4', 'topicLevel5', 'topicLevel6', 'topicLevel7', 'topicLevel8'] as const;
/**
 * Base64 of the payload. TelemetryRule adds it if a number of the payload may have more digits than a double or exceed its
 * range, because Lambda, and AWS IoT itself beyond 34 digits, pass such a number on changed.
 */
const EXACT_NAME = 'exactPayload';
/** The members that the rules add to a payload's own. */
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

/** A message that did not come over MQTT has no traceId; its arrival time replaces it. */
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

/** The event without the members that the rule added. */
export function payloadOf(event: Json): Json {
  const payload: Record<string, unknown> = {};
  for (const name of Object.keys(event)) {
    if (!isAdded(name, event[name])) setMember(payload, name, event[name]);
  }
  return payload;
}

/**
 * The event with its members read from the payload's own text: `event` to parse, and `asSent`, with all digits of its
 * numbers, to keep. Undefined if the event lacks that text.
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
    return undefined; // No rule sent this event; its members are read as they are.
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

/** Assigning `__proto__` would set the prototype. */
function setMember(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__')
    Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
  else object[name] = value;
}

const isAdded = (name: string, value: unknown) => CONTEXT.has(name) && !isOwnLevel(name, value);

/** Added topic levels are text. If the topic ends before a level, a device's own member with that name stays, such as a tank's. */
const isOwnLevel = (name: string, value: unknown) => LEVELS.has(name) && typeof value !== 'string';

/** Whether the payload is MalformedRule's. A device may have a member of that name too; MalformedRule's events have no other. */
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
 * The event that the rules would make of a message on a topic; undefined for a topic that they do not subscribe to. Always
 * as bytes, because bytes and objects are parsed alike.
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
