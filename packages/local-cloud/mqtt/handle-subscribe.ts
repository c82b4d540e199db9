// SUBSCRIBE and UNSUBSCRIBE: each filter judged alone, kept before it is confirmed, retained messages sent after.

import type { ISubscribePacket, ISubscription, IUnsubscribePacket } from 'mqtt-packet';
import type { ConnectedClient } from './client.ts';
import { isExpired } from './message.ts';
import { Refusal } from './refusal.ts';
import type { SubscriptionOptions } from './subscriptions.ts';
import { type Filter, parseFilter } from './topics.ts';

/** Reason codes of UNSUBACK in MQTT 5. */
const UNSUBSCRIBED = 0x00;
const WAS_NOT_SUBSCRIBED = 0x11;

interface Granted {
  readonly text: string;
  readonly filter: Filter;
  readonly options: SubscriptionOptions;
  readonly isNew: boolean;
  readonly wantsRetained: boolean;
}

function judge(client: ConnectedClient, requested: ISubscription, earlier: readonly Granted[]): Granted {
  const { topic: text, qos, nl = false, rap = false, rh = 0 } = requested;
  const { identity, accepted, broker } = client;
  if (qos === 2) {
    throw new Refusal('qosNotSupported', 'a subscription with QoS 2, which AWS IoT Core does not support');
  }
  const filter = parseFilter(text);
  if (typeof filter === 'string') throw new Refusal('filterInvalid', `it is ${filter}`);
  if (nl && filter.group !== undefined) {
    throw new Refusal('protocolError', 'No Local with a shared subscription [MQTT-3.8.3-4]');
  }
  const { clientId, session } = accepted;
  if (
    !broker.access.allows(identity, { clientId, action: 'iot:Subscribe', resource: `topicfilter/${text}` })
  ) {
    throw new Refusal('notAuthorized', `its policy does not allow subscribing to ${text}`);
  }
  const isNew = !session.subscriptions.has(text) && !earlier.some((granted) => granted.text === text);
  const added = earlier.filter((granted) => granted.isNew).length;
  if (isNew && session.subscriptions.size + added >= broker.limits.subscriptions) {
    throw new Refusal('quotaExceeded', `more than ${broker.limits.subscriptions} subscriptions`);
  }
  return {
    text,
    filter,
    options: { qos, noLocal: nl, retainAsPublished: rap },
    isNew,
    wantsRetained: filter.group === undefined && !filter.hasWildcard && (rh === 0 || (rh === 1 && isNew)),
  };
}

/** A granted filter, or the code that refuses it; a refusal that has no code ends the connection. */
function judgeAll(client: ConnectedClient, { subscriptions }: ISubscribePacket): (Granted | number)[] {
  const results: (Granted | number)[] = [];
  for (const requested of subscriptions) {
    const earlier = results.filter((result) => typeof result !== 'number');
    try {
      results.push(judge(client, requested, earlier));
    } catch (error) {
      const code = error instanceof Refusal ? client.accepted.dialect.refuseFilter(error) : undefined;
      if (code === undefined) throw error;
      const { clientId } = client.accepted;
      const reason = (error as Refusal).message;
      client.broker.log.warn('subscription refused', { client: clientId, filter: requested.topic, reason });
      results.push(code);
    }
  }
  return results;
}

function sendRetained(client: ConnectedClient, { text, options }: Granted): void {
  const { identity, accepted, broker } = client;
  const message = broker.retained.get(text);
  if (!message || isExpired(message, broker.clock.now())) return;
  const { clientId, session } = accepted;
  if (!broker.access.allows(identity, { clientId, action: 'iot:Receive', resource: `topic/${text}` })) return;
  session.deliver(message, { qos: options.qos === 1 && message.qos === 1 ? 1 : 0, retain: true });
}

/** MQTT 3.1.1 section 3.8; QoS 2 ends the connection, as AWS sends no SUBACK then. */
export async function handleSubscribe(client: ConnectedClient, packet: ISubscribePacket): Promise<void> {
  const { accepted, broker, identity } = client;
  const { filtersPerSubscribe } = broker.limits;
  if (packet.subscriptions.length > filtersPerSubscribe) {
    throw new Refusal('quotaExceeded', `more than ${filtersPerSubscribe} filters in one SUBSCRIBE`);
  }
  if (packet.properties?.subscriptionIdentifier !== undefined) {
    throw new Refusal('subscriptionIdentifiersNotSupported', 'a subscription identifier');
  }
  const results = judgeAll(client, packet);
  const granted = results.filter((result) => typeof result !== 'number');
  await Promise.all(
    granted.map(({ text, filter, options }) =>
      broker.sessions.subscribe(accepted.session, filter, text, options),
    ),
  );
  client.send({
    cmd: 'suback',
    messageId: packet.messageId,
    granted: results.map((result) => (typeof result === 'number' ? result : result.options.qos)),
  });
  for (const result of granted) {
    if (result.wantsRetained) sendRetained(client, result);
    if (result.filter.group !== undefined) broker.sessions.takeOver(accepted.session, result.text);
  }
  if (granted.length > 0) {
    broker.lifecycle.subscribed(
      { ...accepted, identity },
      granted.map(({ text }) => text),
    );
  }
}

/** The code that refuses a filter of UNSUBSCRIBE, or undefined; a refusal that has no code ends the connection. */
function refusalOf({ accepted, broker }: ConnectedClient, text: string): number | undefined {
  const filter = parseFilter(text);
  if (typeof filter !== 'string') return undefined;
  const refusal = new Refusal('filterInvalid', `UNSUBSCRIBE has ${filter}`);
  const code = accepted.dialect.refuseFilter(refusal);
  if (code === undefined) throw refusal;
  const { clientId } = accepted;
  broker.log.warn('unsubscription refused', { client: clientId, filter: text, reason: refusal.message });
  return code;
}

/** MQTT 3.1.1 section 3.10; a filter that is none is answered as in SUBSCRIBE, before anything else is done. */
export async function handleUnsubscribe(client: ConnectedClient, packet: IUnsubscribePacket): Promise<void> {
  const { accepted, broker, identity } = client;
  const { unsubscriptions: filters, messageId } = packet;
  const codes: number[] = [];
  const refusals = filters.map((text) => refusalOf(client, text));
  for (const [i, text] of filters.entries()) {
    const refused = refusals[i];
    const existed = refused === undefined && (await broker.sessions.unsubscribe(accepted.session, text));
    codes.push(refused ?? (existed ? UNSUBSCRIBED : WAS_NOT_SUBSCRIBED));
  }
  client.send(accepted.dialect.unsuback(messageId!, codes));
  const topics = filters.filter((_, i) => codes[i] === UNSUBSCRIBED);
  if (topics.length > 0) broker.lifecycle.unsubscribed({ ...accepted, identity }, topics);
}
