// Replaces `node:zlib` in a world: compresses at once, because the system's threads answer in no fixed order.

import { gzipSync, type InputType } from 'node:zlib';
import { pause } from './runtime.ts';

export * from 'node:zlib';

export function gzip(input: InputType, done: (error: Error | null, result: Buffer) => void): void {
  void pause(1).then(() => done(null, gzipSync(input)));
}
