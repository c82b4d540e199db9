// Reads an .eml file as a mail program does: unfolds headers, decodes words, undoes the transfer encoding.

import assert from 'node:assert/strict';

export interface ReadEmail {
  /** By name in lower case; a name that comes twice fails the test. */
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
}

const fromQuotedPrintable = (text: string) =>
  Buffer.from(
    text
      .replaceAll('=\r\n', '')
      .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString('utf8');

const decoders: Readonly<Record<string, (text: string) => string>> = {
  '7bit': (text) => text,
  'quoted-printable': fromQuotedPrintable,
  base64: (text) => Buffer.from(text, 'base64').toString('utf8'),
};

function decodeWords(text: string): string {
  return text
    .replaceAll(/(=\?[^?]+\?[QB]\?[^?]*\?=)\s+(?==\?)/g, '$1')
    .replaceAll(/=\?UTF-8\?([QB])\?([^?]*)\?=/gi, (_, kind: string, body: string) =>
      kind.toUpperCase() === 'B' ? decoders['base64']!(body) : fromQuotedPrintable(body.replaceAll('_', ' ')),
    );
}

export function readEmail(raw: string): ReadEmail {
  assert.doesNotMatch(raw, /[^\r]\n|\r(?!\n)/, 'every line ends in CRLF');
  assert.ok(Math.max(...raw.split('\r\n').map((line) => line.length)) <= 998, 'no line is too long for SMTP');
  const end = raw.indexOf('\r\n\r\n');
  const headers = new Map<string, string>();
  for (const line of raw
    .slice(0, end)
    .replaceAll(/\r\n[ \t]+/g, ' ')
    .split('\r\n')) {
    const [, name, value] = /^([!-9;-~]+): ?(.*)$/.exec(line) ?? assert.fail(`no header: ${line}`);
    assert.ok(!headers.has(name!.toLowerCase()), `${name} comes twice`);
    headers.set(name!.toLowerCase(), decodeWords(value!));
  }
  const encoding = headers.get('content-transfer-encoding') ?? '7bit';
  const decode = decoders[encoding] ?? assert.fail(`unknown encoding ${encoding}`);
  return { headers, text: decode(raw.slice(end + 4)) };
}
