// Messages that attack a parser or a table: empty, deep, binary, with names that mean something to JavaScript or DynamoDB.

import type { Random } from '../bench/chaos/random.ts';

/** A payload with a key in its text, by which the archive is searched. */
type Make = (key: string, random: Random) => string | Buffer;

const LEVELS = 10_000;
const LONG_NAME = 300;
const withNote = (key: string, members: Readonly<Record<string, unknown>>) =>
  JSON.stringify({ ...members, note: key });

export const HOSTILE: Readonly<Record<string, Make>> = {
  /** Has no key, and is not looked for. */
  empty: () => '',
  deep: (key) => `${'{"a":'.repeat(LEVELS)}"${key}"${'}'.repeat(LEVELS)}`,
  invalidUtf8: (key) =>
    Buffer.concat([Buffer.from(`{"note":"${key}`), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]),
  binary: (key) => Buffer.concat([Buffer.from([0, 1, 2, 0x80]), Buffer.from(key)]),
  builtIn: (key, random) => withNote(key, { [random.pick(['constructor', 'toString', 'valueOf'])]: 3 }),
  twice: (key) => `{"temperature":4,"temperature":5,"note":"${key}"}`,
  claimed: (key) => withNote(key, { deviceId: 'device-0', site: 'nowhere', traceId: 'mine', temperature: 4 }),
  reserved: (key, random) => withNote(key, { [random.pick(['size', 'status', 'count', 'name'])]: 7 }),
  longName: (key) => withNote(key, { ['n'.repeat(LONG_NAME)]: 1, temperature: 4 }),
};
