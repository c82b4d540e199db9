// Sets the IoT policies of a Cognito identity to exactly those for the live data that it may see.

import {
  AttachPolicyCommand,
  CreatePolicyCommand,
  DetachPolicyCommand,
  ListAttachedPoliciesCommand,
  ResourceAlreadyExistsException,
  type IoTClient,
} from '@aws-sdk/client-iot';
import { sitePolicyPrefix, type LivePolicy } from '../core/live-policy.ts';
import type { AttachLivePolicies } from '../pipeline/ports.ts';

/** Policies of a target, with room for other ones. */
const PAGE_SIZE = 50;

/** `policyName`: the policy for all sites; names of single sites' policies begin with it. */
export function createPolicyAttachment(options: {
  readonly client: IoTClient;
  readonly policyName: string;
}): AttachLivePolicies {
  const { client, policyName } = options;
  const isOurs = (name: string) => name === policyName || name.startsWith(sitePolicyPrefix(policyName));

  async function attachedTo(target: string): Promise<string[]> {
    const page = await client.send(new ListAttachedPoliciesCommand({ target, pageSize: PAGE_SIZE }));
    return (page.policies ?? []).flatMap((policy) => policy.policyName ?? []);
  }

  async function make({ name, document }: LivePolicy): Promise<void> {
    if (document === undefined) return;
    try {
      await client.send(new CreatePolicyCommand({ policyName: name, policyDocument: document }));
    } catch (error) {
      if (!(error instanceof ResourceAlreadyExistsException)) throw error;
    }
  }

  return async (target, wanted) => {
    const attached = await attachedTo(target);
    // Detach first, so that never more is allowed than before or after.
    for (const name of attached) {
      if (isOurs(name) && !wanted.some((policy) => policy.name === name))
        await client.send(new DetachPolicyCommand({ policyName: name, target }));
    }
    for (const policy of wanted) {
      if (attached.includes(policy.name)) continue;
      await make(policy);
      await client.send(new AttachPolicyCommand({ policyName: policy.name, target }));
    }
  };
}
