// Ends a connection once, with a reason: says goodbye, closes the stream, and leaves the session, the will and the events in order.

import type { Duplex } from 'node:stream';
import type { BrokerContext, Client, ConnectedClient } from './client.ts';
import type { Accepted } from './peer.ts';
import { type EndingName, endingOf } from './refusal.ts';

/** What changes in the life of a connection. */
export interface ConnectionState {
  isOpen: boolean;
  /** Set by CONNECT. */
  accepted?: Accepted;
}

/** How long a closed connection may take to read its last packets. */
const LINGER_MS = 1_000;

function leave(broker: BrokerContext, client: ConnectedClient, ending: EndingName): void {
  const { identity } = client;
  const { clientId, session, will, ...presence } = client.accepted;
  if (broker.connected.get(clientId) === client) broker.connected.delete(clientId);
  broker.sessions.leave(session);
  if (will && ending !== 'clientDisconnected') broker.wills.release(will, session.expirySeconds);
  const { event } = endingOf(ending);
  broker.clients.left(client, event);
  const { expirySeconds: sessionExpirySeconds } = session;
  const departure = { clientId, identity, sessionExpirySeconds, ...presence };
  const published = broker.lifecycle.disconnected(departure, event);
  broker.connectionLog.left({ clientId, ...presence }, published);
  broker.count('mqtt.disconnections');
}

function report({ log, count }: BrokerContext, client: Client, ending: EndingName, reason: string): void {
  const { event } = endingOf(ending);
  log.warn('connection closed', {
    client: client.accepted?.clientId,
    ip: client.identity.sourceIp,
    event,
    reason,
  });
  if (event === 'CLIENT_ERROR') count('mqtt.refused');
}

/** @returns the `close` of the client */
export function createClose(deps: {
  readonly broker: BrokerContext;
  readonly stream: Duplex;
  readonly state: ConnectionState;
  readonly client: () => Client;
  readonly stopTimers: () => void;
}): Client['close'] {
  const { broker, stream, state } = deps;

  const end = () => {
    state.isOpen = false;
    deps.stopTimers();
    stream.end();
    stream.resume(); // what still comes is thrown away, so that the last packets are not lost to a reset
    const cancel = broker.clock.after(LINGER_MS, () => stream.destroy());
    stream.once('close', cancel);
  };

  return (ending, detail) => {
    if (!state.isOpen) return;
    const client = deps.client();
    if (detail !== undefined) report(broker, client, ending, detail);
    const { accepted } = state;
    const goodbye = accepted?.dialect.goodbye(ending);
    if (goodbye) client.refuse(goodbye, accepted!.dialect, accepted!.maxPacketBytes);
    end();
    if (accepted) leave(broker, client as ConnectedClient, ending);
  };
}
