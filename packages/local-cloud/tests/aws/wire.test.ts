// The formats of the AWS port on their own: chunked bodies with trailers, and XML in and out.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { decodeChunked } from '../../aws/chunked.ts';
import { childrenOf, parseXml, renderXml, textOf } from '../../aws/xml.ts';

async function* inPieces(text: string, size: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < text.length; start += size)
    yield Buffer.from(text.slice(start, start + size), 'latin1');
}

async function decode(text: string, size: number) {
  const trailers = new Map<string, string>();
  const chunks: Buffer[] = [];
  for await (const chunk of decodeChunked(inPieces(text, size), trailers)) chunks.push(chunk);
  return { data: Buffer.concat(chunks).toString('latin1'), trailers: Object.fromEntries(trailers) };
}

const signed = '4;chunk-signature=abc\r\nWiki\r\n5;chunk-signature=def\r\npedia\r\n0;chunk-signature=0\r\n';
const bodies: readonly (readonly [string, string, Record<string, string>])[] = [
  ['4\r\nWiki\r\n0\r\n\r\n', 'Wiki', {}],
  [`${signed}\r\n`, 'Wikipedia', {}],
  [
    '4\r\na\r\nb\r\n0\r\nx-amz-checksum-crc32: AAAAAA==\r\n\r\n',
    'a\r\nb',
    { 'x-amz-checksum-crc32': 'AAAAAA==' },
  ],
  ['1\r\n0\r\n0\r\nX-Amz-Checksum-Sha1:abc\r\n', '0', { 'x-amz-checksum-sha1': 'abc' }],
  ['0\r\n', '', {}],
];
test('takes chunked bodies apart, however they arrive', async () => {
  for (const [text, data, trailers] of bodies) {
    for (const size of [1, 2, 3, 7, 1_000]) assert.deepEqual(await decode(text, size), { data, trailers });
  }
});

const broken = [
  '',
  '4\r\nWik',
  '4\r\nWikiX\r\n0\r\n\r\n',
  'x\r\n',
  '-1\r\n',
  '4\r\nWiki\r\n',
  'f'.repeat(10_000),
  '0\r\nnoColon\r\n\r\n',
];
test('refuses invalid chunked bodies', async () => {
  for (const text of broken) {
    for (const size of [1, 1_000])
      await assert.rejects(decode(text, size), { code: 'IncompleteBody' }, text.slice(0, 20));
  }
});

test('writes XML that nothing escapes from', () => {
  const xml = renderXml('A xmlns="urn:x"', {
    B: '<&>"\u0000\u001B',
    C: [1, true],
    D: undefined,
    E: { F: '' },
  });
  assert.equal(
    xml.split('\n')[1],
    '<A xmlns="urn:x"><B>&lt;&amp;&gt;&quot;&#x0;&#x1b;</B><C>1</C><C>true</C><E><F></F></E></A>',
  );
});

test('reads XML with entities, CDATA, comments, attributes and namespaces', () => {
  const root = parseXml(
    '\uFEFF<?xml version="1.0"?><s3:Delete xmlns="u"><!-- x --><Object a="1"><Key>a&amp;&#98;&#x63;<![CDATA[<d>]]></Key></Object><Object/></s3:Delete>',
  );
  const objects = childrenOf(root, 'Object');
  assert.deepEqual([root.name, objects.length, textOf(objects[0]!, 'Key')], ['Delete', 2, 'a&bc<d>']);
  assert.equal(textOf(objects[1]!, 'Key'), undefined);
});

const malformed = [
  '',
  'text',
  '<a>',
  '</a>',
  '<a></b>',
  '<a/><b/>',
  '<a>&unknown;</a>',
  '<a>&#x110000;</a>',
  '<a>&__proto__;</a>',
  '<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>',
  '<a'.repeat(1_000),
  '<a>'.repeat(20) + '</a>'.repeat(20),
  '<a><b></a></b>',
];
test('refuses invalid XML, and expands no entity', () => {
  for (const text of malformed)
    assert.throws(() => parseXml(text), { code: 'MalformedXML' }, text.slice(0, 30));
});

test('reads a large document in a short time', () => {
  const root = parseXml(`<Delete>${'<Object><Key>k</Key></Object>'.repeat(50_000)}</Delete>`);
  assert.equal(root.children.length, 50_000);
});
