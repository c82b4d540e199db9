// The command line of `npm run device`: what it takes, and how it names what it does not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDeviceOptions } from '../../device-sim/device-options.ts';
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

test('--help asks for the usage', () => {
  assert.equal(parseDeviceOptions(['--help']), undefined);
});

const refused: readonly (readonly [what: string, args: readonly string[], message: RegExp])[] = [
  ['no command', [], /^no command: create NAME/],
  ['an unknown command', ['delete', 'a'], /^no command "delete"/],
  ['a command named constructor', ['constructor', 'a'], /^no command "constructor"/],
  ['no name', ['create'], /^create needs the device's name/],
  ['an empty name', ['create', ''], /^thing name "" is not allowed/],
  ['a path as a name', ['create', '../../etc/x'], /^thing name "..\/..\/etc\/x" is not allowed/],
  ['two names', ['create', 'a', 'b'], /"b" is too much/],
  ['an unknown option', ['create', 'a', '--colour', 'red'], /Unknown option '--colour'/],
  ['an option of another command', ['list', '--out', 'x'], /^list takes no --out/],
  ['an attribute without a value', ['create', 'a', '--attr', 'city'], /^--attr "city" is not allowed/],
  ['an attribute with a space', ['create', 'a', '--attr', 'city=New York'], /without spaces/],
  ['a group that is no name', ['create', 'a', '--group', 'a b'], /^--group "a b" is not allowed/],
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
