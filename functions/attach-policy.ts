// Lets somebody who logged in to the dashboard use AWS IoT: AWS wants a policy attached to each identity, at run time.

import { createHandler } from '../adapters/create-handler.ts';
import { readAttachPolicyEnvironment } from '../adapters/environment.ts';
import { openIot } from '../adapters/iot-client.ts';
import { createPolicyAttachment } from '../adapters/policy-attachment.ts';
import { dashboardCaller } from '../core/dashboard-caller.ts';

/** What the caller gets; the event is not looked at. */
export type AttachPolicyResult =
  | { readonly attached: true; readonly identityId: string; readonly policyName: string }
  | { readonly attached: false; readonly reason: string };

const { dashboardPolicy: policyName, identityPoolId } = readAttachPolicyEnvironment(process.env);
const attach = createPolicyAttachment({ client: openIot(), policyName });

export const handler = createHandler(async (_event: unknown, tools, context): Promise<AttachPolicyResult> => {
  const caller = dashboardCaller(context.identity, identityPoolId);
  if ('refused' in caller) {
    tools.warn('Policy not attached', { reason: caller.refused });
    return { attached: false, reason: caller.refused };
  }
  const { identityId } = caller;
  tools.identify({ identityId });
  await attach(identityId);
  return { attached: true, identityId, policyName };
});
