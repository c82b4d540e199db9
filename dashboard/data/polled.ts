// Polls endpoints that only the local cloud has: its counters, its inbox and its refusals.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

/**
 * Polls a path of this origin, such as `/status.json`; undefined polls nothing. `problem` says why the last attempt
 * failed; `value` keeps the last answer.
 */
export function usePolled(path: string | undefined, everyMs: number) {
  const value = useSignal<unknown>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  useEffect(() => {
    if (path === undefined) return undefined;
    const read = async () => {
      try {
        const response = await fetch(path);
        if (!response.ok) throw new Error(`it answered ${response.status}`);
        value.value = (await response.json()) as unknown;
        problem.value = undefined;
      } catch (error) {
        problem.value = (error as Error).message;
      }
    };
    void read();
    const timer = setInterval(() => void read(), everyMs);
    return () => clearInterval(timer);
  }, [path, everyMs]);
  return { value: value.value, problem: problem.value };
}
