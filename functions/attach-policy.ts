// Gives a logged-in user access to live data: attaches the policies that AWS IoT requires for each identity.

import { createHandler } from '../adapters/create-handler.ts';
import { readAttachPolicyEnvironment } from '../adapters/environment.ts';
import { openIot } from '../adapters/iot-client.ts';
import { createPolicyAttachment } from '../adapters/policy-attachment.ts';
import { createUserGroups } from '../adapters/user-groups.ts';
import { openUserPool } from '../adapters/user-pool-client.ts';
import { answerProblem, createHttpApi } from '../http-api/app.ts';
import { resolveCaller } from '../http-api/caller.ts';
import { requestOf, resultOf, signerOf, type HttpEvent } from '../http-api/lambda-http.ts';
import { liveAccessRoute } from '../http-api/live-access.ts';
import { problemOf } from '../http-api/problem.ts';

const environment = readAttachPolicyEnvironment(process.env);
const { dashboardPolicy: policyName, iotArn, identityPoolId, userPoolId } = environment;
const attach = createPolicyAttachment({ client: openIot(), policyName });
const serveHttp = createHttpApi([liveAccessRoute({ attach, policyName, iotArn })]);
const groupsOf = createUserGroups({ client: openUserPool(), userPoolId, now: () => Date.now() });

export const handler = createHandler(async (event: HttpEvent, tools) => {
  const signer = signerOf(event);
  tools.identify({ caller: signer.id });
  if (signer.kind !== 'account' && signer.poolId !== identityPoolId)
    return resultOf(answerProblem(problemOf(403, 'The identity belongs to another identity pool')));
  const resolve = () => resolveCaller(signer, userPoolId, groupsOf);
  const response = await serveHttp(requestOf(event), { resolve, onError: (error) => tools.fail(error) });
  return resultOf(response);
});
