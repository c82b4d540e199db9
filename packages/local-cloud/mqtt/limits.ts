// Every number at which the broker says no, in one place: IoT Core's quotas, and what keeps memory bounded here.

import { connectionsWithin, descriptorLimit } from './descriptors.ts';

export interface Limits {
  readonly connections: number;
  /** New connections from one address of another machine: so many at once, then so many a second. Loopback is free. */
  readonly arrivalBurst: number;
  readonly arrivalsPerSecond: number;
  /** From all other machines together. */
  readonly arrivalBurstOfAll: number;
  readonly arrivalsPerSecondOfAll: number;
  readonly handshakeTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** Whole packet, from the first byte of the fixed header; IoT Core's Maximum Packet Size. */
  readonly packetBytes: number;
  readonly payloadBytes: number;
  readonly clientIdBytes: number;
  readonly userPropertyBytes: number;
  readonly filtersPerSubscribe: number;
  readonly subscriptions: number;
  /** Unacknowledged QoS 1 messages, each way. */
  readonly inflight: number;
  readonly topicAliases: number;
  /** Of one connection; above it reading pauses, where IoT Core discards. */
  readonly publishesPerSecond: number;
  /** So many may come at once from a connection that was quiet before. */
  readonly publishBurst: number;
  /** Received from one connection; above it reading pauses, as IoT Core delays. */
  readonly bytesPerSecond: number;
  readonly byteBurst: number;
  readonly minKeepAliveSeconds: number;
  readonly maxKeepAliveSeconds: number;
  /** What CleanSession=0 of MQTT 3.1.1 gives. */
  readonly sessionExpirySeconds: number;
  readonly maxSessionExpirySeconds: number;
  readonly maxMessageExpirySeconds: number;
  /** Kept sessions, connected or not. */
  readonly sessions: number;
  /** Messages waiting for one session beyond those in flight. */
  readonly queuedMessages: number;
  /** Payload bytes held in memory for one session; a kept session reads the rest back from the journal. */
  readonly queuedBytes: number;
  /** QoS 0 messages that wait for one connected client, whose socket does not take them yet; more are dropped. */
  readonly waitingMessages: number;
  readonly waitingBytes: number;
  /** Memory of all that waits for clients; beyond it who has taken nothing for longest loses what waits for it. */
  readonly waitingBytesOfAll: number;
  /** Bytes in one socket before the next messages wait outside it. */
  readonly socketBytes: number;
  /** The same while over a quarter of `waitingBytesOfAll` is in use. */
  readonly scarceSocketBytes: number;
  /** Bytes in one socket, answers too, before nothing more is read from it. */
  readonly sendBufferBytes: number;
  readonly retainedMessages: number;
  readonly retainedBytes: number;
  /** Accepted messages that are not finished, over all connections, before reading pauses: about 12 KB each. */
  readonly unfinishedMessages: number;
  readonly unfinishedBytes: number;
}

export const defaultLimits: Limits = {
  connections: Math.min(10_000, connectionsWithin(descriptorLimit())),
  arrivalBurst: 200,
  arrivalsPerSecond: 20,
  arrivalBurstOfAll: 1_000,
  arrivalsPerSecondOfAll: 100,
  handshakeTimeoutMs: 10_000,
  connectTimeoutMs: 10_000,
  packetBytes: 149_504,
  payloadBytes: 131_072,
  clientIdBytes: 128,
  userPropertyBytes: 8_192,
  filtersPerSubscribe: 8,
  subscriptions: 50,
  inflight: 100,
  topicAliases: 8,
  publishesPerSecond: 100,
  publishBurst: 1_000,
  bytesPerSecond: 524_288,
  byteBurst: 5_242_880,
  minKeepAliveSeconds: 30,
  maxKeepAliveSeconds: 1_200,
  sessionExpirySeconds: 3_600,
  maxSessionExpirySeconds: 604_800,
  maxMessageExpirySeconds: 604_800,
  sessions: 10_000,
  queuedMessages: 10_000,
  queuedBytes: 4_194_304,
  waitingMessages: 10_000,
  waitingBytes: 33_554_432,
  waitingBytesOfAll: 268_435_456,
  socketBytes: 1_048_576,
  scarceSocketBytes: 65_536,
  sendBufferBytes: 1_310_720,
  retainedMessages: 10_000,
  retainedBytes: 67_108_864,
  unfinishedMessages: 12_000,
  unfinishedBytes: 134_217_728,
};
