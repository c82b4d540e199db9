// Gives a Cognito identity the one IoT policy that the dashboard needs.

import { AttachPolicyCommand, type IoTClient } from '@aws-sdk/client-iot';

/** Attaches the policy; doing so twice changes nothing. Rejects with the SDK's error. */
export type AttachDashboardPolicy = (identityId: string) => Promise<void>;

export function createPolicyAttachment(options: {
  readonly client: IoTClient;
  readonly policyName: string;
}): AttachDashboardPolicy {
  return async (identityId) => {
    await options.client.send(
      new AttachPolicyCommand({ policyName: options.policyName, target: identityId }),
    );
  };
}
