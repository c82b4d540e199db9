// What the handler of a packet sees of the connection that the packet came on.

import type { Packet } from 'mqtt-packet';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Access } from './access.ts';
import type { Dialect } from './dialect.ts';
import type { Clients } from './clients.ts';
import type { Hub } from './hub.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Limits } from './limits.ts';
import type { Accepted, ConnectedPeer } from './peer.ts';
import type { EndingName } from './refusal.ts';
import type { Retained } from './retained.ts';
import type { ConnectionLog } from './connection-log.ts';
import type { Sessions } from './sessions.ts';
import type { Wills } from './wills.ts';

/** What every connection shares. */
export interface BrokerContext {
  readonly access: Access;
  readonly clients: Clients;
  readonly clock: Clock;
  readonly hub: Hub;
  readonly lifecycle: Lifecycle;
  readonly limits: Limits;
  readonly log: Log;
  readonly retained: Retained;
  readonly connectionLog: ConnectionLog;
  readonly sessions: Sessions;
  readonly wills: Wills;
  /** The connected clients by client ID. */
  readonly connected: Map<string, ConnectedClient>;
  readonly count: (name: string, by?: number) => void;
  /** A UUID. */
  readonly newId: () => string;
}

export interface Client extends Omit<ConnectedPeer, 'accepted'> {
  readonly broker: BrokerContext;
  readonly accepted: Accepted | undefined;
  accept(accepted: Accepted): void;
  /** After CONNACK: sends what waits for the session. */
  begin(): void;
  /** Of the client's own QoS 1 messages: what is not acknowledged yet. */
  readonly unacknowledged: Set<number>;
  /** MQTT 5: topics by the alias that the client gave them. */
  readonly aliases: Map<number, string>;
  /** A packet that is larger than the client takes ends the connection instead. */
  send(packet: Packet): void;
  /** The answer to a CONNECT that is refused: sent if it is not larger than `maxBytes`. */
  refuse(packet: Packet, dialect: Dialect, maxBytes: number): void;
  /** Acknowledges a publish and lets reading go on. */
  acknowledge(messageId: number): void;
  /** Ends the connection, once; `detail` goes to the log. */
  close(ending: EndingName, detail?: string): void;
}

export interface ConnectedClient extends Client, ConnectedPeer {
  readonly accepted: Accepted;
}
