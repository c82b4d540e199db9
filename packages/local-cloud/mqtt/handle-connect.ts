// CONNECT: checks the client, closes an older connection of the same ID, opens the session and welcomes.

import type { IConnackPacket, IConnectPacket } from 'mqtt-packet';
import type { Identity } from './access.ts';
import type { BrokerContext, Client, ConnectedClient } from './client.ts';
import { type Dialect, dialects } from './dialect.ts';
import { fit } from './fit.ts';
import type { Limits } from './limits.ts';
import type { MessageProperties } from './message.ts';
import { propertiesOf } from './message-properties.ts';
import type { Accepted } from './peer.ts';
import { Refusal } from './refusal.ts';
import type { Sessions } from './sessions.ts';
import type { Shape, Version } from './shape.ts';
import { retainProblem, topicProblem } from './topics.ts';
import type { Will } from './wills.ts';

function checkClientId(
  clientId: string,
  { clean }: IConnectPacket,
  version: Version,
  broker: BrokerContext,
): void {
  const { clientIdBytes } = broker.limits;
  if (clientId === '' && !clean && version === 4) {
    throw new Refusal('clientIdInvalid', 'no client ID with CleanSession 0 [MQTT-3.1.3-8]');
  }
  if (clientId.startsWith('$'))
    throw new Refusal('clientIdInvalid', 'a client ID that begins with $ is reserved');
  if (Buffer.byteLength(clientId) > clientIdBytes) {
    throw new Refusal('clientIdInvalid', `a client ID of more than ${clientIdBytes} bytes`);
  }
}

function checkAuthentication({ properties }: IConnectPacket): void {
  if (properties?.authenticationMethod === undefined) return;
  throw new Refusal(
    'badAuthenticationMethod',
    'enhanced authentication, which AWS IoT Core does not support',
  );
}

function readWill(
  { will }: IConnectPacket,
  clientId: string,
  { principal, sourceIp }: Identity,
  shape: Shape,
  { limits, hub }: BrokerContext,
): Will | undefined {
  if (!will) return undefined;
  const { topic, payload, qos = 0, retain = false, properties } = will;
  const problem = topicProblem(topic, (name) => hub.serves(name)) ?? (retain && retainProblem(topic));
  if (problem) throw new Refusal('topicInvalid', `the will has ${problem}`);
  if (qos === 2)
    throw new Refusal('qosNotSupported', 'a will with QoS 2, which AWS IoT Core does not support');
  if (payload.length > limits.payloadBytes) throw new Refusal('quotaExceeded', 'a will of more than 128 KB');
  const carried: MessageProperties | undefined = propertiesOf(properties, shape.willUserProperties, limits);
  return {
    delaySeconds: properties?.willDelayInterval ?? 0,
    message: {
      topic,
      payload: Buffer.from(payload),
      qos,
      retain,
      clientId,
      principal,
      sourceIp,
      properties: carried,
      isWill: true,
    },
  };
}

/** IoT Core refuses a connection whose will its policy would not let it publish. */
function isAllowed(client: Client, clientId: string, will: Will | undefined, persists: boolean): boolean {
  const { access } = client.broker;
  const connectAttributes = [
    ...(will ? (['LastWill'] as const) : []),
    ...(persists ? (['PersistentConnect'] as const) : []),
  ];
  const allows = (action: 'iot:Connect' | 'iot:Publish' | 'iot:RetainPublish', resource: string) =>
    access.allows(client.identity, {
      clientId,
      action,
      resource,
      connectAttributes,
      lastWillTopic: will?.message.topic,
    });
  if (!allows('iot:Connect', `client/${clientId}`)) return false;
  if (!will) return true;
  const { topic, retain } = will.message;
  if (!allows('iot:Publish', `topic/${topic}`)) return false;
  return !retain || allows('iot:RetainPublish', `topic/${topic}`);
}

function keepAlive({ keepalive = 0 }: IConnectPacket, { limits }: BrokerContext): number {
  if (keepalive === 0) return limits.maxKeepAliveSeconds;
  return Math.min(Math.max(keepalive, limits.minKeepAliveSeconds), limits.maxKeepAliveSeconds);
}

const maxPacketBytesOf = ({ properties }: IConnectPacket) => properties?.maximumPacketSize ?? Infinity;

function checkFits(answer: IConnackPacket, dialect: Dialect, maxBytes: number): void {
  if (fit(answer, dialect, maxBytes)) return;
  throw new Refusal(
    'packetTooLarge',
    `its maximum packet size of ${maxBytes} bytes is less than CONNACK needs`,
  );
}

/** @returns CONNACK for a session that is new */
function createAnswer(
  packet: IConnectPacket,
  {
    clientId,
    keepAliveSeconds,
    expirySeconds,
  }: Pick<Accepted, 'clientId' | 'keepAliveSeconds'> & {
    expirySeconds: number;
  },
  dialect: Dialect,
  limits: Limits,
): IConnackPacket {
  const answer = dialect.welcome(
    {
      sessionPresent: false,
      assignedClientId: packet.clientId === '' ? clientId : undefined,
      keepAliveSeconds: keepAliveSeconds === packet.keepalive ? undefined : keepAliveSeconds,
      expirySeconds,
    },
    limits,
  );
  checkFits(answer, dialect, maxPacketBytesOf(packet));
  return answer;
}

/** Closes an older connection of the same ID, opens the session, and decides what becomes of a will that waits. */
function openSession(
  { broker, identity }: Client,
  { clean }: IConnectPacket,
  client: { clientId: string; version: Version; expirySeconds: number },
): ReturnType<Sessions['open']> {
  const { clientId } = client;
  broker.connected.get(clientId)?.close('takenOver', 'the same client ID connected again');
  const opened = broker.sessions.open({ ...client, clean: clean ?? true, identity });
  if (opened.isPresent) broker.wills.cancel(clientId);
  else broker.wills.hasten(clientId);
  return opened;
}

function welcome(client: Client, packet: IConnectPacket, shape: Shape, dialect: Dialect): void {
  const { broker, identity } = client;
  const { limits } = broker;
  const { version } = dialect;
  checkClientId(packet.clientId, packet, version, broker);
  checkAuthentication(packet);
  const clientId = packet.clientId || broker.newId();
  const sessionIdentifier = broker.newId();
  const will = readWill(packet, clientId, identity, shape, broker);
  const expirySeconds = dialect.sessionExpiry(packet, limits);
  if (!isAllowed(client, clientId, will, expirySeconds > 0)) {
    broker.lifecycle.connectFailed({ clientId, identity, sessionIdentifier });
    throw new Refusal('notAuthorized', 'its policy does not allow the connection');
  }
  const keepAliveSeconds = keepAlive(packet, broker);
  const answer = createAnswer(packet, { clientId, keepAliveSeconds, expirySeconds }, dialect, limits);
  const { session, isPresent } = openSession(client, packet, { clientId, version, expirySeconds });
  client.accept({
    clientId,
    dialect,
    session,
    keepAliveSeconds,
    connectedAt: broker.clock.now(),
    sessionIdentifier,
    versionNumber: broker.lifecycle.nextVersion(clientId),
    maxPacketBytes: maxPacketBytesOf(packet),
    window: dialect.window(packet, limits),
    will,
  });
  client.send({ ...answer, sessionPresent: isPresent });
}

/** MQTT 3.1.1 section 3.1; a refusal is answered with CONNACK where the version has a code for it. */
export function handleConnect(client: Client, packet: IConnectPacket, shape: Shape): void {
  if (client.accepted) throw new Refusal('protocolError', 'a second CONNECT [MQTT-3.1.0-2]');
  const dialect = dialects[packet.protocolVersion === 5 ? 5 : 4];
  try {
    welcome(client, packet, shape, dialect);
  } catch (error) {
    const answer = error instanceof Refusal && dialect.refuseConnect(error.code);
    if (answer) client.refuse(answer, dialect, maxPacketBytesOf(packet));
    throw error;
  }
  const { accepted, identity, broker } = client as ConnectedClient;
  client.begin();
  broker.lifecycle.connected({ ...accepted, identity });
  broker.connectionLog.entered(client as ConnectedClient);
}
