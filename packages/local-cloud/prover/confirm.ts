// Tries a counterexample at a running broker: creates a thing, a certificate and the policies for it, and deletes them again.

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Endpoints } from '../endpoints.ts';
import { createAccountCalls, type AccountCalls } from './account-calls.ts';
import { askOverHttps, connectDevice, type DeviceKeys } from './device.ts';
import { CLIENT, THING } from './shapes.ts';
import type { Counterexample } from './witness.ts';

/** A policy that the principal has: one that the registry has, or a document. */
export type PrincipalPolicy =
  { readonly name: string } | { readonly name: string; readonly document: string };

/** Why the broker could not be asked. */
class Unable extends Error {}

interface Made {
  readonly keys: DeviceKeys;
  undo(): Promise<void>;
}

const ATTRIBUTE = /^iot:Connection\.Thing\.Attributes\[(.*)\]$/;
const name = encodeURIComponent;

function unsupportedIn({ values }: Counterexample): string | undefined {
  return [...values.keys()].find(
    (key) => ![THING, CLIENT].includes(key) && !ATTRIBUTE.test(key) && !key.startsWith('other.'),
  );
}

/** Keeps how to undo each change; `undo` does that in reverse order. */
function createUndoings() {
  const undoings: (() => Promise<unknown>)[] = [];
  return {
    /** Waits for a call. @throws Unable with the answer of a failed call */
    did: async (asked: ReturnType<AccountCalls['call']>, undoing?: () => Promise<unknown>) => {
      const { status, answer } = await asked;
      if (status >= 300) throw new Unable((answer as { message?: string }).message ?? `status ${status}`);
      if (undoing) undoings.push(undoing);
      return answer;
    },
    add: (undoing: () => Promise<unknown>) => void undoings.push(undoing),
    undo: async () => {
      for (const each of undoings.toReversed()) await each();
    },
  };
}

type Undoings = ReturnType<typeof createUndoings>;

interface NewCertificate {
  readonly certificateArn: string;
  readonly certificateId: string;
  readonly certificatePem: string;
  readonly keyPair: { readonly PrivateKey: string };
}

async function makeCertificate({ call }: AccountCalls, { did, add }: Undoings): Promise<NewCertificate> {
  const made = (await did(call('iot', 'POST', '/keys-and-certificate?setAsActive=true'))) as NewCertificate;
  const path = `/certificates/${made.certificateId}`;
  add(async () => {
    await call('iot', 'PUT', `${path}?newStatus=INACTIVE`);
    await call('iot', 'DELETE', `${path}?forceDelete=true`);
  });
  return made;
}

async function attachPolicy({ call }: AccountCalls, { did }: Undoings, policy: PrincipalPolicy, arn: string) {
  const called = 'document' in policy ? `prove-${randomUUID()}` : policy.name;
  if ('document' in policy) {
    const path = `/policies/${name(called)}`;
    await did(call('iot', 'POST', path, { body: { policyDocument: policy.document } }), () =>
      call('iot', 'DELETE', path),
    );
  }
  const path = `/target-policies/${name(called)}`;
  const target = { body: { target: arn } };
  await did(call('iot', 'PUT', path, target), () => call('iot', 'POST', path, target));
}

async function makeThing(
  { call }: AccountCalls,
  { did }: Undoings,
  thing: string,
  attributes: Readonly<Record<string, string>> = {},
) {
  const path = `/things/${name(thing)}`;
  if ((await call('iot', 'GET', path)).status === 200) throw new Unable(`there is a thing ${thing} already`);
  const body = { attributePayload: { attributes } };
  await did(call('iot', 'POST', path, { body }), () => call('iot', 'DELETE', path));
}

const attributesOf = (values: ReadonlyMap<string, string>) =>
  Object.fromEntries(
    [...values].flatMap(([key, value]) => {
      const [, attribute] = ATTRIBUTE.exec(key) ?? [];
      return attribute === undefined ? [] : [[attribute, value]];
    }),
  );

async function make(
  calls: AccountCalls,
  { values, how }: Counterexample,
  policies: readonly PrincipalPolicy[],
  ca: string,
): Promise<Made> {
  const undoings = createUndoings();
  const { did, undo } = undoings;
  const { call } = calls;
  try {
    const { certificateArn: arn, certificatePem, keyPair } = await makeCertificate(calls, undoings);
    for (const policy of policies) await attachPolicy(calls, undoings, policy, arn);
    const thing = values.get(THING);
    if (thing !== undefined) {
      await makeThing(calls, undoings, thing, attributesOf(values));
      const type = how.includes('exclusively') ? '?thingPrincipalType=EXCLUSIVE_THING' : '';
      const headers = { 'x-amzn-principal': arn };
      const path = `/things/${name(thing)}/principals`;
      await did(call('iot', 'PUT', path + type, { headers }), () => call('iot', 'DELETE', path, { headers }));
    }
    const other = values.get('other.thing');
    if (other !== undefined) await makeThing(calls, undoings, other);
    return { keys: { certificate: certificatePem, key: keyPair.PrivateKey, ca }, undo };
  } catch (error) {
    await undo();
    throw error;
  }
}

/** The HTTPS request for an action; undefined where the local cloud has no such request. */
const HTTPS: Readonly<Record<string, (on: string) => { method: string; path: string; body?: string }>> = {
  'iot:Publish': (on) => ({ method: 'POST', path: `/topics/${name(on)}?qos=1`, body: '{}' }),
  'iot:RetainPublish': (on) => ({ method: 'POST', path: `/topics/${name(on)}?qos=1&retain=true`, body: '' }),
  'iot:GetRetainedMessage': (on) => ({ method: 'GET', path: `/retainedMessage/${name(on)}` }),
  'iot:GetThingShadow': (on) => ({ method: 'GET', path: `/things/${name(on)}/shadow` }),
  'iot:UpdateThingShadow': (on) => ({
    method: 'POST',
    path: `/things/${name(on)}/shadow`,
    body: '{"state":{}}',
  }),
  'iot:DeleteThingShadow': (on) => ({ method: 'DELETE', path: `/things/${name(on)}/shadow` }),
  'iot:ListNamedShadowsForThing': (on) => ({
    method: 'GET',
    path: `/api/things/shadow/ListNamedShadowsForThing/${name(on)}`,
  }),
};

/** What the broker did, and whether it is what the counterexample says. */
type Answer = readonly [isConfirmed: boolean, line: string];

async function ask(
  { mqtt }: Endpoints,
  { call }: AccountCalls,
  counterexample: Counterexample,
  keys: DeviceKeys,
): Promise<Answer> {
  const { action, on, filter, clientId } = counterexample;
  if (/^\$aws\/things\/[^/]*\/jobs\//.test(on)) throw new Unable('the local cloud does not serve jobs');
  if (clientId === undefined) {
    const request = HTTPS[action];
    if (!request) throw new Unable(`the local cloud does not serve ${action}`);
    const status = await askOverHttps(mqtt, request(on), keys);
    return [status !== 403, `it answered ${action} on ${on} with HTTP ${status}`];
  }
  const device = await connectDevice(mqtt, clientId, keys);
  if (!device) return [false, `it refused the client ID ${clientId}`];
  try {
    if (action === 'iot:Connect') return [true, `it accepted the client ID ${clientId}`];
    if (filter === undefined) {
      const retain = action === 'iot:RetainPublish';
      const isTaken = await device.publish(on, retain ? '' : '{}', retain);
      return [isTaken, `it ${isTaken ? 'acknowledged' : 'refused'} a message on ${on}`];
    }
    if (!(await device.subscribe(filter))) return [false, `it refused the subscription to ${filter}`];
    if (action === 'iot:Subscribe') return [true, `it granted the subscription to ${filter}`];
    const [, thing] = /^\$aws\/things\/([^/]+)\/shadow\/update\/(?:accepted|documents|delta)$/.exec(on) ?? [];
    const [path, body] =
      thing === undefined
        ? [`/topics/${name(on)}?qos=1`, {}]
        : [`/things/${name(thing)}/shadow`, { state: { desired: { a: 1 } } }];
    const { status } = await call('iotdata', 'POST', path, { body });
    if (status >= 300)
      return [true, `it granted the subscription to ${filter}; nobody can publish on ${on} to try it`];
    const isHeard = await device.hears(on);
    return [isHeard, `it ${isHeard ? 'delivered' : 'did not deliver'} a message on ${on}`];
  } finally {
    device.close();
  }
}

/**
 * One line with the broker's verdict. The messages of the counterexample are really sent, so they reach the rules of the stack.
 *
 * @param policies of the certificate
 */
export async function confirmByBroker(
  endpoints: Endpoints,
  policies: readonly PrincipalPolicy[],
  counterexample: Counterexample,
): Promise<string> {
  const odd = unsupportedIn(counterexample);
  if (odd !== undefined) return `the broker did not try it: no certificate with this ${odd} is made here`;
  const calls = createAccountCalls(endpoints.aws);
  let made: Made | undefined;
  try {
    made = await make(calls, counterexample, policies, readFileSync(endpoints.ca, 'utf8'));
    const [isConfirmed, line] = await ask(endpoints, calls, counterexample, made.keys);
    return `the broker ${isConfirmed ? 'confirms it' : 'CONTRADICTS it'}: ${line}`;
  } catch (error) {
    if (!(error instanceof Unable)) throw error;
    return `the broker did not try it: ${error.message}`;
  } finally {
    await made?.undo();
  }
}
