// Who is at the other end of a connection: what the socket and CONNECT have said of it.

import type { Identity } from './access.ts';
import type { Dialect } from './dialect.ts';
import type { Session } from './session.ts';
import type { Will } from './wills.ts';

/** What CONNECT agreed on. */
export interface Accepted {
  readonly clientId: string;
  readonly dialect: Dialect;
  readonly session: Session;
  readonly keepAliveSeconds: number;
  /** Epoch milliseconds. */
  readonly connectedAt: number;
  /** Of the lifecycle events. */
  readonly versionNumber: number;
  readonly sessionIdentifier: string;
  /** The largest packet that the client takes, in bytes. */
  readonly maxPacketBytes: number;
  /** Taken away when it must not be published. */
  will?: Will;
  /** QoS 1 messages wait to be sent once the socket takes them. */
  readonly window: number;
}

/** Where a connection begins and ends, beside the client's address, which its identity has. */
export interface SocketAddress {
  readonly sourcePort: number;
  readonly targetIp: string;
  readonly targetPort: number;
}

export interface ConnectedPeer {
  readonly identity: Identity;
  /** Undefined where MQTT runs over something other than a TCP or TLS socket, such as a WebSocket. */
  readonly socket: SocketAddress | undefined;
  readonly accepted: Accepted;
  isOpen(): boolean;
}
