// A device's resolver: queries DNS for the broker's name and caches the answer for its time to live.

import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { decode, encode } from 'dns-packet';

export interface Found {
  /** The CNAME's target. */
  readonly target: string;
  readonly ttlMs: number;
}

const ANSWER_LIMIT_MS = 2_000;

/** One query over UDP. @throws Error if there is no answer, or none with a CNAME */
export async function askCname(port: number, name: string): Promise<Found> {
  const id = randomInt(65_536);
  const socket = createSocket('udp4');
  try {
    const message = await new Promise<Buffer>((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error(`${name}: no answer`)), ANSWER_LIMIT_MS);
      socket.once('error', reject);
      socket.on('message', (bytes) => {
        if (bytes.length < 2 || bytes.readUInt16BE(0) !== id) return; // an answer to another query
        clearTimeout(limit);
        resolve(bytes);
      });
      socket.send(encode({ type: 'query', id, questions: [{ type: 'CNAME', name }] }), port, '127.0.0.1');
    });
    const answer = decode(message).answers?.find((each) => each.type === 'CNAME');
    if (answer?.type !== 'CNAME') throw new Error(`${name}: no CNAME in the answer`);
    return { target: answer.data, ttlMs: (answer.ttl ?? 0) * 1_000 };
  } finally {
    socket.close();
  }
}

/** @returns a function that returns the target, from the cache while it is valid */
export function createResolver(port: number, name: string): () => Promise<string> {
  let kept: { readonly target: string; readonly until: number } | undefined;
  return async () => {
    const now = performance.now();
    if (kept && now < kept.until) return kept.target;
    const { target, ttlMs } = await askCname(port, name);
    kept = { target, until: now + ttlMs };
    return target;
  };
}
