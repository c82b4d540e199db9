// Checks that the broker is reachable before a fleet connects.

import { connect } from 'node:net';
import { isRefused } from '../commands/running-stack.ts';
import { SimError } from './sim-error.ts';
import type { Target } from './target.ts';

const PROBE_MS = 10_000;

/** @param url `mqtts://host:port` @throws SimError with the target's remedy if nothing listens there. */
export function probe(url: string, { remedy, noAnswer }: Pick<Target, 'remedy' | 'noAnswer'>): Promise<void> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 8883) });
    const fail = (problem: string) => {
      socket.destroy();
      reject(new SimError(problem));
    };
    const failWith = (reason: string) => fail(`no broker at ${url} (${reason}): ${remedy}`);
    socket.setTimeout(PROBE_MS, () => failWith('no answer'));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      isRefused(error) ? fail(noAnswer) : failWith(error.code ?? error.message),
    );
    socket.on('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}
