// The command line of `dns`: a wrong option gets one sentence that names it.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { parseDnsOptions } from '../../commands/dns-options.ts';
import { StartError } from '../../start-error.ts';

const refused: readonly (readonly [line: string, problem: string])[] = [
  ['ask', 'ask is not a command of dns'],
  ['answer', 'answer takes a name and a type'],
  ['answer a.test A B', 'answer takes a name and a type'],
  ['answer a..test', 'a..test is not a domain name: it has an empty label'],
  [
    'answer a.test HTTPS',
    'HTTPS is not a type of record here: use A, AAAA, CNAME, NS, PTR, TXT, MX, SRV, CAA, SOA',
  ],
  ['answer a.test --count 0', '--count 0: must be a whole number from 1 to 1000000'],
  ['answer a.test --port 53', '--port does not belong to answer'],
  ['serve --count 3', '--count does not belong to serve'],
  ['serve --port 65536', '--port 65536: must be a whole number from 0 to 65535'],
  ['serve --host localhost', '--host localhost: must be an IP address of this machine'],
  ['serve a.test', 'serve takes no a.test'],
  ['serve --loud', "Unknown option '--loud'"],
  [
    'serve --at api.test',
    '--at api.test: write NAME=http://127.0.0.1:8080/path, NAME=127.0.0.1:8883 or NAME=127.0.0.1, with an IP address',
  ],
  [
    'serve --at api.test=http://example.com',
    '--at api.test=http://example.com: write NAME=http://127.0.0.1:8080/path, NAME=127.0.0.1:8883 or NAME=127.0.0.1, with an IP address',
  ],
];

test.each(refused)('%s is refused', (line, problem) => {
  assert.throws(
    () => parseDnsOptions(line.split(' ')),
    (error: unknown) => {
      assert.ok(error instanceof StartError);
      assert.equal(error.problems[0], problem);
      return true;
    },
  );
});

test('a network without a region and an unknown region are refused', () => {
  for (const pair of ['10.1.0.0=eu-west-1', '10.1.0.0/33=eu-west-1', '10.1.0.0/16=moon-1'])
    assert.throws(() => parseDnsOptions(['serve', '--place', pair]), {
      name: 'StartError',
      message: new RegExp(`^--place ${pair}: write NETWORK/PREFIX=REGION, such as 10.1.0.0/16=eu-west-1`),
    });
});

test('several parameters may follow one flag, as sam deploy takes them', () => {
  const line = 'answer iot.test cname --parameter-overrides Routing=weighted Weight=90 --from 192.0.2.1';
  const options = parseDnsOptions(line.split(' '));
  assert.ok(options?.command === 'answer');
  const { name, type, from, overrides } = options;
  assert.deepEqual([name, type, from], ['iot.test', 'CNAME', '192.0.2.1']);
  assert.deepEqual(overrides, { Routing: 'weighted', Weight: '90' });
});

test('--help prints the usage', () => {
  for (const args of [[], ['--help'], ['serve', '-h']]) assert.equal(parseDnsOptions(args), undefined);
});
