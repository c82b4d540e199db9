// The one way of every message: matched, put on disk, delivered and run, and remembered until nobody is owed it any more.

import type { Journal } from '../journal/journal.ts';
import type { Log } from '../log.ts';
import type { Access } from './access.ts';
import type { Drops } from './drops.ts';
import { consumerOf, readConsumer } from './debt.ts';
import { createJobs, type Job, type Rules, type TopicService } from './jobs.ts';
import type { Limits } from './limits.ts';
import { type InboundMessage, readMessage } from './message.ts';
import type { Retained } from './retained.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';
import type { Match } from './subscriptions.ts';
import { isBasicIngest } from './topics.ts';

export interface Hub {
  /**
   * Resolves when whatever is owed for the message is on disk, and subscribers and rules have been handed it.
   * Rejects when the disk refused: then nobody got it.
   */
  publish(message: InboundMessage): Promise<void>;
  /**
   * Hands a message to the connection of `clientId` alone, if it has subscribed to the topic and may receive it. Nothing
   * of it goes to the disk, so it may carry a secret; who is not connected never gets it.
   */
  answer(clientId: string, message: InboundMessage): void;
  /** Lets a part of the cloud take requests on reserved topics; call before `recover`. */
  serve(service: TopicService): void;
  /** True where a service takes what is published to `topic`. */
  serves(topic: string): boolean;
  /** Takes up what an earlier run left unfinished; call once, before clients connect. */
  recover(): Promise<void>;
  /** Resolves when no message is on its way to the disk. */
  written(): Promise<void>;
  /** Resolves when nothing is being written and every rule action that runs has finished. */
  drain(): Promise<void>;
  /** True while so much is unfinished, of all or of this principal, that nothing more should be read from it. */
  isCongested(principal?: string): boolean;
  /** Runs `resume` once, when that is over. */
  whenRelieved(resume: () => void): void;
}

export interface HubDeps {
  readonly journal: Journal;
  readonly rules: Rules;
  readonly sessions: Sessions;
  readonly retained: Retained;
  readonly access: Access;
  readonly log: Log;
  readonly count: (name: string) => void;
  readonly drops: Pick<Drops, 'add'>;
  readonly limits: Pick<Limits, 'unfinishedMessages' | 'unfinishedBytes'>;
  /** Told when reading pauses because too much is unfinished, and of whatever still begins then: who waits on purpose should not. */
  readonly relieve?: () => void;
  /** True while those who run the actions have so much waiting, of all or of this principal, that nothing more should be read. */
  readonly isFull?: (principal?: string) => boolean;
}

interface Recipient extends Match<Session> {
  /** A QoS 1 delivery that must outlive this process. */
  readonly owed: boolean;
}

interface Plan {
  readonly message: InboundMessage;
  readonly recipients: readonly Recipient[];
  readonly jobs: readonly Job[];
  readonly retains: boolean;
}

const retainedConsumer = 'retained';

export function createHub(deps: HubDeps): Hub {
  const { journal, rules, sessions, retained, access, log, limits } = deps;
  let unfinished = 0;
  let unfinishedBytes = 0;
  let waiting: (() => void)[] = [];
  /** The newest write under way: a message that owes nothing must not overtake it [MQTT-4.6.0-6]. */
  let tail: Promise<void> | undefined;
  /** Messages with actions that run, and who waits for there to be none. */
  let running = 0;
  const idle: (() => void)[] = [];
  const jobs = createJobs(rules);

  const holdsTooMuch = () =>
    unfinished >= limits.unfinishedMessages || unfinishedBytes >= limits.unfinishedBytes;
  const isCongested = (principal?: string) => holdsTooMuch() || (deps.isFull?.(principal) ?? false);
  const askForRelief = () => {
    if (waiting.length > 0 && holdsTooMuch()) deps.relieve?.();
  };

  const resumeReading = () => {
    if (waiting.length === 0 || isCongested()) return;
    const resumed = waiting;
    waiting = [];
    for (const resume of resumed) resume();
  };

  const begin = (message: InboundMessage) => {
    unfinished += 1;
    unfinishedBytes += message.payload.length;
  };
  const finish = (message: InboundMessage) => {
    unfinished -= 1;
    unfinishedBytes -= message.payload.length;
    resumeReading();
  };

  const mayReceive = ({ subscriber, options }: Match<Session>, { topic, clientId }: InboundMessage) => {
    if (options.noLocal && subscriber.clientId === clientId) return false;
    return access.allows(subscriber.identity, {
      clientId: subscriber.clientId,
      action: 'iot:Receive',
      resource: `topic/${topic}`,
    });
  };

  const recipientsOf = (message: InboundMessage): Recipient[] => {
    const recipients: Recipient[] = [];
    for (const match of sessions.match(message.topic)) {
      const { subscriber, options, shared } = match;
      const keeps = subscriber.expirySeconds > 0 || (shared !== undefined && sessions.isKept(shared));
      const owed = keeps && options.qos === 1 && message.qos === 1;
      if (!owed && !subscriber.isConnected()) continue;
      if (!mayReceive(match, message)) continue;
      if (owed && !subscriber.hasRoom()) deps.drops.add(subscriber.clientId, 'its session is full');
      else recipients.push({ ...match, owed });
    }
    return recipients;
  };

  const retains = (message: InboundMessage) => {
    if (!message.retain || retained.hasRoom(message)) return message.retain;
    log.warn('not retained: no room for another retained message', { topic: message.topic });
    deps.count('mqtt.dropped');
    return false;
  };

  const plan = (message: InboundMessage): Plan => {
    const basicIngest = isBasicIngest(message.topic);
    return {
      message,
      recipients: basicIngest ? [] : recipientsOf(message),
      jobs: jobs.of(message),
      retains: !basicIngest && retains(message),
    };
  };

  const owesOf = ({ recipients, jobs, retains }: Plan): string[] => {
    const owes = jobs.map(({ consumer }) => consumer);
    for (const { owed, subscriber, shared } of recipients)
      if (owed) owes.push(consumerOf(subscriber.id, shared));
    if (retains) owes.push(retainedConsumer);
    return owes;
  };

  /** Runs what is owed to `consumer`, and pays it when that is done. */
  const pay = async (seq: number, consumer: string, message: InboundMessage, work: () => Promise<void>) => {
    try {
      await work();
      journal.settle(seq, consumer);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.error('unfinished: it is tried again after a restart', { consumer, topic: message.topic, reason });
    }
  };

  const runAll = (seq: number, { message, jobs, retains }: Plan): void => {
    let left = jobs.length + (retains ? 1 : 0);
    if (left === 0) {
      finish(message);
      return;
    }
    running += 1;
    const ended = () => {
      left -= 1;
      if (left > 0) {
        resumeReading();
        return;
      }
      running -= 1;
      finish(message);
      if (running === 0) for (const resolve of idle.splice(0)) resolve();
    };
    for (const job of jobs) void pay(seq, job.consumer, message, () => job.run()).then(ended);
    if (retains) void pay(seq, retainedConsumer, message, () => retained.set(message)).then(ended);
    askForRelief();
  };

  const deliver = (
    seq: number | undefined,
    { message, recipients }: Pick<Plan, 'message' | 'recipients'>,
  ) => {
    for (const { subscriber, options, shared, owed } of recipients) {
      const debt = { seq: seq!, consumer: consumerOf(subscriber.id, shared), shared };
      subscriber.deliver(message, {
        qos: options.qos === 1 && message.qos === 1 ? 1 : 0,
        retain: options.retainAsPublished && message.retain,
        debt: owed ? debt : undefined,
      });
    }
  };

  const write = async (planned: Plan, owes: readonly string[]): Promise<number> => {
    const { payload, ...meta } = planned.message;
    const { seq, durable } = journal.append({ meta, payload, owes });
    tail = durable;
    try {
      await durable;
      return seq;
    } finally {
      if (tail === durable) tail = undefined;
    }
  };

  const recoverOne = async ({ seq, owes }: { seq: number; owes: string[] }) => {
    const message = await readMessage(journal, seq);
    if (!message) return; // the journal has logged it
    const owed = jobs.of(message).filter(({ consumer }) => owes.includes(consumer));
    const known = new Set(owed.map(({ consumer }) => consumer));
    for (const consumer of owes) {
      if (known.has(consumer) || consumer === retainedConsumer) continue;
      const owner = readConsumer(consumer);
      if (owner && sessions.owe(owner.sessionId, { seq, consumer, shared: owner.shared })) continue;
      if (!owner) log.warn('dropped: who was owed it is there no more', { consumer, topic: message.topic });
      journal.settle(seq, consumer);
    }
    begin(message);
    runAll(seq, { message, recipients: [], jobs: owed, retains: owes.includes(retainedConsumer) });
  };

  return {
    isCongested,
    whenRelieved(resume) {
      waiting.push(resume);
      askForRelief();
    },
    serve: (service) => jobs.add(service),
    serves: (topic) => jobs.serves(topic),
    answer(clientId, message) {
      const match = sessions.match(message.topic).find(({ subscriber }) => subscriber.clientId === clientId);
      if (!match?.subscriber.isConnected() || !mayReceive(match, message)) return;
      deliver(undefined, { message, recipients: [{ ...match, owed: false }] });
    },
    async publish(message) {
      const planned = plan(message);
      const owes = owesOf(planned);
      if (owes.length === 0) {
        if (tail) await tail.catch(() => {}); // its own publisher hears of that
        deliver(undefined, planned);
        return;
      }
      begin(message);
      let seq: number;
      try {
        seq = await write(planned, owes);
      } catch (error) {
        finish(message);
        throw error;
      }
      deliver(seq, planned);
      runAll(seq, planned);
    },
    async recover() {
      const pending = journal.pending();
      if (pending.length > 0) log.info('taking up what the last run left', { messages: pending.length });
      for (const entry of pending) await recoverOne(entry);
    },
    async written() {
      while (tail) await tail.catch(() => {}); // its publisher hears of that
    },
    async drain() {
      while (tail || running > 0) {
        await tail?.catch(() => {}); // its publisher hears of that
        if (running > 0) await new Promise<void>((resolve) => idle.push(resolve));
      }
    },
  };
}
