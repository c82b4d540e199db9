// Responses byte by byte: codes, EDNS0, client subnets, truncation, and bytes that are not DNS at all.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { decode, encode, type DecodedPacket, type OptAnswer, type Packet } from 'dns-packet';
import { answer } from '../../dns/answer.ts';
import { respond, type Asked } from '../../dns/message.ts';
import { readNeighbourhood, regionOf } from '../../dns/regions.ts';
import { worldOf, zoneOf } from './fixture.ts';

const many = Array.from({ length: 40 }, (_, index) => `192.0.2.${index + 1}`).join(', ');
const model = zoneOf([
  'Name: www.example.com, Type: A, TTL: 60, ResourceRecords: [192.0.2.1]',
  `Name: many.example.com, Type: A, TTL: 60, ResourceRecords: [${many}]`,
  'Name: example.com, Type: TXT, TTL: 60, ResourceRecords: [\'"v=spf1 -all" "two"\']',
  'Name: example.com, Type: MX, TTL: 60, ResourceRecords: [10 mail.example.com]',
  'Name: example.com, Type: CAA, TTL: 60, ResourceRecords: [\'0 issue "amazon.com"\']',
  'Name: _mqtt._tcp.example.com, Type: SRV, TTL: 60, ResourceRecords: [1 10 8883 iot.example.com]',
  'Name: near.example.com, Type: A, TTL: 60, ResourceRecords: [192.0.2.1], SetIdentifier: us, Region: us-east-1',
  'Name: near.example.com, Type: A, TTL: 60, ResourceRecords: [192.0.2.2], SetIdentifier: eu, Region: eu-west-1',
]);
const neighbourhoods = [readNeighbourhood('10.1.0.0/16=eu-central-1')!];
const ask = ({ name, type, address }: Asked) =>
  answer({ name, type, region: regionOf(address, neighbourhoods) ?? 'us-east-1' }, worldOf(model));

const query = (name: string, type: string, more: Partial<Packet> = {}): Buffer =>
  encode({ type: 'query', id: 7, flags: 0x100, questions: [{ name, type: type as 'A' }], ...more });

const opt = (more: Record<string, unknown> = {}): Partial<Packet> => ({
  additionals: [
    { type: 'OPT', name: '.', udpPayloadSize: 1232, flags: 0, options: [], ...more } as unknown as OptAnswer,
  ],
});

/** The types of the library leave the code out. */
type Response = DecodedPacket & { readonly rcode: string; readonly bytes: number };

function responseTo(bytes: Buffer, transport: 'UDP' | 'TCP' = 'UDP'): Response {
  const response = respond(bytes, { address: '127.0.0.1', transport }, ask)!;
  return { ...(decode(response) as Response), bytes: response.length };
}

const dataOf = ({ answers }: DecodedPacket) =>
  (answers ?? []).map((each) => (each as { data?: unknown }).data);

const values: readonly (readonly [name: string, type: string, data: unknown])[] = [
  ['www.example.com', 'A', '192.0.2.1'],
  ['example.com', 'TXT', [Buffer.from('v=spf1 -all'), Buffer.from('two')]],
  ['example.com', 'MX', { preference: 10, exchange: 'mail.example.com' }],
  ['example.com', 'CAA', { flags: 0, tag: 'issue', value: 'amazon.com', issuerCritical: false }],
  ['_mqtt._tcp.example.com', 'SRV', { priority: 1, weight: 10, port: 8883, target: 'iot.example.com' }],
];

test.each(values)('%s %s goes over the wire as it is', (name, type, data) => {
  assert.deepEqual(dataOf(responseTo(query(name, type))), [data]);
});

const codes: readonly (readonly [fact: string, Buffer, rcode: string, flags: string])[] = [
  ['an answer has authority and no recursion', query('www.example.com', 'A'), 'NOERROR', 'aa rd'],
  ['what is not there has authority too', query('no.example.com', 'A'), 'NXDOMAIN', 'aa rd'],
  ['another zone is refused', query('example.org', 'A'), 'REFUSED', 'rd'],
  ['a transfer is refused', query('example.com', 'AXFR'), 'REFUSED', 'rd'],
  [
    'another class is refused',
    query('www.example.com', 'A', { questions: [{ name: 'a.example.com', type: 'A', class: 'CH' }] }),
    'REFUSED',
    'rd',
  ],
  [
    'two questions are a mistake',
    query('', 'A', {
      questions: [
        { name: 'a.example.com', type: 'A' },
        { name: 'b.example.com', type: 'A' },
      ],
    }),
    'FORMERR',
    'rd',
  ],
  ['no question is a mistake', query('', 'A', { questions: [] }), 'FORMERR', 'rd'],
  ['a notification is not implemented', query('www.example.com', 'A', { flags: 4 << 11 }), 'NOTIMP', ''],
  ['a cut message is a mistake', query('www.example.com', 'A').subarray(0, 20), 'FORMERR', 'rd'],
  [
    'two OPT records are a mistake',
    query('www.example.com', 'A', { additionals: [...opt().additionals!, ...opt().additionals!] }),
    'FORMERR',
    'rd',
  ],
];

test.each(codes)('%s', (_, bytes, rcode, flags) => {
  const found = responseTo(bytes);
  const shown = [found.flag_aa && 'aa', found.flag_tc && 'tc', found.flag_rd && 'rd', found.flag_ra && 'ra'];
  assert.deepEqual(
    [found.id, found.type, found.rcode, shown.filter(Boolean).join(' ')],
    [7, 'response', rcode, flags],
  );
});

test('the spelling of a question comes back in question and answer', () => {
  const { questions, answers } = responseTo(query('wWw.ExAmPlE.cOm', 'A'));
  assert.deepEqual([questions![0]!.name, answers![0]!.name], ['wWw.ExAmPlE.cOm', 'wWw.ExAmPlE.cOm']);
});

test('responses and less than a header are not answered', () => {
  const sender = { address: '127.0.0.1', transport: 'UDP' } as const;
  assert.equal(respond(encode({ type: 'response', id: 7 }), sender, ask), undefined);
  assert.equal(respond(Buffer.alloc(11), sender, ask), undefined);
});

test('40 addresses are cut at 512 bytes over UDP, and whole over TCP or with EDNS0', () => {
  const cut = responseTo(query('many.example.com', 'A'));
  assert.deepEqual([cut.flag_tc, cut.answers!.length, cut.questions!.length], [true, 0, 1]);
  assert.ok(cut.bytes <= 512);
  for (const whole of [
    responseTo(query('many.example.com', 'A'), 'TCP'),
    responseTo(query('many.example.com', 'A', opt({ udpPayloadSize: 4096 }))),
  ])
    assert.deepEqual([whole.flag_tc, whole.answers!.length], [false, 40]);
  const within = responseTo(query('many.example.com', 'A', opt({ udpPayloadSize: 600 })));
  assert.deepEqual([within.flag_tc, within.additionals!.length], [true, 1]);
});

test('a later version of EDNS is refused as RFC 6891 says', () => {
  const { additionals, answers, rcode } = responseTo(query('www.example.com', 'A', opt({ ednsVersion: 1 })));
  const [{ extendedRcode, ednsVersion }] = additionals as [OptAnswer];
  assert.deepEqual([extendedRcode, ednsVersion, answers!.length, rcode], [1, 0, 0, 'NOERROR']);
});

const subnet = (ip: string, sourcePrefixLength: number, family = 1) =>
  opt({ options: [{ code: 8, family, sourcePrefixLength, ip }] });

test('latency goes by the client subnet, and the scope says that it mattered', () => {
  const seen = (name: string, ip: string, prefix: number) => {
    const response = responseTo(query(name, 'A', subnet(ip, prefix)));
    const [{ options }] = response.additionals as [OptAnswer];
    const { scopePrefixLength } = options[0] as unknown as { scopePrefixLength: number };
    return [...dataOf(response), scopePrefixLength];
  };
  assert.deepEqual(seen('near.example.com', '10.1.2.0', 24), ['192.0.2.2', 24]);
  assert.deepEqual(seen('near.example.com', '10.2.2.0', 24), ['192.0.2.1', 24]);
  assert.deepEqual(seen('near.example.com', '0.0.0.0', 0), ['192.0.2.1', 0]);
  assert.deepEqual(seen('www.example.com', '10.1.2.0', 24), ['192.0.2.1', 0]);
});

test('a client subnet that cannot be is a mistake', () => {
  assert.equal(responseTo(query('www.example.com', 'A', subnet('10.1.2.0', 33))).rcode, 'FORMERR');
});

test('any bytes get a response or none, and never an exception', () => {
  let state = 12_345;
  const next = () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648);
  const whole = query('www.example.com', 'A', subnet('10.1.2.0', 24));
  for (let round = 0; round < 3_000; round += 1) {
    const bytes = Buffer.from(whole);
    for (let flips = next() % 6; flips >= 0; flips -= 1) bytes[next() % bytes.length] = next() % 256;
    const cut = bytes.subarray(0, next() % 3 === 0 ? next() % bytes.length : bytes.length);
    const response = respond(cut, { address: '127.0.0.1', transport: 'UDP' }, ask);
    if (response) assert.ok((response[2]! & 0x80) !== 0);
  }
});
