// Judges the requests that functions send to the table thread past the AWS port, inside that thread.

import { systemClock } from '../clock.ts';
import { createCalls, type RecordedCall } from './calls.ts';
import { needsOfTables } from './needs-tables.ts';
import type { Need, Place } from './need.ts';
import type { KeyNames } from './partition-keys.ts';
import type { RoleSource } from './role-source.ts';
import { createRole, type Role, type Verdict } from './role.ts';

/** What the thread is given: data alone. */
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
/** Their parts are judged one by one. */
const SEVERAL = /^(Batch|Transact)/;

/** What decides alike as long as no condition looks into the request. */
const plainKey = (operation: string, input: Readonly<Record<string, unknown>>) =>
  `${operation} ${String(input['TableName'])} ${String(input['IndexName'])}`;

interface Judged {
  readonly need: Need;
  readonly verdict: Verdict;
}

export function createTableGuard(
  setup: TableGuardSetup,
  onCalls: (calls: RecordedCall[]) => void,
): TableGuard {
  const { place, enforces } = setup;
  const names = new Map(setup.keyNames);
  const partitionKeys = (table: string, index: string | undefined) =>
    names.get(index === undefined ? table : `${table}/${index}`);
  const calls = createCalls();
  let counted = 0;
  const report = () => {
    counted = 0;
    const taken = calls.take();
    if (taken.length > 0) onCalls(taken);
  };

  function judge(role: Role, operation: string, input: Readonly<Record<string, unknown>>): Judged[] {
    const needs = needsOfTables({ operation, input, place, partitionKeys });
    return needs.map((need) => ({ need, verdict: role.decide(need) }));
  }

  function admitFor(role: Role): AdmitTables {
    const hasConditions = [...role.keys].some((key) => CONDITION.test(key) || key.endsWith('time'));
    const kept = new Map<string, Judged[]>();
    return (operation, input) => {
      const key = hasConditions || SEVERAL.test(operation) ? undefined : plainKey(operation, input);
      const judged = (key === undefined ? undefined : kept.get(key)) ?? judge(role, operation, input);
      if (key !== undefined && kept.size < 1_000) kept.set(key, judged);
      let isNew = false;
      for (const { need, verdict } of judged)
        isNew = calls.note(role.source.functionId, need, verdict) || isNew;
      counted += 1;
      if (isNew || counted >= REPORT_EVERY) report();
      return enforces ? judged.find(({ verdict }) => !verdict.allowed)?.verdict.message : undefined;
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
