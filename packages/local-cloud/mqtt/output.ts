// Writes packets to a client's stream, those of one tick together.

import type { Duplex } from 'node:stream';

export interface Output {
  /** @param ofMessages how many of the bytes are the session's, which sends more once the socket has taken them */
  write(bytes: Buffer, ofMessages?: number): void;
  /** False while so many bytes wait in the socket. */
  isWritable(bytes: number): boolean;
}

/** @param took called when the socket has taken so many bytes of messages */
export function createOutput(stream: Duplex, took: (ofMessages: number) => void): Output {
  let isCorked = false;
  const cork = () => {
    if (isCorked) return;
    isCorked = true;
    stream.cork();
    process.nextTick(() => {
      isCorked = false;
      stream.uncork();
    });
  };
  return {
    write(bytes, ofMessages = 0) {
      cork();
      stream.write(bytes, () => took(ofMessages));
    },
    isWritable: (bytes) => stream.writableLength < bytes,
  };
}
