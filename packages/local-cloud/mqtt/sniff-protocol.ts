// Distinguishes MQTT from HTTP on one port: by what the client named in ALPN, else by its first byte.

import type { TLSSocket } from 'node:tls';
import type { Clock } from '../clock.ts';

const httpProtocols = ['x-amzn-http-ca', 'http/1.1'];
/** In the order of preference. AWS IoT Core knows the first two on port 443; any other name is MQTT here. */
const protocols = ['x-amzn-mqtt-ca', ...httpProtocols];

/** For the TLS server: what is chosen of the names that a client offers. */
export const chooseProtocol = (offered: readonly string[]): string | undefined =>
  protocols.find((name) => offered.includes(name)) ?? offered[0];

/** The method of a request begins with a capital letter, which no CONNECT does. */
const isCapital = (byte: number | undefined) => byte !== undefined && byte >= 0x41 && byte <= 0x5a;

/**
 * Calls `then` once it is known what the client speaks, with all that it sent still to be read, or `silent` when nothing
 * came within `timeoutMs`.
 */
export function sniffProtocol(
  socket: TLSSocket,
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: number },
  then: (isHttp: boolean) => void,
  silent: () => void,
): void {
  if (socket.alpnProtocol) {
    then(httpProtocols.includes(socket.alpnProtocol));
    return;
  }
  const cancel = clock.after(timeoutMs, silent);
  socket.once('close', cancel);
  socket.once('readable', () => {
    cancel();
    const first = socket.read(1) as Buffer | null;
    if (first) socket.unshift(first);
    then(isCapital(first?.[0]));
  });
}
