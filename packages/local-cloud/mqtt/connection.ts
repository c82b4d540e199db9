// One client's connection over any byte stream: reads packets no faster than they can be kept, and ends once, with a reason.

import type { Packet } from 'mqtt-packet';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Identity } from './access.ts';
import type { BrokerContext, Client, ConnectedClient } from './client.ts';
import { type ConnectionState, createClose } from './connection-end.ts';
import { type ConnectionTimers, createTimers } from './connection-timers.ts';
import { createDecoder } from './decode.ts';
import { dialects } from './dialect.ts';
import { fit } from './fit.ts';
import { handlers } from './handlers.ts';
import type { Link } from './link.ts';
import { createOutput, type Output } from './output.ts';
import { createPacketReader, type PacketReader } from './packet-reader.ts';
import type { Accepted, SocketAddress } from './peer.ts';
import { Refusal } from './refusal.ts';
import type { Shape } from './shape.ts';

/** The parts of one connection. */
interface Parts {
  readonly broker: BrokerContext;
  readonly state: ConnectionState;
  readonly output: Output;
  readonly timers: ConnectionTimers;
  readonly reader: PacketReader;
  readonly close: Client['close'];
}

const OVERFED =
  'a client gets more messages than AWS IoT Core sends to one connection, where some would be lost';

function addressOf(stream: Duplex): SocketAddress | undefined {
  if (!(stream instanceof Socket)) return undefined;
  const { remotePort = 0, localAddress = '', localPort = 0 } = stream;
  return { sourcePort: remotePort, targetIp: localAddress, targetPort: localPort };
}

/** The connection as its session sees it. */
const linkOf = (parts: Parts, { window, dialect, maxPacketBytes }: Accepted): Link => ({
  window,
  isWritable: (bytes) => parts.state.isOpen && parts.output.isWritable(bytes),
  send(delivery) {
    const bytes = dialect.publish(delivery, parts.broker.clock.now());
    if (bytes.length > maxPacketBytes) return 0;
    parts.output.write(bytes, bytes.length);
    parts.timers.sent();
    return bytes.length;
  },
  overflow: (reason) => parts.close('tooSlow', reason),
});

/** Sends a packet other than PUBLISH; one that is too large for the client ends the connection. */
function sendPacket({ state, output, close }: Parts, packet: Packet): void {
  if (!state.isOpen) return;
  const { dialect, maxPacketBytes } = state.accepted!;
  const bytes = fit(packet, dialect, maxPacketBytes);
  const problem = `${packet.cmd} is larger than the client's maximum of ${maxPacketBytes} bytes`;
  if (bytes) output.write(bytes);
  else close('packetTooLarge', problem);
}

/** What the packet handlers do with the connection. */
function createClient(parts: Parts, identity: Identity, socket: SocketAddress | undefined): Client {
  const { broker, state, output, timers, reader, close } = parts;
  const client: Client = {
    identity,
    socket,
    broker,
    get accepted() {
      return state.accepted;
    },
    accept(accepted) {
      state.accepted = accepted;
      broker.connected.set(accepted.clientId, client as ConnectedClient);
      broker.count('mqtt.connections');
      timers.keepAlive(accepted.keepAliveSeconds);
    },
    begin() {
      const { accepted } = state;
      if (state.isOpen) broker.sessions.enter(accepted!.session, linkOf(parts, accepted!));
    },
    unacknowledged: new Set(),
    aliases: new Map(),
    send: (packet) => sendPacket(parts, packet),
    refuse(packet, dialect, maxBytes) {
      const bytes = fit(packet, dialect, maxBytes);
      if (bytes && state.isOpen) output.write(bytes);
    },
    acknowledge(messageId) {
      client.unacknowledged.delete(messageId);
      if (!state.isOpen) return;
      const puback = Buffer.from([0x40, 2, messageId >> 8, messageId & 0xff]); // in MQTT 5 the short form means success
      if (puback.length <= state.accepted!.maxPacketBytes) output.write(puback);
      else client.send({ cmd: 'puback', messageId }); // which ends the connection
      reader.read();
    },
    close,
    isOpen: () => state.isOpen,
  };
  return client;
}

/** Answers a packet that could not be handled, and closes the connection. */
function fail(client: Client, error: unknown): void {
  if (error instanceof Refusal) {
    const mustAnswer = error.code === 'unsupportedVersion' && !client.accepted; // [MQTT-3.1.2-2]
    if (mustAnswer) client.refuse(dialects[4].refuseConnect(error.code)!, dialects[4], Infinity);
    client.close(error.code, error.message);
    return;
  }
  // Not the client's doing, and no reason to take the process down with it.
  const reason = error instanceof Error ? error.stack : String(error);
  client.broker.log.error('connection failed', { client: client.accepted?.clientId, reason });
  client.close('serverError');
}

/** @returns a function that decodes a frame and runs its handler */
function createHandle(client: () => Client, timers: () => ConnectionTimers) {
  const decode = createDecoder();
  return (frame: Buffer): void | Promise<void> => {
    const { packet, shape } = decode(frame, client().accepted?.dialect.version);
    timers().seen(frame.length, packet.cmd === 'publish');
    const handler = handlers[packet.cmd] as (c: Client, p: Packet, s: Shape) => void | Promise<void>;
    return handler(client(), packet, shape);
  };
}

/** True while the client has to wait for its rate, its socket or its own unacknowledged messages. */
function isHeld({ broker: { limits }, accepted, unacknowledged }: Client, output: Output): boolean {
  if (!output.isWritable(limits.sendBufferBytes)) return true;
  const announced = accepted?.dialect.announcesReceiveMaximum ?? true;
  return !announced && unacknowledged.size >= limits.inflight;
}

/**
 * Starts to serve `stream`; nothing is read before CONNECT is awaited. `saidGoodbye` says at the end of the stream
 * whether the client announced the end, as the Close frame of a WebSocket does.
 */
export function createConnection(
  stream: Duplex,
  identity: Identity,
  broker: BrokerContext,
  saidGoodbye: () => boolean = () => false,
): Client {
  const { limits, clock, hub, log } = broker;
  const state: ConnectionState = { isOpen: true };
  const output = createOutput(stream, (ofMessages) => state.accepted?.session.took(ofMessages));
  const clientOf = () => client;
  const close = createClose({ broker, stream, state, client: clientOf, stopTimers: () => timers.stop() });
  const reader = createPacketReader({
    ...{ stream, hub, packetBytes: limits.packetBytes, principal: identity.principal },
    version: () => state.accepted?.dialect.version,
    isOpen: () => state.isOpen,
    isClientHeld: () => timers.isThrottled() || isHeld(client, output),
    handle: createHandle(clientOf, () => timers),
    fail: (error) => fail(client, error),
  });
  const timers = createTimers({
    ...{ clock, limits, close },
    resume: () => reader.read(),
    isHeld: () => reader.isBrokerSlow(),
    overfed: () =>
      log.warn(OVERFED, { client: state.accepted?.clientId, perSecond: limits.publishesPerSecond }),
  });
  const client = createClient({ broker, state, output, timers, reader, close }, identity, addressOf(stream));

  stream.on('data', (chunk: Buffer) => {
    if (!state.isOpen) return;
    reader.push(chunk);
    reader.read();
  });
  stream.on('drain', () => reader.read());
  stream.on('error', (error) => close('connectionLost', state.accepted ? undefined : error.message));
  stream.on('end', () => close(saidGoodbye() ? 'clientDisconnected' : 'connectionLost'));
  stream.on('close', () => close('connectionLost'));
  return client;
}
