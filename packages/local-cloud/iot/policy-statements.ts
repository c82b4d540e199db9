// The statements of the current version of a policy, compiled once for each version that is needed.

import { compilePolicy, type Statement } from '../policies/document.ts';
import type { RegistryView } from './registry.ts';

/** Returns the statements of a policy's default version; none for an unknown policy. */
export function createPolicyStatements(registry: RegistryView): (policyName: string) => Statement[] {
  const compiled = new WeakMap<object, Statement[]>();
  return (policyName) => {
    const policy = registry.policies.get(policyName);
    const version = policy?.versions.find(({ id }) => id === policy.defaultVersion);
    if (!version) return [];
    let statements = compiled.get(version);
    if (!statements) compiled.set(version, (statements = compilePolicy(policyName, version.document)));
    return statements;
  };
}
