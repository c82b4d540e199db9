// What MQTT 3.1.1 and MQTT 5 say differently about the same event; nothing else asks for the version.

import {
  generate,
  type IConnackPacket,
  type IConnectPacket,
  type IPublishPacket,
  type Packet,
  writeToStream,
} from 'mqtt-packet';
import type { Limits } from './limits.ts';
import type { InboundMessage } from './message.ts';
import { type EndingName, endingOf, type Refusal } from './refusal.ts';
import type { Delivery } from './link.ts';
import type { Version } from './shape.ts';
import { withUserProperties } from './user-properties.ts';

// Or all 65,536 numbers of a packet are made beforehand, in 7 MB.
writeToStream.cacheNumbers = false;

export interface Welcome {
  readonly sessionPresent: boolean;
  /** Set where the client left the choice of its ID to the broker. */
  readonly assignedClientId?: string;
  /** Set where the broker's keep-alive is not the one that the client requested. */
  readonly keepAliveSeconds?: number;
  readonly expirySeconds: number;
}

export interface Dialect {
  readonly version: Version;
  encode(packet: Packet): Buffer;
  /** Seconds that the session outlives the connection. */
  sessionExpiry(packet: IConnectPacket, limits: Limits): number;
  /** QoS 1 messages that the client takes before it acknowledges one. */
  window(packet: IConnectPacket, limits: Limits): number;
  welcome(welcome: Welcome, limits: Limits): IConnackPacket;
  /** The packet without what the client may do without. */
  shorten(packet: Packet): Packet;
  /** Undefined where the connection is closed without an answer. */
  refuseConnect(ending: EndingName): IConnackPacket | undefined;
  /** The answer to a refused publish; undefined where the connection is closed instead. */
  refusePublish(packet: IPublishPacket, refusal: Refusal): Packet | undefined;
  /** The code for one refused filter in SUBACK; undefined where the connection is closed instead. */
  refuseFilter(refusal: Refusal): number | undefined;
  /** `codes`: of MQTT 5, one a filter. */
  unsuback(messageId: number, codes: readonly number[]): Packet;
  /** What is said before the connection is closed. */
  goodbye(ending: EndingName): Packet | undefined;
  /** True where CONNACK said how many QoS 1 messages may wait, so that one more is its error. */
  readonly announcesReceiveMaximum: boolean;
  /** @returns the whole packet. */
  publish(delivery: Delivery, now: number): Buffer;
}

function basePublish({ message, qos, retain, dup, messageId }: Delivery): IPublishPacket {
  return { cmd: 'publish', topic: message.topic, payload: message.payload, qos, retain, dup, messageId };
}

const mqtt311: Dialect = {
  version: 4,
  encode: (packet) => generate(packet, { protocolVersion: 4 }),
  announcesReceiveMaximum: false,
  sessionExpiry: (packet, limits) => (packet.clean ? 0 : limits.sessionExpirySeconds),
  window: (_packet, limits) => limits.inflight,
  welcome: ({ sessionPresent }) => ({ cmd: 'connack', sessionPresent, returnCode: 0 }),
  shorten: (packet) => packet,
  refuseConnect(ending) {
    const { returnCode } = endingOf(ending);
    return returnCode && { cmd: 'connack', sessionPresent: false, returnCode };
  },
  refusePublish: () => undefined,
  refuseFilter: ({ code }) => (code === 'quotaExceeded' ? 0x80 : undefined),
  unsuback: (messageId) => ({ cmd: 'unsuback', messageId, granted: [] }),
  goodbye: () => undefined,
  publish: (delivery) => mqtt311.encode(basePublish(delivery)),
};

/** The message expiry interval that is left [MQTT-3.3.2-6]; 0 in the last second, as IoT Core says. */
function remainingExpiry({ properties, receivedAt }: InboundMessage, now: number): number | undefined {
  const seconds = properties?.messageExpiryInterval;
  if (seconds === undefined) return undefined;
  const waitedMs = Math.max(0, now - receivedAt);
  return seconds * 1000 - waitedMs < 1000 ? 0 : seconds - Math.floor(waitedMs / 1000);
}

const mqtt5: Dialect = {
  version: 5,
  encode: (packet) => generate(packet, { protocolVersion: 5 }),
  announcesReceiveMaximum: true,
  sessionExpiry: (packet, limits) =>
    Math.min(packet.properties?.sessionExpiryInterval ?? 0, limits.maxSessionExpirySeconds),
  window: (packet, limits) => Math.min(packet.properties?.receiveMaximum ?? limits.inflight, limits.inflight),
  welcome: (welcome, limits) => ({
    cmd: 'connack',
    sessionPresent: welcome.sessionPresent,
    reasonCode: 0,
    properties: {
      sessionExpiryInterval: welcome.expirySeconds,
      receiveMaximum: limits.inflight,
      maximumQoS: 1,
      retainAvailable: true,
      maximumPacketSize: limits.packetBytes,
      assignedClientIdentifier: welcome.assignedClientId,
      topicAliasMaximum: limits.topicAliases,
      wildcardSubscriptionAvailable: true,
      subscriptionIdentifiersAvailable: false,
      sharedSubscriptionAvailable: true,
      serverKeepAlive: welcome.keepAliveSeconds,
    },
  }),
  shorten(packet) {
    if (packet.cmd !== 'connack' || !packet.properties) return packet;
    // Without these properties, a client takes retained messages, wildcards and shared subscriptions for granted, and uses no aliases.
    const { receiveMaximum, maximumQoS, maximumPacketSize, subscriptionIdentifiersAvailable } =
      packet.properties;
    const { assignedClientIdentifier, serverKeepAlive, sessionExpiryInterval } = packet.properties;
    return {
      ...packet,
      properties: {
        receiveMaximum,
        maximumQoS,
        maximumPacketSize,
        subscriptionIdentifiersAvailable,
        assignedClientIdentifier,
        serverKeepAlive,
        sessionExpiryInterval,
      },
    };
  },
  refuseConnect: (ending) => ({ cmd: 'connack', sessionPresent: false, reasonCode: endingOf(ending).code }),
  refusePublish: ({ qos, messageId }, { code }) =>
    qos === 1 && publishCodes.has(code)
      ? { cmd: 'puback', messageId, reasonCode: endingOf(code).code }
      : undefined,
  refuseFilter: ({ code }) => (filterCodes.has(code) ? endingOf(code).code : undefined),
  unsuback: (messageId, codes) => ({ cmd: 'unsuback', messageId, granted: [...codes] }),
  goodbye(ending) {
    const { code, event } = endingOf(ending);
    if (event === 'CLIENT_INITIATED_DISCONNECT' || event === 'CONNECTION_LOST') return undefined;
    return { cmd: 'disconnect', reasonCode: code };
  },
  publish(delivery, now) {
    const properties = delivery.message.properties;
    const base = basePublish(delivery);
    if (!properties) return mqtt5.encode(base);
    const { correlationData, userProperties, ...same } = properties;
    const packet = mqtt5.encode({
      ...base,
      properties: {
        ...same,
        messageExpiryInterval: remainingExpiry(delivery.message, now),
        correlationData: correlationData === undefined ? undefined : Buffer.from(correlationData, 'base64'),
      },
    });
    return userProperties ? withUserProperties(packet, userProperties) : packet;
  },
};

/** Refusals that a PUBACK can carry; the others end the connection. */
const publishCodes: ReadonlySet<EndingName> = new Set([
  'notAuthorized',
  'topicInvalid',
  'packetIdInUse',
  'quotaExceeded',
]);
const filterCodes: ReadonlySet<EndingName> = new Set(['notAuthorized', 'filterInvalid', 'quotaExceeded']);

export const dialects: Readonly<Record<Version, Dialect>> = { 4: mqtt311, 5: mqtt5 };
