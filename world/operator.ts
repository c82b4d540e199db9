// Somebody who works on the fleet while the world runs: writes attributes of things, sends commands, changes shadows, and revokes certificates.

import { createRandom, type Random } from '../bench/chaos/random.ts';
import { call, type Call } from '../packages/local-cloud/world/call.ts';
import { later, world } from '../packages/local-cloud/world/runtime.ts';

/** Something that a device must or may hear. */
export interface Sent {
  readonly device: string;
  readonly topic: string;
  /** In the payload. */
  readonly key: string;
  /** When the API accepted it, in milliseconds of the world; undefined if it did not. */
  acceptedAt: number | undefined;
}

export interface Revocation {
  readonly device: string;
  /** From the answer to the revoke until the request that ends it, in milliseconds of the world. */
  readonly from: number;
  to: number;
}

/** What the registry may have as an attribute of a thing: the last value that was accepted, or a later one that may have been. */
export interface Attribute {
  accepted: string | undefined;
  readonly unsure: string[];
  /** The next value is not written before, unless the last one has an answer: two at once would have no order. */
  busyUntil: number;
}

export interface Operator {
  readonly sent: readonly Sent[];
  readonly revocations: readonly Revocation[];
  readonly attributes: ReadonlyMap<string, Attribute>;
  /** @returns whether the registry accepted it; false for one that is revoked already */
  revoke(index: number, forMs: number): Promise<boolean>;
  /** No certificate is revoked any more. */
  isDone(): boolean;
}

interface Member {
  readonly name: string;
  readonly certificateId: string;
}

const RETRY_MS = 1000;
const ATTRIBUTE = 'note';
/** What has no answer by then has none: the process is not frozen for longer. */
const LONGEST_FREEZE_MS = 120_000;
/** Some values are long, so that a write of them is torn behind others. */
const LONGEST_VALUE = 600;

/** Undefined where the API did not accept it, or no answer came. */
async function accepted(request: Call): Promise<number | undefined> {
  try {
    await call(request);
    return world.elapsed();
  } catch {
    return undefined; // refused, or the connection broke: both happen while the machine is down
  }
}

const statusRequest = (id: string, status: string): Call => ({
  ...{ service: 'iot', method: 'PUT', path: `/certificates/${id}?newStatus=${status}` },
});

const attributeRequest = (thing: string, value: string): Call => ({
  ...{ service: 'iot', method: 'PATCH', path: `/things/${thing}` },
  body: { attributePayload: { attributes: { [ATTRIBUTE]: value }, merge: true } },
});

/** The attribute of a running machine. */
export async function readAttribute(thing: string): Promise<string | undefined> {
  const found = await call({ service: 'iot', method: 'GET', path: `/things/${thing}` });
  return (found['attributes'] as Record<string, string> | undefined)?.[ATTRIBUTE];
}

/** Command or shadow: what the device hears of it has the key. */
function messageRequest(device: string, isCommand: boolean, key: string): readonly [topic: string, Call] {
  const topic = isCommand ? `commands/${device}/do` : `$aws/things/${device}/shadow/update/delta`;
  const path = isCommand ? `/topics/${topic}?qos=1` : `/things/${device}/shadow`;
  const body = isCommand ? { key } : { state: { desired: { key } } };
  return [topic, { service: isCommand ? 'iotdevicegateway' : 'iotdata', method: 'POST', path, body }];
}

/** Writes attributes of things, each with a new value. */
function createAttributeWriter(random: Random) {
  const attributes = new Map<string, Attribute>();
  return {
    attributes,
    async write({ name }: Member, count: number): Promise<void> {
      const attribute = attributes.get(name) ?? { accepted: undefined, unsure: [], busyUntil: 0 };
      attributes.set(name, attribute);
      if (world.elapsed() < attribute.busyUntil) return;
      attribute.busyUntil = world.elapsed() + LONGEST_FREEZE_MS;
      const value = `${count}-${'x'.repeat(random.whole(1, LONGEST_VALUE))}`;
      attribute.unsure.push(value);
      const at = await accepted(attributeRequest(name, value));
      attribute.busyUntil = 0;
      if (at === undefined) return;
      attribute.accepted = value;
      attribute.unsure.splice(0, attribute.unsure.indexOf(value) + 1);
    },
  };
}

/** Sends commands, and changes shadows. */
function createMessageSender(random: Random) {
  const sent: Sent[] = [];
  return {
    sent,
    async send({ name }: Member, count: number): Promise<void> {
      const key = `o:${name}:${count}`;
      const [topic, request] = messageRequest(name, random.chance(0.6), key);
      const entry: Sent = { device: name, topic, key, acceptedAt: undefined };
      sent.push(entry);
      entry.acceptedAt = await accepted(request);
    },
  };
}

/** Revokes certificates, and makes them active again. */
function createRevoker(members: readonly Member[]) {
  const revocations: Revocation[] = [];
  const revoked = new Set<string>();

  async function restore(id: string, revocation: Revocation): Promise<void> {
    revocation.to = Math.min(revocation.to, world.elapsed());
    if ((await accepted(statusRequest(id, 'ACTIVE'))) === undefined)
      later(RETRY_MS, () => void restore(id, revocation));
    else revoked.delete(id);
  }

  return {
    revocations,
    isDone: () => revoked.size === 0,
    async revoke(index: number, forMs: number): Promise<boolean> {
      const { name, certificateId } = members[index % members.length]!;
      if (revoked.has(certificateId)) return false;
      revoked.add(certificateId);
      const from = await accepted(statusRequest(certificateId, 'REVOKED'));
      const revocation = { device: name, from: from ?? Infinity, to: Infinity };
      if (from !== undefined) revocations.push(revocation);
      // A request without an answer may have been served.
      later(forMs, () => void restore(certificateId, revocation));
      return from !== undefined;
    },
  };
}

/** @param every milliseconds between two actions, on average. @param end when it stops, in milliseconds of the world */
export function createOperator(
  members: readonly Member[],
  { seed, every, end }: { readonly seed: number; readonly every: number; readonly end: number },
): Operator {
  const random = createRandom(seed, 'operator');
  const writer = createAttributeWriter(random);
  const sender = createMessageSender(random);
  let count = 0;

  function act(): void {
    count += 1;
    const member = random.pick(members);
    void (random.chance(0.5) ? writer.write(member, count) : sender.send(member, count));
  }
  function next(): void {
    later(random.whole(1, every * 2), () => {
      if (world.elapsed() >= end) return;
      act();
      next();
    });
  }
  next();
  return { sent: sender.sent, attributes: writer.attributes, ...createRevoker(members) };
}
