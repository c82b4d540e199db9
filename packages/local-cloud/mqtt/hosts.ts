// Which addresses of this machine the MQTT port is opened on, and by which names and addresses others reach it.

import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { StartError } from '../start-error.ts';

/** What the system says of this machine. */
export interface Machine {
  readonly name: string;
  /** Of all interfaces, loopback too. */
  readonly addresses: readonly string[];
  /** Addresses of a name; none where nobody knows it. */
  resolve(name: string): Promise<readonly string[]>;
}

export interface MqttHosts {
  /** Addresses to listen on. The loopback address is always among what they cover. */
  readonly listen: readonly string[];
  /** What other machines may call this one, the surest first; empty where the port is for this machine only. */
  readonly reachable: readonly string[];
  /** What the broker's certificate names besides loopback and the host name. */
  readonly named: readonly string[];
}

const LOOPBACK = '127.0.0.1';

export const loopbackOnly: MqttHosts = { listen: [LOOPBACK], reachable: [], named: [] };

export const thisMachine: Machine = {
  name: hostname(),
  get addresses() {
    return Object.values(networkInterfaces()).flatMap((found) => (found ?? []).map(({ address }) => address));
  },
  resolve: async (name) => (await lookup(name, { all: true }).catch(() => [])).map(({ address }) => address),
};

const isLoopback = (address: string) => address === '::1' || address.startsWith('127.');
/** Reachable only together with the name of an interface, which differs from machine to machine. */
const isLinkLocal = (address: string) => /^fe[89ab]/i.test(address);
const withoutZone = (address: string) => address.replace(/%.*$/, '');

/** `name.local` is what mDNS calls a machine. */
function namesOf({ name }: Machine): string[] {
  const [short = name] = name.split('.');
  return [...new Set([name, `${short}.local`])].filter(
    (each) => each !== 'localhost' && short !== 'localhost',
  );
}

async function addressesOf(host: string, machine: Machine): Promise<readonly string[]> {
  const own = new Set(machine.addresses);
  const found = isIP(host) ? [host] : await machine.resolve(host);
  const usable = found.filter((address) => own.has(withoutZone(address)));
  // What a machine calls itself often leads to a loopback address, and its mDNS name to none, while others find it by both.
  const isOwnName = namesOf(machine).some((name) => name.toLowerCase() === host.toLowerCase());
  if (isOwnName && usable.every(isLoopback))
    return machine.addresses.filter((address) => !isLoopback(address) && !isLinkLocal(address));
  if (usable.length > 0) return usable;
  let what = 'nobody knows that name';
  if (found.length > 0) what = `the name leads to ${found.join(', ')}, which is not this machine`;
  if (isIP(host)) what = 'this machine has no such address';
  throw new StartError(
    `--host ${host}: ${what}; it has ${machine.addresses.join(', ')}, and 0.0.0.0 or :: means all of them`,
  );
}

/**
 * @param host `0.0.0.0`, `::`, or an address or a name of this machine; the loopback address if absent.
 * @throws StartError where this machine has no such address.
 */
export async function resolveMqttHosts(
  host: string = LOOPBACK,
  machine: Machine = thisMachine,
): Promise<MqttHosts> {
  const isWildcard = host === '0.0.0.0' || host === '::';
  const chosen = isWildcard ? machine.addresses : await addressesOf(host, machine);
  const isServed = (address: string) =>
    !isLoopback(address) && !isLinkLocal(address) && (host !== '0.0.0.0' || isIP(address) === 4);
  const reachable = chosen.filter(isServed).toSorted((a, b) => isIP(a) - isIP(b));
  const outward = chosen.filter((address) => !isLoopback(address));
  if (outward.length === 0 && !isWildcard)
    return { listen: [...new Set([LOOPBACK, ...chosen])], reachable: [], named: [] };
  const names = namesOf(machine);
  return {
    listen: isWildcard ? [host] : [LOOPBACK, ...outward],
    reachable: [...reachable, ...names],
    named: [...names, ...machine.addresses],
  };
}
