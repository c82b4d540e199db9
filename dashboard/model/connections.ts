// Combines presence events into connections, and formats the ages of certificates.

import { durationText, edgeText, plural } from './format.ts';

/** As the API returns it, newest first. */
export interface PresenceEvent {
  readonly at: number;
  readonly online: boolean;
  readonly sessionId: string;
  readonly disconnectReason?: string;
  readonly ipAddress?: string;
}

/**
 * Times are epoch milliseconds. Without `from` it began before the stored events; without `to` it is open, or its end
 * was not recorded.
 */
export interface Connection {
  readonly sessionId: string;
  readonly from?: number;
  readonly to?: number;
  readonly reason?: string;
  readonly ipAddress?: string;
}

/** One connection for each session, newest first. */
export function connectionsOf(events: readonly PresenceEvent[]): Connection[] {
  const bySession = Map.groupBy(events, ({ sessionId }) => sessionId);
  const found = [...bySession].map(([sessionId, ends]): Connection => {
    const came = ends.find(({ online }) => online);
    const went = ends.find(({ online }) => !online);
    const ipAddress = came?.ipAddress ?? went?.ipAddress;
    return {
      sessionId,
      ...(came && { from: came.at }),
      ...(went && { to: went.at }),
      ...(went?.disconnectReason !== undefined && { reason: went.disconnectReason }),
      ...(ipAddress !== undefined && { ipAddress }),
    };
  });
  const startOf = ({ from, to }: Connection) => from ?? to ?? 0;
  return found.sort((a, b) => startOf(b) - startOf(a));
}

/** https://docs.aws.amazon.com/iot/latest/developerguide/life-cycle-events.html#connect-disconnect */
const REASONS: Readonly<Record<string, string>> = {
  AUTH_ERROR: 'Not authorised',
  CLIENT_ERROR: 'Protocol error',
  CLIENT_INITIATED_DISCONNECT: 'It disconnected',
  CONNECTION_LOST: 'The connection broke',
  CUSTOMAUTH_TTL_EXPIRATION: 'Its login expired',
  DUPLICATE_CLIENTID: 'Another client connected with its name',
  FORBIDDEN_ACCESS: 'Its policy does not allow an action',
  MQTT_KEEP_ALIVE_TIMEOUT: 'Keep-alive timed out',
  SERVER_ERROR: 'The broker failed',
  SERVER_INITIATED_DISCONNECT: 'The broker closed it',
  THROTTLED: 'It exceeded a limit',
  WEBSOCKET_TTL_EXPIRATION: 'Its WebSocket expired',
};

export const reasonText = (reason: string | undefined): string =>
  reason === undefined ? '' : (REASONS[reason] ?? reason);

export interface Certificate {
  readonly certificateId: string;
  readonly status: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

const DAY = 86_400_000;
const [SOON, LONG] = [30 * DAY, 2 * 365 * DAY];

/** What is wrong with a certificate and the remedy; undefined for a valid one. */
export function certificateProblem(
  { status, expiresAt }: Certificate,
  deviceId: string,
  now: number,
): string | undefined {
  const remedy = `npm run device -- rotate ${deviceId}`;
  if (status !== 'ACTIVE')
    return `It is ${status.toLowerCase()}, so the device cannot connect with it: ${remedy}`;
  if (expiresAt <= now) return `It expired on ${edgeText(expiresAt, LONG)}: ${remedy}`;
  if (expiresAt - now < SOON) return `It expires in ${durationText(expiresAt - now)}: ${remedy}`;
  return undefined;
}

export const ageText = ({ createdAt }: Certificate, now: number): string => {
  const days = Math.floor((now - createdAt) / DAY);
  return days < 1 ? 'today' : `${edgeText(createdAt, LONG)}, ${plural(days, 'day')} ago`;
};

export const untilText = ({ expiresAt }: Certificate): string => edgeText(expiresAt, LONG);
