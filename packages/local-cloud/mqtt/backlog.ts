// Counts the messages that are not finished, and pauses reading from clients while there are too many.

import type { InboundMessage } from './message.ts';
import type { Limits } from './limits.ts';

export interface Backlog {
  begin(message: InboundMessage): void;
  finish(message: InboundMessage): void;
  /** True while so much is unfinished, of all or of this principal, that nothing more should be read from it. */
  isCongested(principal?: string): boolean;
  /** Runs `resume` once, when that is over. */
  whenRelieved(resume: () => void): void;
  /** Resumes reading when the congestion is over. */
  resumeReading(): void;
  /** Calls `relieve` when reading pauses because of the limits. */
  askForRelief(): void;
}

export interface BacklogDeps {
  readonly limits: Pick<Limits, 'unfinishedMessages' | 'unfinishedBytes'>;
  /** Called when reading pauses because of the limits, and for each job that begins then: what runs should not wait on purpose. */
  readonly relieve?: () => void;
  /** True while the rule actions have so much waiting, of all or of this principal, that nothing more should be read. */
  readonly isFull?: (principal?: string) => boolean;
}

export function createBacklog({ limits, relieve, isFull }: BacklogDeps): Backlog {
  let messages = 0;
  let bytes = 0;
  let waiting: (() => void)[] = [];

  const holdsTooMuch = () => messages >= limits.unfinishedMessages || bytes >= limits.unfinishedBytes;
  const isCongested = (principal?: string) => holdsTooMuch() || (isFull?.(principal) ?? false);
  const askForRelief = () => {
    if (waiting.length > 0 && holdsTooMuch()) relieve?.();
  };
  const resumeReading = () => {
    if (waiting.length === 0 || isCongested()) return;
    const resumed = waiting;
    waiting = [];
    for (const resume of resumed) resume();
  };

  return {
    isCongested,
    askForRelief,
    resumeReading,
    begin(message) {
      messages += 1;
      bytes += message.payload.length;
    },
    finish(message) {
      messages -= 1;
      bytes -= message.payload.length;
      resumeReading();
    },
    whenRelieved(resume) {
      waiting.push(resume);
      askForRelief();
    },
  };
}
