// The TLS server of the broker: asks for a client certificate, knows several names, and says why a client is refused.

import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { BrokerOptions } from './broker.ts';
import { keepRoom } from './handshakes.ts';
import type { Limits } from './limits.ts';
import { chooseProtocol } from './sniff-protocol.ts';

export function createTlsServer(
  { tls, domains = [] }: Pick<BrokerOptions, 'tls' | 'domains'>,
  limits: Limits,
  report: (address: string | undefined, reason: string) => void,
): Server {
  const server = createServer({
    ...tls,
    minVersion: 'TLSv1.2',
    requestCert: true,
    rejectUnauthorized: false, // identify decides, so that the log can say why
    handshakeTimeout: limits.handshakeTimeoutMs,
    ALPNCallback: ({ protocols }) => chooseProtocol(protocols),
  });
  for (const { name, key, cert } of domains) server.addContext(name, { key, cert, ca: tls.ca });
  keepRoom(server, limits, report);
  return server;
}

/** Why the TLS version is too old for the server name that the client requested; Node chooses the version before it knows the name. */
export function versionProblem(
  socket: TLSSocket,
  domains: BrokerOptions['domains'] = [],
): string | undefined {
  const version = socket.getProtocol();
  if (version === 'TLSv1.3') return undefined;
  const name = String(socket.servername);
  const isRequired = domains.some((one) => one.requiresTls13 && one.name === name.toLowerCase());
  return isRequired ? `${name} requires TLS 1.3, and the client speaks ${version}` : undefined;
}
