// The command line of `npm run device`: valid options, and messages about invalid ones.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { parseDeviceOptions, sameCloud } from '../../device-sim/device-options.ts';
import { OnboardingError } from '../../device-sim/onboarding-error.ts';

test('create takes type, group, attributes, folder, policy and place', () => {
  const line =
    'create s1 --type sensor --group Seattle --attr city=Seattle --attr a=b=c --out certs/ --local';
  assert.deepEqual(parseDeviceOptions(line.split(' ')), {
    command: 'create',
    name: 's1',
    type: 'sensor',
    group: 'Seattle',
    attributes: { city: 'Seattle', a: 'b=c' },
    out: 'certs/',
    policy: 'TidegateDevice',
    local: true,
    dataDir: '.tidegate',
    retireOld: false,
  });
});

test('create writes units as an attribute can have them', () => {
  const line =
    'create s1 --unit temperature=°C --unit humidity=% --unit pm=µg/m³ --unit flow=m3/h --attr floor=2';
  assert.deepEqual(parseDeviceOptions(line.split(' '))?.attributes, {
    ...{ floor: '2', units: 'temperature:C,humidity:percent,pm:ug/m3,flow:m3/h' },
  });
});

test('a colon in a name is for sensors behind a gateway, and existing names with a colon stay valid', () => {
  assert.equal(parseDeviceOptions(['rotate', 'a:b'])?.name, 'a:b');
  assert.equal(parseDeviceOptions(['revoke', 'a:b'])?.name, 'a:b');
});

test('claim takes a name, or generates one', () => {
  const of = (line: string) => parseDeviceOptions(line.split(' '));
  assert.partialDeepStrictEqual(of('claim'), { name: 'claim', policy: 'TidegateClaim', revoke: false });
  assert.partialDeepStrictEqual(of('claim factory-1 --revoke'), { name: 'factory-1', revoke: true });
});

test('a command that is suggested next names the same cloud', () => {
  const of = (line: string) => sameCloud(parseDeviceOptions(line.split(' '))!);
  assert.equal(of('create s1'), '');
  assert.equal(of('create s1 --local'), ' --local');
  assert.equal(of('create s1 --local --data-dir /tmp/a'), ' --local --data-dir /tmp/a');
});

test('provision takes the claim, the template, parameters and the endpoint', () => {
  const line =
    'provision tg-000042 --claim-cert c/claim.cert.pem --template T --parameter a=b=c --endpoint x-ats.iot.amazonaws.com';
  assert.deepEqual(parseDeviceOptions(line.split(' '))?.provision, {
    claimCert: 'c/claim.cert.pem',
    claimKey: 'c/claim.key.pem',
    template: 'T',
    parameters: { a: 'b=c' },
    endpoint: 'mqtts://x-ats.iot.amazonaws.com:8883',
  });
});

test('--help asks for the usage', () => {
  assert.equal(parseDeviceOptions(['--help']), undefined);
});

const refused: readonly (readonly [what: string, args: readonly string[], message: RegExp])[] = [
  ['no command', [], /^no command: create NAME/],
  [
    'a name of claims',
    ['create', 'claim-1'],
    /^thing name "claim-1" is not allowed: claim certificates connect as claim-/,
  ],
  ['a colon in the name', ['create', 'a:b'], /^thing name "a:b" is not allowed: gateway:child is how/],
  [
    'a unit that is none',
    ['create', 'a', '--unit', 'temperature'],
    /^--unit "temperature" is not allowed: metric=unit/,
  ],
  ['a unit that no attribute can have', ['create', 'a', '--unit', 't=a b'], /^--unit "t=a b" is not allowed/],
  ['an unknown command', ['destroy', 'a'], /^no command "destroy"/],
  ['delete without a name', ['delete', '--local'], /^delete needs the device's name$/],
  ['delete of AWS without the API', ['delete', 'a'], /^delete needs --api-url URL, the output ApiUrl/],
  [
    'delete of two clouds',
    ['delete', 'a', '--local', '--api-url', 'https://x'],
    /^give delete either --local or --api-url/,
  ],
  ['a name beside a table', ['create', 'a', '--from', 'x.csv'], /^create: too many arguments: "a"$/],
  ['another format', ['list', '--format', 'xml'], /^--format "xml": must be table, csv, json$/],

  ['provision without a claim', ['provision', 'a'], /^provision needs --claim-cert FILE$/],
  [
    'provision without a key',
    ['provision', 'a', '--claim-cert', 'x.pem'],
    /^provision needs --claim-key FILE$/,
  ],
  [
    'a template that is a path',
    ['provision', 'a', '--claim-cert', 'x.cert.pem', '--template', 'a/b'],
    /^--template "a\/b"/,
  ],
  [
    'an endpoint with a scheme',
    ['provision', 'a', '--claim-cert', 'x.cert.pem', '--endpoint', 'mqtts://x'],
    /^--endpoint/,
  ],
  [
    'a parameter without a value',
    ['provision', 'a', '--claim-cert', 'x.cert.pem', '--parameter', 'x'],
    /^--parameter "x"/,
  ],
  ['--revoke with another command', ['create', 'a', '--revoke'], /^create does not take --revoke$/],
  ['a command named constructor', ['constructor', 'a'], /^no command "constructor"/],
  ['no name', ['create'], /^create needs the device's name/],
  ['an empty name', ['create', ''], /^thing name "" is not allowed/],
  ['a path as a name', ['create', '../../etc/x'], /^thing name "..\/..\/etc\/x" is not allowed/],
  ['two names', ['create', 'a', 'b'], /too many arguments: "b"/],
  ['an unknown option', ['create', 'a', '--colour', 'red'], /Unknown option '--colour'/],
  ['an option of another command', ['list', '--out', 'x'], /^list does not take --out/],
  ['an attribute without a value', ['create', 'a', '--attr', 'city'], /^--attr "city" is not allowed/],
  ['an attribute with a space', ['create', 'a', '--attr', 'city=New York'], /without spaces/],
  ['a group that is not a name', ['create', 'a', '--group', 'a b'], /^--group "a b" is not allowed/],
];
for (const [what, args, message] of refused) {
  test(`${what} is refused in one line`, () => {
    assert.throws(
      () => parseDeviceOptions(args),
      (error) =>
        error instanceof OnboardingError && message.test(error.message) && !error.message.includes('\n'),
    );
  });
}
