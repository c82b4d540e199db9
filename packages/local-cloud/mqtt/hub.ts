// The one way of every message: matched, put on disk, delivered and run, and kept until every consumer has acknowledged it.

import type { Journal } from '../journal/journal.ts';
import { type Backlog, type BacklogDeps, createBacklog } from './backlog.ts';
import { createJobs, type Jobs, type Rules, type TopicService } from './jobs.ts';
import { type InboundMessage, metaOf, readMessage } from './message.ts';
import { consumerOf, readConsumer } from './pending-delivery.ts';
import {
  consumersOf,
  createPlanner,
  type Plan,
  type PlannerDeps,
  type Recipient,
  RETAINED_CONSUMER,
} from './plan.ts';
import type { Retained } from './retained.ts';
import { createJobRunner, type JobRunner } from './run-jobs.ts';
import type { Sessions } from './sessions.ts';

export interface Hub extends Pick<Backlog, 'isCongested' | 'whenRelieved'> {
  /**
   * Resolves when the message is on disk, if it has to be, and subscribers and rules have been handed it.
   * Rejects when the disk refused: then nobody got it.
   */
  publish(message: InboundMessage): Promise<void>;
  /**
   * Hands a message to the connection of `clientId` alone, if it has subscribed to the topic and may receive it. Nothing
   * of it goes to the disk, so it may carry a secret; a client that is not connected never gets it.
   */
  answer(clientId: string, message: InboundMessage): void;
  /** Evaluates these rules for each message; call before `recover`. */
  setRules(rules: Rules): void;
  /** Lets a part of the cloud take requests on reserved topics; call before `recover`. */
  serve(service: TopicService): void;
  /** True where a service takes what is published to `topic`. */
  serves(topic: string): boolean;
  /** Continues what an earlier run left unfinished; call once, before clients connect. */
  recover(): Promise<void>;
  /** Resolves when no message is on its way to the disk. */
  written(): Promise<void>;
  /** Resolves when nothing is being written and every rule action that runs has finished. */
  drain(): Promise<void>;
}

export interface HubDeps extends PlannerDeps, BacklogDeps {
  readonly journal: Journal;
  /** Rules that do not need the hub; else `setRules`. */
  readonly rules?: Rules;
  readonly sessions: Sessions;
  readonly retained: Retained;
}

function deliver(seq: number | undefined, message: InboundMessage, recipients: readonly Recipient[]): void {
  for (const { subscriber, options, shared, isKept } of recipients) {
    subscriber.deliver(message, {
      qos: options.qos === 1 && message.qos === 1 ? 1 : 0,
      retain: options.retainAsPublished && message.retain,
      pending: isKept ? { seq: seq!, consumer: consumerOf(subscriber.id, shared), shared } : undefined,
    });
  }
}

/** Puts messages into the journal, and knows the newest write under way. */
function createMessageWriter(journal: Journal) {
  let newest: Promise<void> | undefined;
  /** All messages of one write have the same promise. */
  const follow = (durable: Promise<void>) => {
    newest = durable;
    const ended = () => {
      if (newest === durable) newest = undefined;
    };
    durable.then(ended, ended);
  };
  return {
    /** @returns the entry's number, and when it is on disk */
    write(message: InboundMessage, consumers: readonly string[]): { seq: number; durable: Promise<void> } {
      const written = journal.append({ meta: metaOf(message), payload: message.payload, consumers });
      if (newest !== written.durable) follow(written.durable);
      return written;
    },
    isWriting: () => newest !== undefined,
    /** Runs `act` once the newest write has ended, well or not; in the order of the calls, and before what is written later. */
    afterNewest(act: () => void): Promise<void> {
      return (newest ?? Promise.resolve()).then(act, act);
    },
    /** Resolves when the newest write has ended, well or not: its own publisher gets the error. */
    ended: async () => newest?.catch(() => {}),
  };
}

/** @returns a function that starts again the jobs of one entry of an earlier run, and hands its deliveries to their sessions */
function createRecovery(
  { journal, sessions, log }: HubDeps,
  { jobs, backlog, runner }: { readonly jobs: Jobs; readonly backlog: Backlog; readonly runner: JobRunner },
) {
  const passOn = (seq: number, consumer: string, topic: string) => {
    const owner = readConsumer(consumer);
    if (owner && sessions.enqueue(owner.sessionId, { seq, consumer, shared: owner.shared })) return;
    if (!owner)
      log.warn('dropped: the rule or service that should get it no longer exists', { consumer, topic });
    journal.acknowledge(seq, consumer);
  };
  return async ({ seq, consumers }: { seq: number; consumers: string[] }): Promise<void> => {
    const message = await readMessage(journal, seq);
    if (!message) return; // the journal has logged it
    const pending = jobs.of(message).filter(({ consumer }) => consumers.includes(consumer));
    const known = new Set([RETAINED_CONSUMER, ...pending.map(({ consumer }) => consumer)]);
    for (const consumer of consumers) if (!known.has(consumer)) passOn(seq, consumer, message.topic);
    backlog.begin(message);
    runner.runAll(seq, { message, jobs: pending, retains: consumers.includes(RETAINED_CONSUMER) });
  };
}

/** @returns a function that carries out a plan, and resolves when the message is on disk, if it has to be */
function createKeeping(
  writer: ReturnType<typeof createMessageWriter>,
  { backlog, runner }: { readonly backlog: Backlog; readonly runner: JobRunner },
) {
  const passOn = (seq: number, plan: Plan) => {
    deliver(seq, plan.message, plan.recipients);
    runner.runAll(seq, plan);
  };
  /** Two promises a message and no async function: thousands wait for the disk, each with its frame. */
  const keep = (plan: Plan, consumers: readonly string[]): Promise<void> => {
    backlog.begin(plan.message);
    const { seq, durable } = writer.write(plan.message, consumers);
    return durable.then(
      () => passOn(seq, plan),
      (error: unknown) => {
        backlog.finish(plan.message);
        throw error;
      },
    );
  };
  /** It must not overtake what is being written [MQTT-4.6.0-6]. */
  const deliverNow = ({ message, recipients }: Plan) =>
    writer.afterNewest(() => deliver(undefined, message, recipients));

  return (plan: Plan): Promise<void> => {
    const consumers = consumersOf(plan);
    return consumers.length > 0 ? keep(plan, consumers) : deliverNow(plan);
  };
}

export function createHub(deps: HubDeps): Hub {
  const { journal, rules, log } = deps;
  const jobs = createJobs(rules);
  const planner = createPlanner({ ...deps, jobs });
  const backlog = createBacklog(deps);
  const runner = createJobRunner({ ...deps, backlog });
  const writer = createMessageWriter(journal);
  const carryOut = createKeeping(writer, { backlog, runner });
  const recoverOne = createRecovery(deps, { jobs, backlog, runner });

  return {
    isCongested: (principal) => backlog.isCongested(principal),
    whenRelieved: (resume) => backlog.whenRelieved(resume),
    setRules: (rules) => jobs.setRules(rules),
    serve: (service) => jobs.add(service),
    serves: (topic) => jobs.serves(topic),
    answer(clientId, message) {
      const recipient = planner.recipientOf(clientId, message);
      if (recipient) deliver(undefined, message, [recipient]);
    },
    publish: (message) => carryOut(planner.plan(message)),
    async recover() {
      const pending = journal.pending();
      if (pending.length > 0) log.info('taking up what the last run left', { messages: pending.length });
      for (const entry of pending) await recoverOne(entry);
    },
    async written() {
      while (writer.isWriting()) await writer.ended();
    },
    async drain() {
      while (writer.isWriting() || runner.isRunning()) {
        await writer.ended();
        await runner.idle();
      }
    },
  };
}
