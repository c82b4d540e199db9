// Publishes on `$aws/events/...` which clients connect, disconnect and subscribe, as IoT Core does.
// https://docs.aws.amazon.com/iot/latest/developerguide/life-cycle-events.html

import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Identity } from './access.ts';
import type { Hub } from './hub.ts';
import { OWN_PRINCIPAL, type InboundMessage } from './message.ts';
import type { DisconnectReason } from './refusal.ts';

/** The connection that an event is about. */
export interface Presence {
  readonly clientId: string;
  readonly identity: Identity;
  readonly versionNumber: number;
  readonly sessionIdentifier: string;
}

/** A connection at its end: its version number is remembered as long as its session. */
export interface Departure extends Presence {
  readonly sessionExpirySeconds: number;
}

export interface Lifecycle {
  /** The version number of a client's next connection: higher than any before, also before a restart. */
  nextVersion(clientId: string): number;
  connected(presence: Presence): void;
  /** Resolves when the event is on disk, or the log says that it could not be put there. */
  disconnected(departure: Departure, reason: DisconnectReason): Promise<void>;
  /** The policy does not let the client connect, or publish its will. */
  connectFailed(client: Omit<Presence, 'versionNumber'>): void;
  subscribed(presence: Presence, topics: readonly string[]): void;
  unsubscribed(presence: Presence, topics: readonly string[]): void;
}

/** How long the version number of a client that is gone is remembered at least. */
const MEMORY_MS = 3_600_000;
/** Connections that a run of the broker may count before the next run's numbers begin. */
const VERSIONS_PER_RUN = 1_000_000;

export interface LifecycleDeps {
  readonly hub: Hub;
  readonly clock: Clock;
  readonly log: Log;
  readonly newId: () => string;
  /** How many runs there were before on the same data. */
  readonly earlierRuns: number;
}

function createVersions(clock: Clock, first: number) {
  const present = new Map<string, number>();
  /** In the order in which they are looked at again. */
  const gone = new Map<string, { version: number; lookAt: number; until: number }>();
  const forgetOld = () => {
    const now = clock.elapsed();
    for (const [clientId, departure] of gone) {
      if (departure.lookAt > now) return;
      gone.delete(clientId);
      if (departure.until > now) gone.set(clientId, { ...departure, lookAt: now + MEMORY_MS });
    }
  };
  const remembered = (clientId: string) => {
    const departure = gone.get(clientId);
    return departure && departure.until > clock.elapsed() ? departure.version : undefined;
  };
  return {
    next(clientId: string) {
      forgetOld();
      const last = present.get(clientId) ?? remembered(clientId) ?? first - 1;
      gone.delete(clientId);
      present.set(clientId, last + 1);
      return last + 1;
    },
    left({ clientId, versionNumber: version, sessionExpirySeconds }: Departure) {
      if (present.get(clientId) !== version) return;
      present.delete(clientId);
      const now = clock.elapsed();
      const until = now + Math.max(MEMORY_MS, sessionExpirySeconds * 1000);
      gone.set(clientId, { version, lookAt: now + MEMORY_MS, until });
    },
  };
}

/** @returns a function that publishes an event of a client; it resolves when that is on disk, or the failure is logged */
function createPublish({ hub, clock, log, newId }: LifecycleDeps) {
  return async (path: string, clientId: string, identity: Identity, fields: object): Promise<void> => {
    if (/[+#]/.test(clientId)) return;
    const { principal, sourceIp, thingName } = identity;
    const event = { clientId, thingName, timestamp: clock.now(), ...fields, principalIdentifier: principal };
    const message: InboundMessage = {
      topic: `$aws/events/${path}/${clientId}`,
      payload: Buffer.from(JSON.stringify(event)),
      qos: 1,
      retain: false,
      clientId: 'n/a',
      principal: OWN_PRINCIPAL,
      sourceIp,
      receivedAt: event.timestamp,
      traceId: newId(),
    };
    await hub.publish(message).catch((error: unknown) => {
      log.error('lifecycle event lost: the disk refused it', { topic: message.topic, reason: String(error) });
    });
  };
}

export function createLifecycle(deps: LifecycleDeps): Lifecycle {
  const versions = createVersions(deps.clock, deps.earlierRuns * VERSIONS_PER_RUN);
  const publish = createPublish(deps);

  const presence = (eventType: string, of: Presence, fields: object = {}) =>
    publish(`presence/${eventType}`, of.clientId, of.identity, {
      eventType,
      ...fields,
      sessionIdentifier: of.sessionIdentifier,
      versionNumber: of.versionNumber,
    });
  const subscription = (eventType: string, of: Presence, topics: readonly string[]) =>
    publish(`subscriptions/${eventType}`, of.clientId, of.identity, {
      eventType,
      sessionIdentifier: of.sessionIdentifier,
      topics,
    });

  return {
    nextVersion: (clientId) => versions.next(clientId),
    connected: (of) => void presence('connected', of, { ipAddress: of.identity.sourceIp }),
    disconnected(of, reason) {
      versions.left(of);
      const clientInitiatedDisconnect = reason === 'CLIENT_INITIATED_DISCONNECT';
      return presence('disconnected', of, { clientInitiatedDisconnect, disconnectReason: reason });
    },
    connectFailed: ({ clientId, identity, sessionIdentifier }) =>
      void publish('presence/connect_failed', clientId, identity, {
        eventType: 'connect_failed',
        connectFailureReason: 'AUTHORIZATION_FAILED',
        sessionIdentifier,
        ipAddress: identity.sourceIp,
      }),
    subscribed: (of, topics) => void subscription('subscribed', of, topics),
    unsubscribed: (of, topics) => void subscription('unsubscribed', of, topics),
  };
}
