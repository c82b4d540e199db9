// Turns the bytes of a DNS query into those of its response: header, EDNS0 with client subnet, and truncation.

import {
  AUTHORITATIVE_ANSWER,
  decode,
  encode,
  RECURSION_DESIRED,
  TRUNCATED_RESPONSE,
  type DecodedPacket,
  type OptAnswer,
  type Packet,
} from 'dns-packet';
import type { Outcome } from './answer.ts';
import { type Resource, toWire } from './rdata.ts';

export interface Asked {
  readonly name: string;
  readonly type: string;
  /** The address of the client subnet if the resolver sends one, else that of the resolver. */
  readonly address: string;
}

export interface Sender {
  readonly address: string;
  readonly transport: 'UDP' | 'TCP';
}

/** RFC 1035, 4.2.1. */
const PLAIN_UDP = 512;
/** The largest response of Route 53 over UDP, in bytes: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html */
const LARGEST_UDP = 4096;
const HEADER = 12;
const RESPONSE = 0x8000;
const OPCODES = 0x7800;

const CODES = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;
/** RFC 6891, 9: an extended code of 16, whose upper bits are in the OPT record. */
const BADVERS_UPPER = 1;
const CLIENT_SUBNET = 8;

interface Subnet {
  readonly family: number;
  readonly sourcePrefixLength: number;
  readonly ip: string;
}

interface Edns {
  readonly payloadSize: number;
  readonly version: number;
  readonly subnet?: Subnet;
}

/** @returns undefined for a malformed option. */
function readEdns({ additionals = [] }: DecodedPacket): Edns | 'none' | undefined {
  const found = additionals.filter((each): each is OptAnswer => each.type === 'OPT');
  const [opt] = found;
  if (!opt) return 'none';
  if (found.length > 1) return undefined;
  const subnets = opt.options.filter(({ code }) => code === CLIENT_SUBNET) as unknown as Subnet[];
  const [subnet] = subnets;
  const { udpPayloadSize: payloadSize, ednsVersion: version } = opt;
  if (!subnet) return { payloadSize, version };
  const longest = { 1: 32, 2: 128 }[subnet.family];
  if (subnets.length > 1 || longest === undefined || subnet.sourcePrefixLength > longest) return undefined;
  return { payloadSize, version, subnet };
}

/** Without the bytes that it came as, which would be written again. */
const scoped = ({ family, sourcePrefixLength, ip }: Subnet, isByRegion: boolean) => ({
  ...{ family, sourcePrefixLength, ip },
  scopePrefixLength: isByRegion ? sourcePrefixLength : 0,
});

/** RFC 7871, 7.1.3: the scope says for which part of the address the answer holds; 0 for all. */
function optOf({ version, subnet }: Edns, isByRegion: boolean): OptAnswer {
  const options = subnet ? [{ code: CLIENT_SUBNET, ...scoped(subnet, isByRegion) }] : [];
  return {
    ...{ type: 'OPT', name: '.', udpPayloadSize: LARGEST_UDP, ednsVersion: 0, flags: 0, flag_do: false },
    ...{ extendedRcode: version > 0 ? BADVERS_UPPER : 0, options },
  } as unknown as OptAnswer;
}

/** A response of only a header, for a query that cannot be parsed. */
function bareError(query: Buffer, code: number): Buffer {
  const response = Buffer.alloc(HEADER);
  response.writeUInt16BE(query.readUInt16BE(0), 0);
  const flags = query.readUInt16BE(2) & (OPCODES | RECURSION_DESIRED);
  response.writeUInt16BE(RESPONSE | flags | code, 2);
  return response;
}

function tryDecode(bytes: Buffer): DecodedPacket | undefined {
  try {
    return decode(bytes);
  } catch {
    return undefined; // not a DNS message
  }
}

/** Whether the question is encoded again as it came; names of unusual octets are not. */
function isEchoed(bytes: Buffer, { questions }: DecodedPacket): boolean {
  const again = encode({ type: 'query', questions }).subarray(HEADER);
  return again.equals(bytes.subarray(HEADER, HEADER + again.length));
}

const NONE: Pick<Outcome, 'answers' | 'authorities' | 'isAuthoritative' | 'isByRegion'> = {
  answers: [],
  authorities: [],
  isAuthoritative: false,
  isByRegion: false,
};

/**
 * The response to a message, as an authoritative server gives it: without recursion, never more than the sender takes.
 *
 * @returns undefined for a message that must not be answered: a response, or less than a header.
 */
export function respond(
  bytes: Buffer,
  { address, transport }: Sender,
  ask: (asked: Asked) => Outcome,
): Buffer | undefined {
  if (bytes.length < HEADER || (bytes.readUInt16BE(2) & RESPONSE) !== 0) return undefined;
  if ((bytes.readUInt16BE(2) & OPCODES) !== 0) return bareError(bytes, CODES.NOTIMP);
  const packet = tryDecode(bytes);
  const [question, ...more] = packet?.questions ?? [];
  const edns = packet && readEdns(packet);
  if (!packet || !question || more.length > 0 || !edns || !isEchoed(bytes, packet))
    return bareError(bytes, CODES.FORMERR);

  const isOffered = question.class === 'IN' && !/^(AXFR|IXFR|OPT)$/.test(question.type);
  const isBadVersion = edns !== 'none' && edns.version > 0;
  const subnet = edns === 'none' ? undefined : edns.subnet;
  const client = subnet && subnet.sourcePrefixLength > 0 ? subnet.ip : address;
  const refused = { ...NONE, rcode: isBadVersion ? 'NOERROR' : 'REFUSED' } as const;
  const outcome =
    isOffered && !isBadVersion ? ask({ name: question.name, type: question.type, address: client }) : refused;

  const write = (parts: Pick<Outcome, 'answers' | 'authorities'>, flags: number): Buffer => {
    const asPackets = (resources: readonly Resource[]) => resources.map(toWire);
    const response: Packet = {
      ...{ type: 'response', id: packet.id, questions: [question] },
      flags: flags | (packet.flags! & RECURSION_DESIRED) | CODES[outcome.rcode],
      answers: asPackets(parts.answers),
      authorities: asPackets(parts.authorities),
      additionals: edns === 'none' ? [] : [optOf(edns, outcome.isByRegion)],
    };
    return encode(response);
  };
  const authority = outcome.isAuthoritative ? AUTHORITATIVE_ANSWER : 0;
  const whole = write(outcome, authority);
  const offered = edns === 'none' ? PLAIN_UDP : Math.max(edns.payloadSize, PLAIN_UDP);
  if (transport === 'TCP' || whole.length <= Math.min(offered, LARGEST_UDP)) return whole;
  return write(NONE, authority | TRUNCATED_RESPONSE);
}
