// Checks whether devices heard what they should and nothing else, whether a revoked one was shut out, and whether the registry kept what it accepted.

import type { Finding } from './finding.ts';
import type { Device } from './device.ts';
import type { Operator, Revocation, Sent } from './operator.ts';

/** Milliseconds of the world. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What is on its way when a certificate is revoked still arrives. */
const WAY_MS = 200;
/** A message is heard within this time, if the connection lives and nothing disturbs the machine. */
const HEARD_MS = 10_000;
/** A connection that lived for so long before has its subscriptions. */
const SUBSCRIBED_MS = 10_000;

const overlaps = (a: Span, b: Span) => a.from <= b.to && a.to >= b.from;

/** A device on one connection from before the message was sent until it had to be heard. */
function mustHear({ acceptedAt }: Sent, device: Device, disturbed: readonly Span[], end: number): boolean {
  if (acceptedAt === undefined) return false;
  const span = { from: acceptedAt - SUBSCRIBED_MS, to: acceptedAt + HEARD_MS };
  if (span.to > end || disturbed.some((each) => overlaps(each, span))) return false;
  return device.connected.some(({ from, to }) => from <= span.from && to >= span.to);
}

function unheard(sent: readonly Sent[], device: Device, disturbed: readonly Span[], end: number): Finding[] {
  const keys = new Set(device.heard.map(({ key }) => key));
  return sent
    .filter((each) => !keys.has(each.key) && mustHear(each, device, disturbed, end))
    .map(({ topic, key }) => ({ kind: 'unheard', text: `${device.name} did not hear ${key} on ${topic}` }));
}

function foreign(sent: readonly Sent[], { name, heard }: Device): Finding[] {
  const known = new Set(sent.map(({ topic, key }) => `${topic} ${key}`));
  return heard
    .filter(({ topic, key }) => !known.has(`${topic} ${key}`))
    .map(({ topic, key }) => ({
      kind: 'heard',
      text: `${name} heard ${key} on ${topic}, which is not for it`,
    }));
}

function afterRevoke({ device: name, from, to }: Revocation, device: Device): Finding[] {
  const isWithin = (at: number) => at > from + WAY_MS && at < to;
  const found = (what: string) => ({
    kind: 'revoked',
    text: `${name} ${what} while its certificate was revoked`,
  });
  return [
    ...device.acknowledgedAt.filter(isWithin).map((at) => found(`had a message accepted at ${at} ms`)),
    ...device.heard.filter(({ at }) => isWithin(at)).map(({ key, at }) => found(`heard ${key} at ${at} ms`)),
    ...device.connected
      .filter((each) => isWithin(each.from))
      .map((each) => found(`connected at ${each.from} ms`)),
  ];
}

/**
 * @param disturbed when the machine was down or slow
 * @param end of the world, in its milliseconds
 */
export function judgeDevices(
  { sent, revocations }: Operator,
  devices: readonly Device[],
  disturbed: readonly Span[],
  end: number,
): Finding[] {
  return devices.flatMap((device) => {
    const own = sent.filter((each) => each.device === device.name);
    return [
      ...unheard(own, device, disturbed, end),
      ...foreign(own, device),
      ...revocations
        .filter((each) => each.device === device.name)
        .flatMap((each) => afterRevoke(each, device)),
    ];
  });
}

/** @param read gives the attribute that the registry has now */
export async function judgeRegistry(
  { attributes }: Operator,
  read: (thing: string) => Promise<string | undefined>,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const shown = (value: string | undefined) => value?.split('-', 1)[0] ?? 'none';
  for (const [thing, { accepted, unsure }] of attributes) {
    const found = await read(thing);
    if (found === accepted || (found !== undefined && unsure.includes(found))) continue;
    findings.push({
      kind: 'registry',
      text: `${thing} has the attribute ${shown(found)}, and ${shown(accepted)} was accepted`,
    });
  }
  return findings;
}
