// Requests of every wrong kind: none gets in, and none takes the HTTP API down.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { openGateway } from './fixture.ts';

const words = fc.constantFrom(
  ...['AWS4-HMAC-SHA256', ' ', 'Credential=', 'SignedHeaders=', 'Signature=', ',', ', ', ';', '/', '=', ''],
  ...[
    'local',
    'ASIALOCALAAAAAAAAAAA',
    '20261120',
    'us-east-1',
    'execute-api',
    'aws4_request',
    'host;x-amz-date',
  ],
  ...['__proto__', 'constructor', '%00', '0'.repeat(64), 'UNSIGNED-PAYLOAD', 'e30.e30', '....', 'é'],
);
const text = fc.array(words, { maxLength: 14 }).map((parts) => parts.join(''));
/** What Node's client does not refuse to send. */
const headerText = text.map((found) => found.replaceAll(/[^\t\u0020-\u007E]/g, '?'));
const path = fc
  .array(
    fc.constantFrom(
      '/',
      'devices',
      'windows',
      '%2f',
      '%',
      '%zz',
      '..',
      '?',
      '&',
      '=',
      '__proto__',
      ':',
      '%00',
      '+',
    ),
    {
      maxLength: 10,
    },
  )
  .map((parts) => `/${parts.join('')}`);

test('no request with a made-up signature gets in, and each gets an answer', async () => {
  const { call, events, counts } = await openGateway({ spec: { rate: undefined } });
  const seen = new Set<number | undefined>();
  await fc.assert(
    fc.asyncProperty(
      fc.record({ authorization: headerText, date: headerText, token: headerText, hash: headerText, path }),
      async ({ authorization, date, token, hash, path }) => {
        const headers = {
          authorization,
          'x-amz-date': date,
          'x-amz-security-token': token,
          'x-amz-content-sha256': hash,
        };
        const { status } = await call({
          keys: null,
          headers,
          change: (sent) =>
            (sent.path = path.startsWith('/devices') ? `/api${path}` : `/api/devices${path.slice(1)}`),
        });
        seen.add(status);
        assert.ok(status === 403 || status === 404, `${status} for ${JSON.stringify({ headers, path })}`);
      },
    ),
    { seed: 3, numRuns: 400 },
  );
  assert.deepEqual(seen, new Set([403, 404]));
  assert.deepEqual([events, counts['api.errors']], [[], undefined]);
  assert.equal((await call()).status, 200);
});
