// Stores the roles and policies that clients create with the API of IAM, in addition to the roles of the template.
//
// They have no effect: what a rule of the API does needs no role here, and the roles of functions are in the template.

import { makeDirectory } from '../files/durable-files.ts';
import { openRecordFile, type Change } from '../files/record-file.ts';
import type { Log } from '../log.ts';
import path from 'node:path';

export interface AccountRole {
  readonly name: string;
  readonly path: string;
  readonly id: string;
  readonly arn: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** JSON text, as all documents here. */
  readonly trust: string;
  readonly description?: string;
  /** Seconds. */
  readonly maxSession: number;
  /** Documents by the names of inline policies. */
  readonly inline: Readonly<Record<string, string>>;
  /** ARNs, in the order in which they were attached. */
  readonly attached: readonly string[];
}

export interface AccountPolicy {
  readonly name: string;
  readonly path: string;
  readonly id: string;
  readonly arn: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly document: string;
  readonly description?: string;
}

export interface AccountStore {
  /** By name. */
  readonly roles: ReadonlyMap<string, AccountRole>;
  /** By ARN. */
  readonly policies: ReadonlyMap<string, AccountPolicy>;
  /** Resolves when it is on disk. */
  putRole(role: AccountRole): Promise<void>;
  deleteRole(name: string): Promise<void>;
  putPolicy(policy: AccountPolicy): Promise<void>;
  deletePolicy(arn: string): Promise<void>;
  close(): Promise<void>;
}

/** @throws StartError when a line before the last is damaged */
export async function openAccountStore(dir: string, log: Log): Promise<AccountStore> {
  await makeDirectory(dir);
  const file = await openRecordFile(path.join(dir, 'account.log'), log);
  const commit = (change: Change) => file.commit([change]);
  return {
    roles: file.table<AccountRole>('role'),
    policies: file.table<AccountPolicy>('policy'),
    putRole: (role) => commit({ kind: 'role', key: role.name, value: role }),
    deleteRole: (name) => commit({ kind: 'role', key: name, value: undefined }),
    putPolicy: (policy) => commit({ kind: 'policy', key: policy.arn, value: policy }),
    deletePolicy: (arn) => commit({ kind: 'policy', key: arn, value: undefined }),
    close: () => file.close(),
  };
}
