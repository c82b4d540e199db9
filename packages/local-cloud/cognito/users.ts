// The users of the template's user pool and their groups, kept in one file of the data directory for its owner alone.

import { randomBytes, randomUUID, scrypt, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { makeDirectory, replaceFile } from '../files/durable-files.ts';
import { StartError } from '../start-error.ts';
import { byPrecedence } from './group-roles.ts';
import type { PoolGroup, UserPool } from './user-pool.ts';

export interface User {
  /** `cognito:username`, and the subject of tokens: a UUID, as where people log in with their mail address. */
  readonly sub: string;
  /** In lower case. */
  readonly email: string;
  readonly groups: readonly string[];
  /** `scrypt:<salt>:<hash>`, base64url; undefined until somebody sets a password. */
  readonly password: string | undefined;
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

export interface Users {
  readonly pool: UserPool;
  /** By mail address or subject. */
  find(name: string): User | undefined;
  all(): readonly User[];
  groups(): readonly PoolGroup[];
  /** Resolves when it is on the disk. */
  put(user: User): Promise<void>;
  remove(user: User): Promise<void>;
  /** A group that the template does not have. */
  putGroup(group: PoolGroup): Promise<void>;
  /** Takes as long for a name that nobody has. */
  check(name: string, password: string): Promise<User | undefined>;
  /** A new password for a user, in the form in which it is kept. */
  sealed(password: string): Promise<string>;
  /** The first user, as long as nobody else was added and the password is the one that was made here and kept beside. */
  unclaimed(): Promise<User | undefined>;
}

interface Stored {
  readonly users: readonly User[];
  readonly groups: readonly PoolGroup[];
}

/** Who is there from the start. */
export const FIRST_USER = 'you@localhost';
const FILE = 'users.json';
const PASSWORD_FILE = 'password.txt';
const HASH_BYTES = 32;
const PASSWORD_BYTES = 15;

const derive = promisify<string, Buffer, number, Buffer>(scrypt);

async function seal(password: string, salt = randomBytes(16)): Promise<string> {
  const hash = await derive(password.normalize('NFC'), salt, HASH_BYTES);
  return `scrypt:${salt.toString('base64url')}:${hash.toString('base64url')}`;
}

async function opens(sealed: string | undefined, password: string): Promise<boolean> {
  const [, salt = '', hash = ''] = (sealed ?? '').split(':');
  const found = await derive(password.normalize('NFC'), Buffer.from(salt, 'base64url'), HASH_BYTES);
  const kept = Buffer.from(hash, 'base64url');
  return kept.length === found.length && timingSafeEqual(kept, found);
}

function read(file: string): Stored | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Stored;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (!(error instanceof SyntaxError)) throw error;
    throw new StartError(`${file} is damaged: remove it; the first user then gets a new password`);
  }
}

/** The users beside the program that keeps them; none before its first start. @throws StartError when the file is damaged. */
export const readUsers = (dir: string): readonly User[] => read(path.join(dir, FILE))?.users ?? [];

/** Makes the first user, in the strongest group, with a password that is kept beside for its owner to read. */
async function firstUser(dir: string, pool: UserPool, now: number): Promise<[User, string]> {
  const password = randomBytes(Math.max(PASSWORD_BYTES, pool.leastPassword)).toString('base64url');
  await replaceFile(path.join(dir, PASSWORD_FILE), `${password}\n`);
  const [strongest] = pool.groups.toSorted(byPrecedence);
  const groups = strongest ? [strongest.name] : [];
  const user = {
    sub: randomUUID(),
    email: FIRST_USER,
    groups,
    password: await seal(password),
    createdAt: now,
  };
  return [user, password];
}

async function keptPassword(dir: string): Promise<string | undefined> {
  try {
    return (await readFile(path.join(dir, PASSWORD_FILE), 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export interface OpenedUsers {
  readonly users: Users;
  /** Set at the first start, to be shown once. */
  readonly first?: { readonly name: string; readonly password: string; readonly file: string };
}

/**
 * Reads `<dir>/users.json`; where there is none, makes it with the first user.
 *
 * @param now epoch milliseconds
 * @throws StartError when the file holds something else.
 */
export async function openUsers(dir: string, pool: UserPool, now: number): Promise<OpenedUsers> {
  await makeDirectory(dir);
  const file = path.join(dir, FILE);
  const stored = read(file);
  const made = stored ? undefined : await firstUser(dir, pool, now);
  const users = new Map((stored?.users ?? [made![0]]).map((user) => [user.sub, user]));
  const groups = new Map((stored?.groups ?? []).map((group) => [group.name, group]));
  const decoy = made?.[0].password ?? (await seal(randomBytes(PASSWORD_BYTES).toString('hex')));
  let saving = Promise.resolve();
  const save = () => {
    const content = () =>
      JSON.stringify({ users: [...users.values()], groups: [...groups.values()] }, undefined, 2);
    saving = saving.catch(() => {}).then(() => replaceFile(file, `${content()}\n`));
    return saving;
  };
  if (made) await save();

  const find = (name: string) =>
    users.get(name) ?? [...users.values()].find(({ email }) => email === name.trim().toLowerCase());
  return {
    users: {
      pool,
      find,
      all: () => [...users.values()],
      groups: () => [
        ...pool.groups,
        ...[...groups.values()].filter(({ name }) => !pool.groups.some((of) => of.name === name)),
      ],
      async put(user) {
        const before = users.get(user.sub);
        users.set(user.sub, user);
        await save();
        // What is kept beside would be wrong from now on.
        const isFirst = before?.email === FIRST_USER && before.password !== user.password;
        if (isFirst) await rm(path.join(dir, PASSWORD_FILE), { force: true });
      },
      async remove({ sub }) {
        users.delete(sub);
        await save();
      },
      async putGroup(group) {
        groups.set(group.name, group);
        await save();
      },
      async check(name, password) {
        const user = find(name);
        const fits = await opens(user?.password ?? decoy, password);
        return fits && user?.password !== undefined ? user : undefined;
      },
      sealed: seal,
      async unclaimed() {
        const [only] = users.values();
        if (users.size !== 1 || only?.email !== FIRST_USER || only.password === undefined) return undefined;
        const password = await keptPassword(dir);
        return password !== undefined && (await opens(only.password, password)) ? only : undefined;
      },
    },
    ...(made && { first: { name: FIRST_USER, password: made[1], file: path.join(dir, PASSWORD_FILE) } }),
  };
}
