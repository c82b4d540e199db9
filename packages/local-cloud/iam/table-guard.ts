// Judges the requests that functions send to the table thread without the AWS port, inside that thread.

import { systemClock } from '../clock.ts';
import { createCalls, type RecordedCall } from './calls.ts';
import { needsOfTables } from './needs-tables.ts';
import type { Need, Place } from './need.ts';
import type { KeyNames } from './partition-keys.ts';
import type { RoleSource } from './role-source.ts';
import { createRole, type Role, type Verdict } from './role.ts';

/** What the thread gets: data only. */
export interface TableGuardSetup {
  readonly sources: readonly RoleSource[];
  readonly keyNames: KeyNames;
  readonly place: Place;
  readonly enforces: boolean;
}

/** @returns AWS's sentence where the role of the function refuses the request */
export type AdmitTables = (operation: string, input: Readonly<Record<string, unknown>>) => string | undefined;

export interface TableGuard {
  for(functionId: string): AdmitTables;
  /** Hands out what was counted and not yet reported. */
  report(): void;
}

/** Calls after which counts are reported, besides the first call of each kind. */
const REPORT_EVERY = 500;

const CONDITION = /^dynamodb:/;
/** Verdicts kept for each function. */
const MAX_KEPT = 1_000;
/** Operations whose parts are judged one by one. */
const SEVERAL = /^(Batch|Transact)/;

/** Requests with the same key get the same verdict, as long as no condition reads the request. */
const plainKey = (operation: string, input: Readonly<Record<string, unknown>>) =>
  `${operation} ${String(input['TableName'])} ${String(input['IndexName'])}`;

interface Judged {
  readonly need: Need;
  readonly verdict: Verdict;
}

/** @returns a function that judges a request, and keeps the verdict where no condition reads the request or the time */
function createJudge(role: Role, { place, keyNames }: TableGuardSetup) {
  const names = new Map(keyNames);
  const partitionKeys = (table: string, index: string | undefined) =>
    names.get(index === undefined ? table : `${table}/${index}`);
  const hasConditions = [...role.keys].some((key) => CONDITION.test(key) || key.endsWith('time'));
  const kept = new Map<string, Judged[]>();
  return (operation: string, input: Readonly<Record<string, unknown>>): Judged[] => {
    const key = hasConditions || SEVERAL.test(operation) ? undefined : plainKey(operation, input);
    const known = key === undefined ? undefined : kept.get(key);
    if (known) return known;
    const needs = needsOfTables({ operation, input, place, partitionKeys });
    const judged = needs.map((need) => ({ need, verdict: role.decide(need) }));
    if (key !== undefined && kept.size < MAX_KEPT) kept.set(key, judged);
    return judged;
  };
}

export function createTableGuard(
  setup: TableGuardSetup,
  onCalls: (calls: RecordedCall[]) => void,
): TableGuard {
  const calls = createCalls();
  let counted = 0;
  const report = () => {
    counted = 0;
    const taken = calls.take();
    if (taken.length > 0) onCalls(taken);
  };

  function admitFor(role: Role): AdmitTables {
    const judge = createJudge(role, setup);
    return (operation, input) => {
      const judged = judge(operation, input);
      let isNew = false;
      for (const { need, verdict } of judged)
        isNew = calls.note(role.source.functionId, need, verdict) || isNew;
      counted += 1;
      if (isNew || counted >= REPORT_EVERY) report();
      return setup.enforces ? judged.find(({ verdict }) => !verdict.allowed)?.verdict.message : undefined;
    };
  }

  const roles = new Map(setup.sources.map((source) => [source.functionId, createRole(source, systemClock)]));
  return {
    report,
    for(functionId) {
      const role = roles.get(functionId);
      if (!role) throw new Error(`no function ${functionId} has a role here`);
      return admitFor(role);
    },
  };
}
