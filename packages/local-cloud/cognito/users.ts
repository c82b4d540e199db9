// The users of the template's user pool and their groups, kept in one file that only the owner of the data directory may read.

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
  /** The user with this name and password. Takes as long for an unknown name. */
  check(name: string, password: string): Promise<User | undefined>;
  /** A new password in the form in which it is stored. */
  sealed(password: string): Promise<string>;
  /** The first user, as long as there is no other and the password is still the generated one of `password.txt`. */
  unclaimed(): Promise<User | undefined>;
}

interface Stored {
  readonly users: readonly User[];
  readonly groups: readonly PoolGroup[];
}

/** The user that the first start creates. */
const FIRST_USER = 'you@localhost';
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

/** Reads the users for another program than the one that keeps them; none before its first start. @throws StartError when the file is damaged */
export const readUsers = (dir: string): readonly User[] => read(path.join(dir, FILE))?.users ?? [];

/** Creates the first user, in the strongest group, with a password that `password.txt` keeps for the owner to read. */
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

/** Users by subject and groups by name, in memory, and their file. */
interface Kept {
  readonly dir: string;
  readonly pool: UserPool;
  readonly users: Map<string, User>;
  readonly groups: Map<string, PoolGroup>;
  /** Resolves when the file has what is in memory now. */
  readonly save: () => Promise<void>;
}

function keep(dir: string, pool: UserPool, { users, groups }: Stored): Kept {
  const kept = {
    users: new Map(users.map((user) => [user.sub, user])),
    groups: new Map(groups.map((group) => [group.name, group])),
  };
  let saving = Promise.resolve();
  const save = () => {
    const content = () =>
      JSON.stringify({ users: [...kept.users.values()], groups: [...kept.groups.values()] }, undefined, 2);
    saving = saving.catch(() => {}).then(() => replaceFile(path.join(dir, FILE), `${content()}\n`));
    return saving;
  };
  return { dir, pool, ...kept, save };
}

const findIn = ({ users }: Kept, name: string) =>
  users.get(name) ?? [...users.values()].find(({ email }) => email === name.trim().toLowerCase());

function reading(kept: Kept): Pick<Users, 'pool' | 'find' | 'all' | 'groups'> {
  const { pool, users, groups } = kept;
  return {
    pool,
    find: (name) => findIn(kept, name),
    all: () => [...users.values()],
    groups: () => [
      ...pool.groups,
      ...[...groups.values()].filter(({ name }) => !pool.groups.some((of) => of.name === name)),
    ],
  };
}

function writing({ dir, users, groups, save }: Kept): Pick<Users, 'put' | 'remove' | 'putGroup'> {
  return {
    async put(user) {
      const before = users.get(user.sub);
      users.set(user.sub, user);
      await save();
      // The password in the file would be wrong from now on.
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
  };
}

/** @param decoy what the password of an unknown name is compared with, so that it takes as long */
function checking(kept: Kept, decoy: string): Pick<Users, 'check' | 'sealed' | 'unclaimed'> {
  const { dir, users } = kept;
  return {
    async check(name, password) {
      const user = findIn(kept, name);
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
  };
}

/**
 * Reads `<dir>/users.json`, or creates it with the first user.
 *
 * @param now epoch milliseconds
 * @throws StartError when the file holds something else.
 */
export async function openUsers(dir: string, pool: UserPool, now: number): Promise<OpenedUsers> {
  await makeDirectory(dir);
  const stored = read(path.join(dir, FILE));
  const made = stored ? undefined : await firstUser(dir, pool, now);
  const kept = keep(dir, pool, stored ?? { users: [made![0]], groups: [] });
  const decoy = made?.[0].password ?? (await seal(randomBytes(PASSWORD_BYTES).toString('hex')));
  if (made) await kept.save();
  return {
    users: { ...reading(kept), ...writing(kept), ...checking(kept, decoy) },
    ...(made && { first: { name: FIRST_USER, password: made[1], file: path.join(dir, PASSWORD_FILE) } }),
  };
}
