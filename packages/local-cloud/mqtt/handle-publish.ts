// PUBLISH from a client: checked, allowed, on disk, and only then acknowledged.

import type { IPublishPacket } from 'mqtt-packet';
import type { ConnectedClient } from './client.ts';
import type { InboundMessage } from './message.ts';
import { propertiesOf } from './message-properties.ts';
import { Refusal } from './refusal.ts';
import type { Shape } from './shape.ts';
import { retainProblem, topicProblem } from './topics.ts';

/** MQTT 5: a topic may be named once and then by its alias [MQTT-3.3.2-7]. */
function resolveTopic(client: ConnectedClient, { topic, properties }: IPublishPacket): string {
  const alias = properties?.topicAlias;
  if (alias === undefined) return topic;
  if (alias === 0 || alias > client.broker.limits.topicAliases) {
    throw new Refusal(
      'topicAliasInvalid',
      `topic alias ${alias}: from 1 to ${client.broker.limits.topicAliases}`,
    );
  }
  if (topic !== '') {
    client.aliases.set(alias, topic);
    return topic;
  }
  const known = client.aliases.get(alias);
  if (known === undefined) throw new Refusal('protocolError', `topic alias ${alias} was never given a topic`);
  return known;
}

function checkFlow(client: ConnectedClient, { qos, messageId }: IPublishPacket): void {
  const { dialect } = client.accepted;
  if (qos === 2) throw new Refusal('qosNotSupported', 'QoS 2, which AWS IoT Core does not support');
  if (qos === 0 || !dialect.announcesReceiveMaximum) return;
  if (client.unacknowledged.has(messageId!)) {
    throw new Refusal('packetIdInUse', `packet identifier ${messageId} is in use`);
  }
  if (client.unacknowledged.size >= client.broker.limits.inflight) {
    throw new Refusal('receiveMaximumExceeded', 'more unacknowledged messages than the receive maximum');
  }
}

function checkAccess(client: ConnectedClient, topic: string, retain: boolean): void {
  const { identity, accepted, broker } = client;
  const { clientId } = accepted;
  const resource = `topic/${topic}`;
  const allowed =
    broker.access.allows(identity, { clientId, action: 'iot:Publish', resource }) &&
    (!retain || broker.access.allows(identity, { clientId, action: 'iot:RetainPublish', resource }));
  if (!allowed) throw new Refusal('notAuthorized', `its policy does not allow publishing to ${topic}`);
}

function readMessage(client: ConnectedClient, packet: IPublishPacket, shape: Shape): InboundMessage {
  const { broker, identity, accepted } = client;
  const topic = resolveTopic(client, packet);
  const { retain } = packet;
  const problem = topicProblem(topic, (name) => broker.hub.serves(name)) ?? (retain && retainProblem(topic));
  if (problem) throw new Refusal('topicInvalid', problem);
  if (packet.payload.length > broker.limits.payloadBytes) {
    throw new Refusal('quotaExceeded', `a payload of ${packet.payload.length} bytes, more than 128 KB`);
  }
  checkAccess(client, topic, retain);
  const message: InboundMessage = {
    topic,
    payload: Buffer.from(packet.payload), // its own memory: the packet's is a slice of all that the socket read
    qos: packet.qos === 1 ? 1 : 0,
    retain,
    clientId: accepted.clientId,
    principal: identity.principal,
    sourceIp: identity.sourceIp,
    receivedAt: broker.clock.now(),
    traceId: broker.newId(),
    properties: propertiesOf(packet.properties, shape.userProperties, broker.limits),
  };
  if (retain && !broker.retained.hasRoom(message)) {
    throw new Refusal('quotaExceeded', 'no room for another retained message');
  }
  return message;
}

function accept(client: ConnectedClient, { qos, messageId }: IPublishPacket, message: InboundMessage): void {
  if (qos === 1) client.unacknowledged.add(messageId!);
  client.broker.hub.publish(message).then(
    () => {
      if (qos === 1) client.acknowledge(messageId!);
    },
    (error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      client.close('serverError', `the message could not be put on disk: ${reason}`);
    },
  );
}

/** MQTT 3.1.1 section 3.3. */
export function handlePublish(client: ConnectedClient, packet: IPublishPacket, shape: Shape): void {
  client.broker.count('mqtt.received');
  let message: InboundMessage;
  try {
    checkFlow(client, packet);
    message = readMessage(client, packet, shape);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const answer = client.accepted.dialect.refusePublish(packet, error);
    if (!answer) throw error;
    if (error.code !== 'notAuthorized') client.broker.count('mqtt.refused'); // a policy's refusal is counted already
    client.broker.log.warn('publish refused', { client: client.accepted.clientId, reason: error.message });
    client.send(answer);
    return;
  }
  accept(client, packet, message);
}
