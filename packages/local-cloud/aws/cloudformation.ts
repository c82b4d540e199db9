// `aws cloudformation describe-stacks` and its relatives, so that scripts read outputs as they do on AWS.

import { AwsError } from '../aws-error.ts';
import { createQueryHandler, type QueryParameters } from './query.ts';
import type { AwsHandler } from './wire.ts';
import type { XmlElements } from './xml.ts';

/** What CloudFormation tells about a stack; `local/template` resolves it. */
export interface Stack {
  readonly stackName: string;
  readonly region: string;
  readonly accountId: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly resources: ReadonlyMap<string, { readonly type: string; readonly ref: string }>;
}

const stackIdOf = ({ region, accountId, stackName }: Stack) =>
  `arn:aws:cloudformation:${region}:${accountId}:stack/${stackName}/00000000-0000-4000-8000-000000000000`;

function describeStack(stack: Stack, startedAt: string): XmlElements {
  const parameters = Object.entries(stack.parameters);
  const outputs = Object.entries(stack.outputs);
  return {
    StackId: stackIdOf(stack),
    StackName: stack.stackName,
    CreationTime: startedAt,
    StackStatus: 'CREATE_COMPLETE',
    Parameters: {
      member: parameters.map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue })),
    },
    Outputs: { member: outputs.map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })) },
  };
}

/** @param startedAt epoch milliseconds, shown as the time at which stack and resources were created. */
export function createCloudFormationHandler(stack: Stack, startedAt: number): AwsHandler {
  const time = new Date(startedAt).toISOString();
  const check = (parameters: QueryParameters) => {
    const asked = parameters.get('StackName');
    if (asked === undefined || asked === stack.stackName || asked === stackIdOf(stack)) return;
    throw new AwsError('ValidationError', `Stack with id ${asked.slice(0, 128)} does not exist`);
  };
  const resources = () =>
    [...stack.resources].map(([LogicalResourceId, { type, ref }]) => ({
      LogicalResourceId,
      PhysicalResourceId: ref,
      ResourceType: type,
      ResourceStatus: 'CREATE_COMPLETE',
    }));
  return createQueryHandler({
    name: 'CloudFormation',
    namespace: 'http://cloudformation.amazonaws.com/doc/2010-05-15/',
    limit: 16_384,
    actions: {
      DescribeStacks: {
        accepts: ['StackName'],
        run(parameters) {
          check(parameters);
          return { Stacks: { member: describeStack(stack, time) } };
        },
      },
      ListStacks: {
        accepts: ['NextToken'],
        run() {
          const { StackId, StackName, CreationTime, StackStatus } = describeStack(stack, time) as Record<
            string,
            string
          >;
          return { StackSummaries: { member: { StackId, StackName, CreationTime, StackStatus } } };
        },
      },
      ListStackResources: {
        accepts: ['StackName'],
        run(parameters) {
          check(parameters);
          const summaries = resources().map((resource) => ({ ...resource, LastUpdatedTimestamp: time }));
          return { StackResourceSummaries: { member: summaries } };
        },
      },
      DescribeStackResources: {
        accepts: ['StackName'],
        run(parameters) {
          check(parameters);
          const { stackName: StackName } = stack;
          return {
            StackResources: { member: resources().map((each) => ({ ...each, StackName, Timestamp: time })) },
          };
        },
      },
    },
  });
}
