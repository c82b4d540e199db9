// HTTPS for devices: the data plane for clients with a certificate, as far as its policies allow.
// https://docs.aws.amazon.com/iot/latest/developerguide/http.html

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { AwsError } from '../aws-error.ts';
import {
  defaultConnectionLimits,
  limitConnections,
  type ConnectionLimits,
} from '../aws/connection-limits.ts';
import { initiatorOf, refusedPage } from '../aws/origin.ts';
import { sendError } from '../aws/wire.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Access, Identity } from '../mqtt/access.ts';
import { createThrottledWarning } from '../log-throttle.ts';
import { answerCall } from './api.ts';
import type { DataCall, DataOperation, DataPlane } from './call.ts';

/** A device that takes longer, or wants to go on, connects again. */
const LIFETIME_MS = 300_000;

const forbidden = () => new AwsError('ForbiddenException', 'Forbidden', 403);

/** Serves one connection at a time: the policies are asked for every request, so that a revoked certificate is worth nothing. */
export type ServeDevice = (socket: TLSSocket, identity: Identity) => void;

export function createDeviceHttps(deps: {
  readonly plane: DataPlane;
  readonly access: Access;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: ConnectionLimits;
}): ServeDevice {
  const { plane, access, clock, log } = deps;
  const identities = new WeakMap<object, Identity>();

  const answer = async (req: IncomingMessage, res: ServerResponse) => {
    const identity = identities.get(req.socket)!;
    // There is no client ID, so the variables of things have no value, as on AWS.
    const isAllowed = ([action, resource]: readonly [Parameters<Access['allows']>[1]['action'], string]) =>
      access.allows(identity, { clientId: '', action, resource });
    const check = ({ needs }: DataOperation, call: DataCall) => {
      if (!needs?.(call).every(isAllowed)) throw forbidden();
    };
    try {
      const initiator = initiatorOf(req);
      if (initiator?.kind === 'page') throw refusedPage(initiator.from); // its browser has a device's certificate
      await answerCall(plane, req, res, identity.principal, check);
    } catch (error) {
      if (!(error instanceof AwsError)) {
        const reason = error instanceof Error ? error.stack : String(error);
        log.error('an HTTPS request of a device failed', { path: req.url, reason });
      }
      const shown =
        error instanceof AwsError ? error : new AwsError('InternalFailureException', 'Internal failure', 500);
      sendError(res, shown, 'json');
    }
  };

  const server = createServer((req, res) => {
    res.on('error', () => req.socket.destroy()); // its device has gone
    void answer(req, res);
  });
  const warn = createThrottledWarning(log, clock);
  // How many there are, the port that hands them over sees to.
  limitConnections(server, { ...(deps.limits ?? defaultConnectionLimits), connections: Infinity }, (reason) =>
    warn(reason, 'refused', { action: 'HTTPS', reason }),
  );

  return (socket, identity) => {
    identities.set(socket, identity);
    socket.once(
      'close',
      clock.after(LIFETIME_MS, () => socket.destroy()),
    );
    server.emit('connection', socket);
  };
}
