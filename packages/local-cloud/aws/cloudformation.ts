// `aws cloudformation describe-stacks` and related calls, so that scripts read outputs as they do on AWS.

import { AwsError } from '../aws-error.ts';
import { createQueryHandler, type QueryAction, type QueryParameters } from './query.ts';
import type { AwsHandler } from './wire.ts';
import type { XmlElements } from './xml.ts';

/** What CloudFormation says about a stack, as `template/` resolves it. */
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

/** @throws AwsError ValidationError when the call names another stack */
function requireThisStack(stack: Stack, parameters: QueryParameters): void {
  const name = parameters.get('StackName');
  if (name === undefined || name === stack.stackName || name === stackIdOf(stack)) return;
  throw new AwsError('ValidationError', `Stack with id ${name.slice(0, 128)} does not exist`);
}

function stackActions(stack: Stack, time: string): Record<string, QueryAction> {
  return {
    DescribeStacks: {
      accepts: ['StackName'],
      run(parameters) {
        requireThisStack(stack, parameters);
        return { Stacks: { member: describeStack(stack, time) } };
      },
    },
    ListStacks: {
      accepts: ['NextToken'],
      run() {
        const described = describeStack(stack, time) as Record<string, string>;
        const { StackId, StackName, CreationTime, StackStatus } = described;
        return { StackSummaries: { member: { StackId, StackName, CreationTime, StackStatus } } };
      },
    },
  };
}

const resourcesOf = ({ resources }: Stack) =>
  [...resources].map(([LogicalResourceId, { type, ref }]) => ({
    LogicalResourceId,
    PhysicalResourceId: ref,
    ResourceType: type,
    ResourceStatus: 'CREATE_COMPLETE',
  }));

function resourceActions(stack: Stack, time: string): Record<string, QueryAction> {
  return {
    ListStackResources: {
      accepts: ['StackName'],
      run(parameters) {
        requireThisStack(stack, parameters);
        const member = resourcesOf(stack).map((each) => ({ ...each, LastUpdatedTimestamp: time }));
        return { StackResourceSummaries: { member } };
      },
    },
    DescribeStackResources: {
      accepts: ['StackName'],
      run(parameters) {
        requireThisStack(stack, parameters);
        const { stackName: StackName } = stack;
        const member = resourcesOf(stack).map((each) => ({ ...each, StackName, Timestamp: time }));
        return { StackResources: { member } };
      },
    },
  };
}

/** @param startedAt epoch milliseconds, shown as the time at which stack and resources were created. */
export function createCloudFormationHandler(stack: Stack, startedAt: number): AwsHandler {
  const time = new Date(startedAt).toISOString();
  return createQueryHandler({
    name: 'CloudFormation',
    namespace: 'http://cloudformation.amazonaws.com/doc/2010-05-15/',
    limit: 16_384,
    actions: { ...stackActions(stack, time), ...resourceActions(stack, time) },
  });
}
