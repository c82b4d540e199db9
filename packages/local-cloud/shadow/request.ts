// Checks what clients send to a shadow, so that it is safe to merge.
// https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-error-messages.html

import { AwsError } from '../aws-error.ts';
import { parsePayload } from '../json/json.ts';
import { isObject, memberOf, type ObjectValue, type Value } from '../json/value.ts';
import { sections, type Section, type StatePatch } from './document.ts';

/** Levels of members below `desired` and `reported`. AWS's pages say 5, 6 or 8; its error message says 6. */
const MAXIMUM_DEPTH = 6;
const MAXIMUM_TOKEN_BYTES = 64;

export interface UpdateRequest {
  /** As sent: the answer repeats it. */
  readonly state: ObjectValue | null;
  readonly patch: StatePatch;
  readonly version: number | undefined;
  readonly clientToken: string | undefined;
}

const bad = (message: string) => new AwsError('InvalidRequestException', message, 400);

/** @throws AwsError 415 for text that is not UTF-8, 400 for other values than a JSON object. */
function parseObject(payload: Buffer): ObjectValue {
  const parsed = parsePayload(payload);
  if (parsed.kind === 'binary') {
    const message = 'Unsupported documented encoding; supported encoding is UTF-8';
    throw new AwsError('UnsupportedDocumentEncodingException', message, 415);
  }
  if (parsed.kind !== 'json' || !isObject(parsed.value)) throw bad('Invalid JSON');
  return parsed.value;
}

function tokenOf(request: ObjectValue): string | undefined {
  const token = memberOf(request, 'clientToken');
  if (token === undefined) return undefined;
  if (typeof token !== 'string' || Buffer.byteLength(token) > MAXIMUM_TOKEN_BYTES)
    throw bad('Invalid clientToken');
  return token;
}

function versionOf(request: ObjectValue): number | undefined {
  const version = memberOf(request, 'version');
  if (version === undefined) return undefined;
  if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 0)
    throw bad('Invalid version');
  return version;
}

/** An array is a level too. An array must not contain null, which would look like a removed element. */
function checkTree(node: Value, depth: number): void {
  const isArray = Array.isArray(node);
  if (!isArray && !isObject(node)) return;
  if (depth > MAXIMUM_DEPTH)
    throw bad(`JSON contains too many levels of nesting; maximum is ${MAXIMUM_DEPTH}`);
  if (isArray && node.includes(null)) throw bad('State contains an invalid node');
  for (const child of isArray ? node : Object.values(node)) checkTree(child, depth + 1);
}

const TITLES: Readonly<Record<Section, string>> = { desired: 'Desired', reported: 'Reported' };

function patchOf(state: Value): StatePatch {
  if (state === undefined) throw bad('Missing required node: state');
  if (state === null) return { desired: null, reported: null };
  if (!isObject(state)) throw bad('State node must be an object');
  if (Object.keys(state).some((name) => !sections.includes(name as Section))) {
    throw bad('State contains an invalid node');
  }
  const patch: { [S in Section]?: ObjectValue | null } = {};
  for (const section of sections) {
    const node = memberOf(state, section);
    if (node === undefined) continue;
    if (node !== null && !isObject(node)) throw bad(`${TITLES[section]} node must be an object`);
    checkTree(node, 1);
    patch[section] = node;
  }
  return patch;
}

/**
 * Reads `{ "state": { "desired", "reported" }, "version", "clientToken" }`; other members are ignored.
 *
 * @throws AwsError with the code and message of AWS.
 */
export function parseUpdate(payload: Buffer): UpdateRequest {
  const request = parseObject(payload);
  const clientToken = tokenOf(request);
  const state = memberOf(request, 'state');
  const patch = patchOf(state);
  return { state: state as ObjectValue | null, patch, version: versionOf(request), clientToken };
}

/**
 * The client token of a get request, whose payload may be empty.
 *
 * @throws AwsError as `parseUpdate`.
 */
export function parseToken(payload: Buffer): string | undefined {
  return payload.length === 0 ? undefined : tokenOf(parseObject(payload));
}

/** The client token of a refused request, or of a delete request: "the content of the message is ignored". */
export function findToken(payload: Buffer): string | undefined {
  try {
    return parseToken(payload);
  } catch {
    return undefined; // the refusal says what is wrong
  }
}
