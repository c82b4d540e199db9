// A broker over a journal in a temporary directory, whose decisions and log lines the test controls.

import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { type Clock, type ManualClock, systemClock } from '../../clock.ts';
import { createCounters, type Counters } from '../../counters.ts';
import { type Journal, openJournal } from '../../journal/journal.ts';
import type { JournalFiles } from '../../journal/files.ts';
import type { Fields, Log } from '../../log.ts';
import type { AccessRequest } from '../../mqtt/access.ts';
import type { BrokerDomain, Broker } from '../../mqtt/broker.ts';
import type { CustomClients } from '../../mqtt/custom-clients.ts';
import type { HubDeps } from '../../mqtt/hub.ts';
import type { Limits } from '../../mqtt/limits.ts';
import type { InboundMessage } from '../../mqtt/message.ts';
import { openMqtt, type Mqtt } from '../../mqtt/open.ts';
import { type Authority, createAuthority, nameSignedBy } from './certificates.ts';
import { createRawClient, type RawClient } from './raw-client.ts';

export interface LogLine extends Fields {
  readonly level: string;
  readonly message: string;
}

export interface Harness {
  readonly mqtt: Mqtt;
  readonly broker: Broker;
  readonly journal: Journal;
  readonly counters: Counters;
  readonly log: LogLine[];
  /** What the rules were asked about. */
  readonly matched: InboundMessage[];
  readonly authority: Authority;
  readonly dir: string;
  client(protocolVersion?: 4 | 5, principal?: string): RawClient;
  /** Stops as `kill -9` would, as far as disk goes, and starts again on the same data. */
  restart(options?: HarnessOptions): Promise<Harness>;
  stop(): Promise<void>;
}

export interface HarnessOptions {
  readonly limits?: Partial<Limits>;
  readonly clock?: Clock;
  readonly rules?: HubDeps['rules'];
  readonly relieve?: () => void;
  readonly isFull?: () => boolean;
  readonly authorize?: (request: AccessRequest) => boolean;
  readonly files?: JournalFiles;
  /** The end of every certificate, epoch milliseconds. */
  readonly validUntil?: number;
  readonly custom?: CustomClients;
  readonly hosts?: readonly string[];
  readonly dir?: string;
  /** Names with certificates of their own. */
  readonly domains?: (authority: Authority) => Promise<readonly BrokerDomain[]>;
  /** Runs before the journal's unfinished messages are resumed. */
  readonly prepare?: (mqtt: Mqtt) => void;
}

let authorities: Promise<{ authority: Authority; server: { cert: string; key: string } }> | undefined;

async function createAuthorities() {
  const authority = await createAuthority('test authority');
  return { authority, server: await authority.issue('localhost', 'localhost') };
}

function recordLog(lines: LogLine[]): Log {
  const write =
    (level: string) =>
    (message: string, fields: Fields = {}) => {
      lines.push({ ...fields, level, message });
    };
  return { info: write('info'), warn: write('warn'), error: write('error') };
}

export async function startHarness(options: HarnessOptions = {}): Promise<Harness> {
  const { clock = systemClock, dir = temporaryFolder(), limits, files } = options;
  authorities ??= createAuthorities();
  const { authority, server } = await authorities;
  const lines: LogLine[] = [];
  const log = recordLog(lines);
  const counters = createCounters();
  const matched: InboundMessage[] = [];
  const journal = await openJournal({ dir: join(dir, 'journal'), log, clock, files });
  const mqtt = await openMqtt({
    dir: join(dir, 'mqtt'),
    journal,
    clock,
    log,
    limits,
    relieve: options.relieve,
    isFull: options.isFull,
    count: (name, by) => counters.count(name, by),
    authorize: (request) => {
      const allowed = options.authorize?.(request) ?? true;
      return { allowed, reason: allowed ? 'allowed by the test' : 'no statement of the test allows it' };
    },
    rules: {
      match(message) {
        matched.push(message);
        return options.rules?.match(message) ?? [];
      },
    },
  });
  options.prepare?.(mqtt);
  await mqtt.hub.recover();
  const broker = await mqtt.listen({
    tls: { ...server, ca: authority.ca },
    domains: await options.domains?.(authority),
    hosts: options.hosts ?? ['127.0.0.1'],
    port: 0,
    ...(options.custom && { custom: options.custom }),
    identify(der) {
      const name = nameSignedBy(authority.ca, der);
      return name === undefined
        ? { refused: 'the certificate is of another authority' }
        : { principal: name, validUntil: options.validUntil };
    },
  });
  const close = async () => {
    const closed = broker.close();
    if ('advance' in clock) await (clock as ManualClock).advance(5000); // lets go of clients that do not read
    await closed;
    await mqtt.hub.written();
    await mqtt.close();
    await journal.close();
  };
  return {
    mqtt,
    broker,
    journal,
    counters,
    log: lines,
    matched,
    authority,
    dir,
    client(protocolVersion = 4, principal = 'p1') {
      const [ours, theirs] = duplexPair();
      broker.accept(theirs, { principal, sourceIp: '127.0.0.1' });
      return createRawClient(ours, protocolVersion);
    },
    async restart(changed = {}) {
      await close();
      return startHarness({ ...options, ...changed, dir });
    },
    stop: close,
  };
}
