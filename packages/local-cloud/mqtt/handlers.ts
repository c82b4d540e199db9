// Which packet goes where.

import type { IDisconnectPacket, IPubackPacket, Packet } from 'mqtt-packet';
import type { Client, ConnectedClient } from './client.ts';
import { handleConnect } from './handle-connect.ts';
import { handlePublish } from './handle-publish.ts';
import { handleSubscribe, handleUnsubscribe } from './handle-subscribe.ts';
import { Refusal } from './refusal.ts';
import type { Shape } from './shape.ts';

type Handler<P extends Packet> = (client: ConnectedClient, packet: P, shape: Shape) => void | Promise<void>;

type Handlers = { readonly [C in Packet['cmd']]?: Handler<Extract<Packet, { cmd: C }>> };

function handlePuback({ accepted }: ConnectedClient, { messageId }: IPubackPacket): void {
  accepted.session.acknowledge(messageId!);
}

function handleDisconnect(client: ConnectedClient, { reasonCode, properties }: IDisconnectPacket): void {
  const { session } = client.accepted;
  const expiry = properties?.sessionExpiryInterval;
  if (expiry !== undefined) {
    if (session.expirySeconds === 0 && expiry > 0) {
      throw new Refusal(
        'protocolError',
        'a session expiry at DISCONNECT where CONNECT had none [MQTT-3.14.2-2]',
      );
    }
    session.expirySeconds = Math.min(expiry, client.broker.limits.maxSessionExpirySeconds);
  }
  client.close(reasonCode === 4 ? 'clientDisconnectedWithWill' : 'clientDisconnected');
}

/** Each handler may throw Refusal; while a promise is pending, the connection's next packet waits. */
export const handlers: Handlers = {
  connect: handleConnect,
  publish: handlePublish,
  puback: handlePuback,
  subscribe: handleSubscribe,
  unsubscribe: handleUnsubscribe,
  pingreq: (client: Client) => client.send({ cmd: 'pingresp' }),
  disconnect: handleDisconnect,
};
