// Asks whether a broker is there before a fleet of devices begins to knock.
import { connect } from 'node:net';
import { SimError } from './options.ts';

const probeMs = 10_000;

/** @param url `mqtts://host:port` @throws SimError with `remedy` when nothing listens there. */
export function probe(url: string, remedy: string): Promise<void> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 8883) });
    const fail = (reason: string) => {
      socket.destroy();
      reject(new SimError(`no broker at ${url} (${reason}): ${remedy}`));
    };
    socket.setTimeout(probeMs, () => fail('no answer'));
    socket.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    socket.on('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}
