// What may go wrong with a call between a function and a service: the world asks for every one, and counts what it let through.

/** One request to the AWS port, before it is served. */
export interface CallSeen {
  /** The environment's function, or `world` for calls of the world itself. */
  readonly from: string;
  /** As the credential scope names it, such as `dynamodb`. */
  readonly service: string;
  /** The operation where a header or the body names it, else method and path. */
  readonly operation: string;
  /** Of a request for items. */
  readonly table?: string | undefined;
}

export type CallFault =
  /** Answered with this error, without being served. */
  | { readonly kind: 'refused'; readonly status: number; readonly code: string }
  /** Served, and the answer is lost: the connection breaks. */
  | { readonly kind: 'answer-lost' }
  /** Not served, and never answered. */
  | { readonly kind: 'no-answer' };

type Choose = (call: CallSeen) => CallFault | undefined;

const none: Choose = () => undefined;
const state = { choose: none, calls: new Map<string, number>(), failedConditions: 0 };

export const chooseFault = (call: CallSeen): CallFault | undefined => {
  const name = `${call.service} ${call.operation}`;
  state.calls.set(name, (state.calls.get(name) ?? 0) + 1);
  return state.choose(call);
};

export function setCallFaults(choose: Choose = none): void {
  state.choose = choose;
  state.calls = new Map();
  state.failedConditions = 0;
}

/** A write of a function was refused, since another was first. */
export const noteFailedCondition = (): void => void (state.failedConditions += 1);
export const failedConditions = (): number => state.failedConditions;

/** How often each operation was called since the faults were set. */
export const callsSeen = (): ReadonlyMap<string, number> => state.calls;
