// What a message sets off besides its delivery: rule actions, and the parts of the cloud that take requests on reserved topics.

import type { InboundMessage } from './message.ts';

/** One rule action that a message asks for. */
export interface RuleDispatch {
  /** Stable across restarts. */
  readonly id: string;
  /** Resolves when the action has delivered, or its error action has run. Must not reject. */
  run(): Promise<void>;
}

export interface Rules {
  match(message: InboundMessage): RuleDispatch[];
}

/** A part of the cloud that takes requests on reserved topics, such as shadows or fleet provisioning. */
export interface TopicService {
  /** Stable across restarts: a request that was not finished is handed over again. */
  readonly id: string;
  /** Whether clients may publish to `topic`, and this service takes it. */
  matches(topic: string): boolean;
  /**
   * Resolves when the request is finished and answered, with `hub.publish` for everybody or `hub.answer` for
   * the client that asked. Must not reject. After a crash the same request may come again.
   */
  handle(message: InboundMessage): Promise<void>;
}

/** Something to run, under the name of its consumer in the journal. */
export interface Job {
  readonly consumer: string;
  readonly run: () => Promise<void>;
}

export interface Jobs {
  of(message: InboundMessage): Job[];
  /** From now on these rules are evaluated for each message. */
  setRules(rules: Rules): void;
  add(service: TopicService): void;
  /** True where a service takes what is published to `topic`. */
  serves(topic: string): boolean;
}

const NO_RULES: Rules = { match: () => [] };

export function createJobs(given: Rules = NO_RULES): Jobs {
  let rules = given;
  const services: TopicService[] = [];
  return {
    of(message) {
      const jobs: Job[] = rules
        .match(message)
        .map((dispatch) => ({ consumer: `rule:${dispatch.id}`, run: () => dispatch.run() }));
      // "LWT messages sent to a shadow topic are ignored by the Device Shadow service."
      if (message.isWill) return jobs;
      for (const service of services) {
        if (!service.matches(message.topic)) continue;
        jobs.push({ consumer: `service:${service.id}`, run: () => service.handle(message) });
      }
      return jobs;
    },
    setRules: (next) => void (rules = next),
    add: (service) => void services.push(service),
    serves: (topic) => services.some((service) => service.matches(topic)),
  };
}
