// One client's connection over any byte stream: reads packets no faster than they can be kept, and ends once, with a reason.

import type { Packet } from 'mqtt-packet';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Identity } from './access.ts';
import type { BrokerContext, Client, ConnectedClient } from './client.ts';
import type { Accepted, SocketAddress } from './peer.ts';
import { dialects } from './dialect.ts';
import { checkFirstByte } from './shape.ts';
import { createDecoder } from './decode.ts';
import { fit } from './fit.ts';
import { createFrameReader } from './frames.ts';
import { handlers } from './handlers.ts';
import { type EndingName, endingOf, Refusal } from './refusal.ts';
import type { Link } from './link.ts';
import { createTimers } from './connection-timers.ts';

/** How long a closed connection may take to read its last packets. */
const lingerMs = 1_000;

function addressOf(stream: Duplex): SocketAddress | undefined {
  if (!(stream instanceof Socket)) return undefined;
  const { remotePort = 0, localAddress = '', localPort = 0 } = stream;
  return { sourcePort: remotePort, targetIp: localAddress, targetPort: localPort };
}

/**
 * Starts to serve `stream`; nothing is read before CONNECT is awaited. `saidGoodbye` tells at the end of the stream
 * whether what carries it said so, as the Close frame of a WebSocket does.
 */
export function createConnection(
  stream: Duplex,
  identity: Identity,
  broker: BrokerContext,
  saidGoodbye: () => boolean = () => false,
): Client {
  const { limits, clock, hub, log, count } = broker;
  const decode = createDecoder();
  let accepted: Accepted | undefined;
  const version = () => accepted?.dialect.version;
  const frames = createFrameReader(limits.packetBytes, (first) => checkFirstByte(first, version()));
  let isOpen = true;
  let isBusy = false;
  let isReading = false;
  let isCorked = false;
  let awaitsRelief = false;

  /** `ofMessages`: how many of the bytes are the session's, which sends more once the socket has taken them. */
  const write = (bytes: Buffer, ofMessages = 0) => {
    if (!isCorked) {
      isCorked = true;
      stream.cork();
      process.nextTick(() => {
        isCorked = false;
        stream.uncork();
      });
    }
    stream.write(bytes, () => accepted?.session.took(ofMessages));
  };
  const isWritable = () => stream.writableLength < limits.sendBufferBytes;

  const isHeld = () => {
    if (isBusy || timers.isThrottled() || !isWritable()) return true;
    const announced = accepted?.dialect.announcesReceiveMaximum ?? true;
    if (!announced && client.unacknowledged.size >= limits.inflight) return true;
    if (hub.isCongested(identity.principal) && !awaitsRelief) {
      awaitsRelief = true;
      hub.whenRelieved(() => {
        awaitsRelief = false;
        read();
      });
    }
    return awaitsRelief;
  };

  const fail = (error: unknown) => {
    if (error instanceof Refusal) {
      const mustAnswer = error.code === 'unsupportedVersion' && !accepted; // [MQTT-3.1.2-2]
      if (mustAnswer) client.refuse(dialects[4].refuseConnect(error.code)!, dialects[4], Infinity);
      client.close(error.code, error.message);
      return;
    }
    // Not the client's doing, and no reason to take the process down with it.
    const reason = error instanceof Error ? error.stack : String(error);
    log.error('connection failed', { client: accepted?.clientId, reason });
    client.close('serverError');
  };

  const handle = (frame: Buffer) => {
    const { packet, shape } = decode(frame, version());
    timers.seen(frame.length, packet.cmd === 'publish');
    const handler = handlers[packet.cmd] as (c: Client, p: Packet, s: typeof shape) => void | Promise<void>;
    const done = handler(client, packet, shape);
    if (!done) return;
    isBusy = true;
    done.catch(fail).finally(() => {
      isBusy = false;
      read();
    });
  };

  /** Handles what has been received until something holds it; the socket waits meanwhile. */
  const read = () => {
    if (isReading || !isOpen) return;
    isReading = true;
    try {
      while (isOpen && !isHeld()) {
        const frame = frames.next();
        if (!frame) break;
        handle(frame);
      }
    } catch (error) {
      fail(error);
    }
    isReading = false;
    if (isOpen && isHeld()) stream.pause();
    else stream.resume();
  };

  const end = () => {
    isOpen = false;
    timers.stop();
    stream.end();
    stream.resume(); // what still comes is thrown away, so that the last packets are not lost to a reset
    const cancel = clock.after(lingerMs, () => stream.destroy());
    stream.once('close', cancel);
  };

  const leave = ({ clientId, session, will, ...presence }: Accepted, ending: EndingName) => {
    if (broker.connected.get(clientId) === client) broker.connected.delete(clientId);
    broker.sessions.leave(session);
    if (will && ending !== 'clientDisconnected') broker.wills.release(will, session.expirySeconds);
    const { event } = endingOf(ending);
    broker.clients.left(client as ConnectedClient, event);
    const { expirySeconds: sessionExpirySeconds } = session;
    const departure = { clientId, identity, sessionExpirySeconds, ...presence };
    const told = broker.lifecycle.disconnected(departure, event);
    broker.connectionLog.left({ clientId, ...presence }, told);
    count('mqtt.disconnections');
  };

  const close = (ending: EndingName, detail?: string) => {
    if (!isOpen) return;
    if (detail !== undefined) {
      const { event } = endingOf(ending);
      log.warn('connection closed', {
        client: accepted?.clientId,
        ip: identity.sourceIp,
        event,
        reason: detail,
      });
      if (event === 'CLIENT_ERROR') count('mqtt.refused');
    }
    const goodbye = accepted?.dialect.goodbye(ending);
    if (goodbye) client.refuse(goodbye, accepted!.dialect, accepted!.maxPacketBytes);
    end();
    if (accepted) leave(accepted, ending);
  };

  const createLink = ({ window, dialect, maxPacketBytes }: Accepted): Link => ({
    window,
    isWritable: (bytes) => isOpen && stream.writableLength < bytes,
    send(delivery) {
      const bytes = dialect.publish(delivery, clock.now());
      if (bytes.length > maxPacketBytes) return 0;
      write(bytes, bytes.length);
      timers.sent();
      return bytes.length;
    },
    overflow: (reason) => close('tooSlow', reason),
  });

  const client: Client = {
    identity,
    socket: addressOf(stream),
    broker,
    get accepted() {
      return accepted;
    },
    accept(settled) {
      accepted = settled;
      broker.connected.set(settled.clientId, client as ConnectedClient);
      count('mqtt.connections');
      timers.keepAlive(settled.keepAliveSeconds);
    },
    begin() {
      if (isOpen) broker.sessions.enter(accepted!.session, createLink(accepted!));
    },
    unacknowledged: new Set(),
    aliases: new Map(),
    send(packet) {
      if (!isOpen) return;
      const { dialect, maxPacketBytes } = accepted!;
      const bytes = fit(packet, dialect, maxPacketBytes);
      if (bytes) write(bytes);
      else
        close(
          'packetTooLarge',
          `${packet.cmd} is larger than the client's maximum of ${maxPacketBytes} bytes`,
        );
    },
    refuse(packet, dialect, maxBytes) {
      const bytes = fit(packet, dialect, maxBytes);
      if (bytes && isOpen) write(bytes);
    },
    acknowledge(messageId) {
      client.unacknowledged.delete(messageId);
      if (!isOpen) return;
      const puback = Buffer.from([0x40, 2, messageId >> 8, messageId & 0xff]); // in MQTT 5 the short form means success
      if (puback.length <= accepted!.maxPacketBytes) write(puback);
      else client.send({ cmd: 'puback', messageId }); // which ends the connection
      read();
    },
    close,
    isOpen: () => isOpen,
  };

  const overfed = () =>
    log.warn(
      'a client gets more messages than AWS IoT Core sends to one connection, where some would be lost',
      {
        client: accepted?.clientId,
        perSecond: limits.publishesPerSecond,
      },
    );
  const isSlow = () => isBusy || awaitsRelief;
  const timers = createTimers({ clock, limits, close, resume: read, isHeld: isSlow, overfed });
  stream.on('data', (chunk: Buffer) => {
    if (!isOpen) return;
    frames.push(chunk);
    read();
  });
  stream.on('drain', read);
  stream.on('error', (error) => close('connectionLost', accepted ? undefined : error.message));
  stream.on('end', () => close(saidGoodbye() ? 'clientDisconnected' : 'connectionLost'));
  stream.on('close', () => close('connectionLost'));
  return client;
}
