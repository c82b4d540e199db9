// What is asked and done about single clients from outside: who is connected or lately was, what each hears, and a message for one.

import type { Clock } from '../clock.ts';
import type { Access } from './access.ts';
import type { InboundMessage } from './message.ts';
import type { ConnectedPeer, SocketAddress } from './peer.ts';
import type { DisconnectReason } from './refusal.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';

/** A connection as GetConnection of AWS IoT describes it; times are epoch milliseconds. */
export interface ConnectionState {
  readonly clientId: string;
  readonly connected: boolean;
  readonly thingName?: string;
  readonly cleanSession: boolean;
  /** Seconds. */
  readonly sessionExpiry: number;
  /** Seconds; absent where only the session is known. */
  readonly keepAliveDuration?: number;
  readonly connectedSince?: number;
  readonly disconnectedSince?: number;
  readonly disconnectReason?: DisconnectReason;
  readonly sourceIp: string;
  readonly socket?: SocketAddress;
}

export type DirectOutcome = 'sent' | 'notConnected' | 'notAllowed' | 'unconfirmed';

export interface Clients {
  /** A client that is connected, has left within half an hour or has a session that waits for it. */
  describe(clientId: string): ConnectionState | undefined;
  /** Filters and QoS of the client's session, also of one that waits; undefined where there is none. */
  subscriptionsOf(clientId: string): { topicFilter: string; qos: number }[] | undefined;
  /**
   * Hands a message to one connected client, whatever it has subscribed to. With `confirmWithinMs` it goes with QoS 1 and
   * is `sent` once the client has acknowledged it; else with QoS 0. It is on no disk, and no rule sees it.
   */
  send(clientId: string, message: InboundMessage, confirmWithinMs?: number): Promise<DirectOutcome>;
  /** Remembers how a client went. */
  left(client: ConnectedPeer, disconnectReason: DisconnectReason): void;
}

const MEMORY_MS = 1_800_000;
/** Clients that are remembered; beyond it the first to leave are forgotten before their time. */
const MAXIMUM_REMEMBERED = 10_000;

function describe({ accepted, identity, socket }: ConnectedPeer): Omit<ConnectionState, 'connected'> {
  const { clientId, session, keepAliveSeconds } = accepted;
  return {
    clientId,
    thingName: identity.thingName,
    cleanSession: session.expirySeconds === 0,
    sessionExpiry: session.expirySeconds,
    keepAliveDuration: keepAliveSeconds,
    sourceIp: identity.sourceIp,
    socket,
  };
}

/** How clients went, for half an hour, in the order of leaving. */
function createDepartures(clock: Clock) {
  const departures = new Map<string, { state: ConnectionState; at: number }>();
  const forgetOld = () => {
    for (const [clientId, { at }] of departures) {
      if (departures.size <= MAXIMUM_REMEMBERED && clock.elapsed() - at < MEMORY_MS) return;
      departures.delete(clientId);
    }
  };
  return {
    find(clientId: string): ConnectionState | undefined {
      forgetOld();
      return departures.get(clientId)?.state;
    },
    add(state: ConnectionState): void {
      departures.delete(state.clientId);
      departures.set(state.clientId, { state, at: clock.elapsed() });
      forgetOld();
    },
  };
}

/** A client that is not connected, and whose session waits for it. */
function waitingState(session: Session | undefined): ConnectionState | undefined {
  if (!session) return undefined;
  const { clientId, expirySeconds, identity } = session;
  const { sourceIp, thingName } = identity;
  return {
    ...{ clientId, connected: false, thingName, cleanSession: false, sessionExpiry: expirySeconds, sourceIp },
  };
}

/** Resolves with whether the client has acknowledged the message in time. */
function confirmed(session: Session, message: InboundMessage, ms: number, clock: Clock) {
  return new Promise<DirectOutcome>((resolve) => {
    const cancel = clock.after(ms, () => resolve('unconfirmed'));
    const onAcknowledged = () => {
      cancel();
      resolve('sent');
    };
    session.deliver(message, { qos: 1, retain: false, onAcknowledged });
  });
}

export function createClients(deps: {
  readonly connected: ReadonlyMap<string, ConnectedPeer>;
  readonly sessions: Pick<Sessions, 'of'>;
  readonly access: Access;
  readonly clock: Clock;
}): Clients {
  const { connected, sessions, access, clock } = deps;
  const departures = createDepartures(clock);

  return {
    describe(clientId) {
      const client = connected.get(clientId);
      if (client)
        return { ...describe(client), connected: true, connectedSince: client.accepted.connectedAt };
      return departures.find(clientId) ?? waitingState(sessions.of(clientId));
    },
    subscriptionsOf(clientId) {
      const found = sessions.of(clientId)?.subscriptions;
      return found && [...found].map(([topicFilter, { qos }]) => ({ topicFilter, qos }));
    },
    async send(clientId, message, confirmWithinMs) {
      const client = connected.get(clientId);
      if (!client?.isOpen()) return 'notConnected';
      const asked = { clientId, action: 'iot:Receive', resource: `topic/${message.topic}` } as const;
      if (!access.allows(client.identity, asked)) return 'notAllowed';
      const { session } = client.accepted;
      if (confirmWithinMs !== undefined) return confirmed(session, message, confirmWithinMs, clock);
      session.deliver(message, { qos: 0, retain: false });
      return 'sent';
    },
    left(client, disconnectReason) {
      const disconnectedSince = clock.now();
      departures.add({ ...describe(client), connected: false, disconnectedSince, disconnectReason });
    },
  };
}
