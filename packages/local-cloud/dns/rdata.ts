// Converts the values of records between Route 53's text and the wire format.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html

import { isIPv4, isIPv6 } from 'node:net';
import type { Answer } from 'dns-packet';
import { absolute, nameProblem } from './name.ts';

/** Data of an answer of `dns-packet`: text, strings or a record. */
type Data = string | object;

interface RecordType {
  /** How a value is written. */
  readonly form: string;
  /** @returns undefined for an invalid value. */
  readonly read: (value: string) => Data | undefined;
}

const wordsOf = (value: string) => value.trim().split(/\s+/);
const isName = (text: string | undefined): text is string =>
  text !== undefined && nameProblem(absolute(text)) === undefined;
const bare = (text: string) => absolute(text).slice(0, -1);
const whole = (text: string | undefined, most: number) =>
  text !== undefined && /^\d{1,10}$/.test(text) && Number(text) <= most ? Number(text) : undefined;

const PORT = 65_535;
const SECONDS = 2 ** 31 - 1;
const LONGEST_STRING = 255;

const nameOnly = (form: string): RecordType => ({
  form,
  read(value) {
    const [name, ...rest] = wordsOf(value);
    return isName(name) && rest.length === 0 ? bare(name) : undefined;
  },
});

/** `"one" "two"` with `\"`, `\\` and octal escapes, each string of at most 255 bytes. */
function readStrings(value: string): Buffer[] | undefined {
  if (!/^(\s*"(?:[^"\\]|\\.)*")+\s*$/s.test(value)) return undefined;
  const strings = [...value.matchAll(/"((?:[^"\\]|\\.)*)"/gs)].map(([, text]) =>
    Buffer.from(
      text!.replace(/\\(?:([0-3][0-7][0-7])|(.))/gs, (_, octal: string | undefined, plain: string) =>
        octal === undefined ? plain : String.fromCharCode(parseInt(octal, 8)),
      ),
      'latin1',
    ),
  );
  return strings.every(({ length }) => length <= LONGEST_STRING) ? strings : undefined;
}

const TYPES: Readonly<Record<string, RecordType>> = {
  A: { form: 'an IPv4 address', read: (value) => (isIPv4(value) ? value : undefined) },
  AAAA: { form: 'an IPv6 address', read: (value) => (isIPv6(value) ? value : undefined) },
  CNAME: nameOnly('one domain name'),
  NS: nameOnly('the name of a name server'),
  PTR: nameOnly('one domain name'),
  TXT: { form: 'strings in quotes, each of at most 255 characters', read: readStrings },
  MX: {
    form: '`priority name`, such as 10 mail.example.com',
    read(value) {
      const [priority, name, ...rest] = wordsOf(value);
      const preference = whole(priority, PORT);
      return preference !== undefined && isName(name) && rest.length === 0
        ? { preference, exchange: bare(name) }
        : undefined;
    },
  },
  SRV: {
    form: '`priority weight port name`, such as 1 10 8883 mqtt.example.com',
    read(value) {
      const [first, second, third, name, ...rest] = wordsOf(value);
      const [priority, weight, port] = [first, second, third].map((word) => whole(word, PORT));
      const isWhole = priority !== undefined && weight !== undefined && port !== undefined;
      return isWhole && isName(name) && rest.length === 0
        ? { priority, weight, port, target: bare(name) }
        : undefined;
    },
  },
  CAA: {
    form: '`flags tag "value"`, such as 0 issue "amazon.com"',
    read(value) {
      const [, flags, tag, text] = /^\s*(\d{1,3})\s+([a-z0-9]+)\s+"([^"]*)"\s*$/i.exec(value) ?? [];
      const bits = whole(flags, 255);
      return bits === undefined ? undefined : { flags: bits, tag, value: text };
    },
  },
  SOA: {
    form: '`server mailbox serial refresh retry expire minimum`',
    read(value) {
      const [mname, rname, ...numbers] = wordsOf(value);
      const [serial, refresh, retry, expire, minimum] = numbers.map((word) => whole(word, 2 ** 32 - 1));
      const isWhole = numbers.length === 5 && numbers.every((word) => whole(word, 2 ** 32 - 1) !== undefined);
      if (!isName(mname) || !isName(rname) || !isWhole) return undefined;
      return { mname: bare(mname), rname: bare(rname), serial, refresh, retry, expire, minimum };
    },
  },
};

export const recordTypes: readonly string[] = Object.keys(TYPES);
export const isRecordType = (type: string): boolean => Object.hasOwn(TYPES, type);

export const ttlProblem = (ttl: number): string | undefined =>
  Number.isInteger(ttl) && ttl >= 0 && ttl <= SECONDS ? undefined : `TTL must be from 0 to ${SECONDS}`;

/** @returns what is wrong with a value of a known type, in words. */
export function valueProblem(type: string, value: string): string | undefined {
  const { form, read } = TYPES[type]!;
  return read(value) === undefined
    ? `${JSON.stringify(value)} is not a value of ${type}: write ${form}`
    : undefined;
}

/** One record of an answer, in the API's text. */
export interface Resource {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly value: string;
}

/** The same for the wire. The value was checked when it was read. */
export function toWire({ name, type, ttl, value }: Resource): Answer {
  const data = TYPES[type]!.read(value);
  const owner = name.endsWith('.') && name !== '.' ? name.slice(0, -1) : name;
  return { name: owner, type, ttl, class: 'IN', data } as Answer;
}

/** The lower of the two times in a zone's SOA: how long a resolver remembers that there is nothing (RFC 2308, 5). */
export const negativeTtl = (ttl: number, soa: string): number => Math.min(ttl, Number(wordsOf(soa)[6]));
