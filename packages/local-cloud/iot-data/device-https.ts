// HTTPS for devices: the data plane for clients with a certificate, within what the policies of the certificate allow.
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
import type { createRoleCredentials } from './role-credentials.ts';
import type { DataCall, DataOperation, DataPlane } from './call.ts';

/** After this time a connection is closed; the device connects again. */
const LIFETIME_MS = 300_000;

const forbidden = () => new AwsError('ForbiddenException', 'Forbidden', 403);

/** Serves one connection. The policies decide about every request, so that a revoked certificate is refused at once. */
export type ServeDevice = (socket: TLSSocket, identity: Identity | Identify) => void;

/** Says for each request who sends it, where no certificate does. */
export type Identify = (req: IncomingMessage) => Promise<Identity>;

interface Deps {
  readonly plane: DataPlane;
  readonly access: Access;
  /** Answers requests for credentials of roles. */
  readonly giveCredentials: ReturnType<typeof createRoleCredentials>;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: ConnectionLimits;
}

/** @throws AwsError where the policies of the device do not allow the call */
function requireAllowed(access: Access, identity: Identity, { needs }: DataOperation, call: DataCall): void {
  // There is no client ID, so the variables of things have no value, as on AWS.
  const isAllowed = needs?.(call).every(([action, resource]) =>
    access.allows(identity, { clientId: '', action, resource }),
  );
  if (!isAllowed) throw forbidden();
}

async function identified(identify: Identify, req: IncomingMessage, log: Log): Promise<Identity> {
  try {
    return await identify(req);
  } catch (error) {
    log.warn('refused', { action: 'HTTPS', reason: (error as Error).message });
    throw forbidden();
  }
}

async function answer(
  { plane, access, log, giveCredentials }: Deps,
  who: Identity | Identify,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  try {
    const initiator = initiatorOf(req);
    if (initiator?.kind === 'page') throw refusedPage(initiator.from); // its browser has a device's certificate
    const hasCertificate = typeof who !== 'function';
    const identity = hasCertificate ? who : await identified(who, req, log);
    if (giveCredentials(hasCertificate ? identity : undefined, req, res)) return;
    await answerCall(plane, req, res, identity.principal, (operation, call) =>
      requireAllowed(access, identity, operation, call),
    );
  } catch (error) {
    if (!(error instanceof AwsError)) {
      const reason = error instanceof Error ? error.stack : String(error);
      log.error('an HTTPS request of a device failed', { path: req.url, reason });
    }
    const shown =
      error instanceof AwsError ? error : new AwsError('InternalFailureException', 'Internal failure', 500);
    sendError(res, shown, 'json');
  }
}

export function createDeviceHttps(deps: Deps): ServeDevice {
  const { clock, log } = deps;
  const identities = new WeakMap<object, Identity | Identify>();
  const server = createServer((req, res) => {
    res.on('error', () => req.socket.destroy()); // its device has gone
    void answer(deps, identities.get(req.socket)!, req, res);
  });
  const warn = createThrottledWarning(log, clock);
  // The MQTT port, which hands the connections over, limits their number.
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
