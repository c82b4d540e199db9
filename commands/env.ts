// `npm run env`: writes the environment file for `sam local invoke` from a running stack, here or on AWS.

import { writeFileSync } from 'node:fs';
import { CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { CommandError, runCommand } from './command-error.ts';
import { parseFlags } from './flags.ts';
import { findStack, isRefused, notRunning, START_FIRST } from './running-stack.ts';

const FILE = 'env.json';
const USAGE = `usage: npm run env -- [--data-dir DIR]
         of the running local cloud (.tidegate)
       npm run env -- --stack-name NAME
         of a stack on AWS, with the credentials and the region of the AWS
         CLI's configuration
       Writes ${FILE}: the variables of each function, for
       sam local invoke --env-vars ${FILE}.`;
const FLAGS = {
  'data-dir': { type: 'string', default: '.tidegate' },
  'stack-name': { type: 'string' },
} as const;

interface Place {
  /** The endpoint of the AWS APIs; absent: AWS itself. */
  readonly endpoint?: string;
  readonly stackName: string;
  readonly remedy: string;
  /** The error message if nothing answers. */
  readonly noAnswer?: string;
}

/** Variables by function, in the form of the SAM CLI: by logical ID. */
type Variables = Readonly<Record<string, Readonly<Record<string, string>>>>;

function localPlace(dataDir: string): Place {
  const found = findStack(dataDir);
  const forAws = '; for AWS give --stack-name';
  if ('problem' in found) throw new CommandError(found.problem + forAws);
  const noAnswer = notRunning(dataDir) + forAws;
  return { endpoint: new URL(found.aws).origin, stackName: 'tidegate', remedy: START_FIRST, noAnswer };
}

const awsPlace = (stackName: string): Place => ({
  stackName,
  remedy: 'check --stack-name, the AWS credentials and the region',
});

function clientSettings({ endpoint }: Place) {
  const region = process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'];
  if (endpoint === undefined) return region === undefined ? {} : { region };
  return { endpoint, region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
}

/** Names of the functions by logical ID. SAM's transform turns each into an AWS::Lambda::Function. */
async function functionsOf(client: CloudFormationClient, stackName: string): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for await (const { StackResourceSummaries = [] } of paginateListStackResources(
    { client },
    { StackName: stackName },
  )) {
    for (const { ResourceType, LogicalResourceId, PhysicalResourceId } of StackResourceSummaries)
      if (/^AWS::(Lambda|Serverless)::Function$/.test(ResourceType ?? ''))
        found.push([LogicalResourceId!, PhysicalResourceId!]);
  }
  return found;
}

/** The variables of each function now; `AWS_ENDPOINT_URL` points a container to the local cloud. */
async function variablesOf(place: Place): Promise<Variables> {
  const settings = clientSettings(place);
  const [cloudFormation, lambda] = [new CloudFormationClient(settings), new LambdaClient(settings)];
  try {
    const functions = await functionsOf(cloudFormation, place.stackName);
    const entries = functions.map(async ([logicalId, FunctionName]) => {
      const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
      const variables: Record<string, string> = { ...Environment?.Variables };
      if (place.endpoint !== undefined) variables['AWS_ENDPOINT_URL'] = place.endpoint;
      return [logicalId, variables] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  } catch (error) {
    const problem = `${(error as Error).message}: ${place.remedy}`;
    throw new CommandError((isRefused(error) && place.noAnswer) || problem, { cause: error });
  } finally {
    cloudFormation.destroy();
    lambda.destroy();
  }
}

const LOCAL_KEYS = 'AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_DEFAULT_REGION=us-east-1';
const INVOKE = `sam local invoke IngestFunction --event events/ingest.json --env-vars ${FILE}`;

/** The next steps with the file. */
const next = ({ endpoint, stackName }: Place) =>
  endpoint === undefined
    ? `Next, with credentials for that account (it writes to the tables of ${stackName} there):\n  sam build\n  ${INVOKE}`
    : `Next, while the local cloud runs:\n  sam build\n  ${LOCAL_KEYS} ${INVOKE} --docker-network host`;

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseFlags(args, FLAGS, USAGE);
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  if (positionals.length > 0) throw new CommandError(USAGE);
  const { 'stack-name': stackName } = values;
  const place = stackName === undefined ? localPlace(values['data-dir']) : awsPlace(stackName);
  const variables = await variablesOf(place);
  const count = Object.keys(variables).length;
  if (count === 0) throw new CommandError(`the stack has no functions: ${place.remedy}`);
  writeFileSync(FILE, `${JSON.stringify(variables, undefined, 2)}\n`);
  process.stdout.write(
    `${FILE} has the variables of ${count} function${count === 1 ? '' : 's'}. ${next(place)}\n`,
  );
  return 0;
}

await runCommand(main);
