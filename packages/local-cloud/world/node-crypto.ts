// Replaces `node:crypto` in a world: ids and random bytes come from the seed, and the clock waits for keys and hashes of passwords.

import * as real from 'node:crypto';
import { promisify } from 'node:util';
import { seededBytes, seededUuid } from './globals.ts';
import { outside } from './runtime.ts';

export * from 'node:crypto';

export const randomUUID = seededUuid;
export const randomBytes = seededBytes;

type Done = (error: Error | null, ...found: unknown[]) => void;

/** For functions that answer by their last argument. */
function waitedFor(run: (...given: never[]) => unknown) {
  return (...given: unknown[]): void => {
    const done = given.pop() as Done;
    const found = new Promise<Parameters<Done>>((resolve) => {
      run(...([...given, (...answer: Parameters<Done>) => resolve(answer)] as never[]));
    });
    void outside(found).then((answer) => done(...answer));
  };
}

const realPair = promisify(real.generateKeyPair) as (...given: unknown[]) => Promise<unknown>;

export const generateKeyPair = Object.assign(waitedFor(real.generateKeyPair), {
  [promisify.custom]: (...given: unknown[]) => outside(realPair(...given)),
}) as unknown as typeof real.generateKeyPair;
export const scrypt = waitedFor(real.scrypt) as unknown as typeof real.scrypt;
