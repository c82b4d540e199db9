// The route that a page calls once after each login to get live data over MQTT: AWS IoT requires policies on each identity.

import * as z from 'zod/mini';
import { livePolicies } from '../core/live-policy.ts';
import type { AttachLivePolicies } from '../pipeline/ports.ts';
import { ApiProblem } from './problem.ts';
import { route, type Route } from './route.ts';

export function liveAccessRoute(options: {
  readonly attach: AttachLivePolicies;
  readonly policyName: string;
  /** `arn:aws:iot:us-east-1:111122223333` */
  readonly iotArn: string;
}): Route {
  const { attach, policyName, iotArn } = options;
  return route({
    method: 'POST',
    path: '/live-access',
    summary:
      'Gives the caller access to live data over MQTT, for all sites or those that they see. A page calls it once after each login',
    params: {},
    query: {},
    answer: z.strictObject({
      identityId: z.string().check(z.describe('The MQTT client ID is `dashboard-` and this')),
      sites: z.optional(
        z
          .array(z.string())
          .check(z.describe('The only sites whose telemetry the caller receives; absent: all')),
      ),
      policies: z.array(z.string()).check(z.describe('AWS IoT policies that the identity has now')),
    }),
    async run({ caller }) {
      const { id, isUser, sites } = caller;
      if (!isUser)
        throw new ApiProblem(
          403,
          'Live access is for users who logged in; keys of the AWS account do not need it',
        );
      const policies = livePolicies(policyName, sites, iotArn);
      if ('problem' in policies) throw new ApiProblem(409, policies.problem);
      await attach(id, policies);
      return { identityId: id, ...(sites && { sites }), policies: policies.map(({ name }) => name) };
    },
  });
}
