// Puts the message hub and the broker together over one journal and one directory.

import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { makeDirectory } from '../files/durable-files.ts';
import { openRecordFile, type RecordFile } from '../files/record-file.ts';
import type { Journal } from '../journal/journal.ts';
import type { Log } from '../log.ts';
import { type Authorize, createAccess } from './access.ts';
import { type Broker, type BrokerOptions, createBroker, createDisconnectClient } from './broker.ts';
import type { BrokerContext, ConnectedClient } from './client.ts';
import { type Clients, createClients } from './clients.ts';
import { createDeliveryMemory } from './delivery-memory.ts';
import { createDrops } from './drops.ts';
import { createHub, type Hub, type HubDeps } from './hub.ts';
import { createLifecycle } from './lifecycle.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { readMessage } from './message.ts';
import { openRetained, type Retained } from './retained.ts';
import { createConnectionLog } from './connection-log.ts';
import { createSessions, type Sessions, type SessionsDeps } from './sessions.ts';
import { createWills } from './wills.ts';

export interface MqttOptions {
  /** `<data-dir>/mqtt`: sessions and retained messages. */
  readonly dir: string;
  readonly journal: Journal;
  readonly rules?: HubDeps['rules'];
  readonly authorize: Authorize;
  readonly clock: Clock;
  readonly log: Log;
  readonly count: (name: string, by?: number) => void;
  readonly limits?: Partial<Limits>;
  readonly relieve?: HubDeps['relieve'];
  readonly isFull?: HubDeps['isFull'];
  /** UUIDs, for traces, sessions and clients without an ID. */
  readonly newId?: () => string;
}

export interface Mqtt {
  readonly hub: Hub;
  readonly retained: Retained;
  readonly clients: Clients;
  /** Closes the connection of a client ID, as `Broker.disconnectClient` does. */
  readonly disconnectClient: Broker['disconnectClient'];
  /** Begins to serve clients; call `hub.recover` before. */
  listen(options: Omit<BrokerOptions, 'context'>): Promise<Broker>;
  /** Call when the broker is closed and the hub drained. */
  close(): Promise<void>;
}

/** Numbers the runs of the broker on this data, so that lifecycle events stay in order over a restart. */
async function countRun(records: RecordFile): Promise<number> {
  const earlierRuns = records.table<{ runs: number }>('broker').get('runs')?.runs ?? 0;
  await records.commit([{ kind: 'broker', key: 'runs', value: { runs: earlierRuns + 1 } }]);
  return earlierRuns;
}

/** Opens what the broker keeps in its directory. */
async function openFiles({ dir, log }: MqttOptions, limits: Limits) {
  await makeDirectory(dir);
  const records = await openRecordFile(join(dir, 'sessions.log'), log);
  const earlierRuns = await countRun(records);
  const retained = await openRetained({
    dir: join(dir, 'retained'),
    log,
    messages: limits.retainedMessages,
    bytes: limits.retainedBytes,
  });
  return { records, earlierRuns, retained };
}

/** Sessions whose messages are in the journal, within the limits of the broker. */
const openSessions = (
  journal: Journal,
  limits: Limits,
  deps: Pick<SessionsDeps, 'records' | 'clock' | 'log' | 'count' | 'newId' | 'drops'>,
): Sessions =>
  createSessions({
    ...deps,
    memory: createDeliveryMemory({ clock: deps.clock, limitBytes: limits.waitingBytesOfAll, ...limits }),
    maxSessions: limits.sessions,
    ...limits,
    onFinished: ({ seq, consumer }) => journal.acknowledge(seq, consumer),
    read: (seq) => readMessage(journal, seq),
  });

export async function openMqtt(options: MqttOptions): Promise<Mqtt> {
  const { journal, rules, authorize, clock, log, count, newId = randomUUID } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const { records, earlierRuns, retained } = await openFiles(options, limits);
  const access = createAccess({ authorize, log, count });
  const drops = createDrops({ clock, log, count });
  const sessions = openSessions(journal, limits, { records, clock, log, count, newId, drops });
  const hub = createHub({
    ...{ journal, rules, sessions, retained, access, log, count, drops, limits },
    relieve: options.relieve,
    isFull: options.isFull,
  });
  const connected = new Map<string, ConnectedClient>();
  const clients = createClients({ connected, sessions, access, clock });
  const lifecycle = createLifecycle({ hub, clock, log, newId, earlierRuns });
  const wills = createWills({ hub, clock, log, newId });
  const connectionLog = createConnectionLog({ records, lifecycle, wills, log });
  const context: BrokerContext = {
    ...{ access, clients, clock, hub, lifecycle, limits, log, retained },
    ...{ connectionLog, sessions, wills, connected, count, newId },
  };
  return {
    hub,
    retained,
    clients,
    disconnectClient: createDisconnectClient(connected),
    listen(listening) {
      connectionLog.endLeftOpen();
      return createBroker({ ...listening, context });
    },
    async close() {
      drops.close();
      await sessions.close();
      await connectionLog.close();
      await records.close();
    },
  };
}
