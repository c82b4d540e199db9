// The environment variables of a function: what Lambda sets, what the template sets, and nothing of this machine.

import path from 'node:path';
import { sessionTokenOf } from '../iam/caller.ts';
import type { FunctionSpec } from '../template/functions.ts';
import { queueHost } from '../template/naming.ts';

/**
 * @param base what the local cloud adds for the AWS SDK: the endpoints of the local services. The template's own value of
 *   one counts before it, unless it is empty: that is none to the SDK, too.
 * @param nowhere a folder without an AWS configuration.
 * @param taskRoot where the code is.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
 */
export function variablesOf(
  spec: FunctionSpec,
  base: Readonly<Record<string, string>>,
  logStream: string,
  nowhere: string,
  taskRoot: string,
): Record<string, string> {
  const region = spec.arn.split(':')[3]!;
  /** The SDK sends what is for a queue to the host of the queue's address. */
  const here = (value: string) =>
    value.replaceAll(queueHost(region), base['AWS_ENDPOINT_URL'] ?? queueHost(region));
  return {
    LANG: 'en_US.UTF-8',
    PATH: '/usr/local/bin:/usr/bin:/bin',
    ...Object.fromEntries(Object.entries(spec.environment).map(([name, value]) => [name, here(value)])),
    ...Object.fromEntries(Object.entries(base).filter(([name]) => !spec.environment[name])),
    TZ: ':UTC',
    _HANDLER: `${spec.handlerFile}.${spec.handlerName}`,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: sessionTokenOf(spec.logicalId),
    AWS_CONFIG_FILE: path.join(nowhere, 'no-aws-config'),
    AWS_SHARED_CREDENTIALS_FILE: path.join(nowhere, 'no-aws-credentials'),
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_EXECUTION_ENV: `AWS_Lambda_${spec.runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: spec.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(spec.memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${spec.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: logStream,
    LAMBDA_TASK_ROOT: taskRoot,
  };
}
