// Seals what is due by the stack's own function, and lists the sealed days.

import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { createSeals } from '../adapters/seal-store.ts';
import { findStack, isRefused, notRunning } from '../commands/running-stack.ts';
import { inParallel } from '../core/in-parallel.ts';
import { sealingKey } from '../core/seal/public-key.ts';
import { AuditError, awsClient } from './archive-options.ts';
import type { StackSealOptions } from './seal-options.ts';

interface Stack {
  readonly client: { readonly endpoint?: string; readonly region?: string };
  readonly outputs: Readonly<Record<string, string | undefined>>;
}

/** What the function answers. */
interface Answer {
  readonly sealed: readonly { readonly day: string; readonly objects: number; readonly bytes: number }[];
  readonly verified?: string;
  readonly unsealed: number;
  /** If it failed. */
  readonly errorMessage?: string;
}

/** A run of the function may take its whole time. */
const INVOKE_MS = 960_000;
const USUAL_DAYS = 31;
const READS_AT_ONCE = 8;

function localStack(dataDir: string): Stack {
  const found = findStack(dataDir);
  if ('problem' in found) throw new AuditError(`${found.problem}; for AWS give --stack-name`);
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = { endpoint: found.aws, region: 'us-east-1', credentials, forcePathStyle: true };
  return { client, outputs: found.outputs };
}

async function awsStack(stackName: string): Promise<Stack> {
  const client = awsClient() as Stack['client'];
  try {
    const described = await new CloudFormationClient(client).send(
      new DescribeStacksCommand({ StackName: stackName }),
    );
    const outputs = described.Stacks?.[0]?.Outputs ?? [];
    return {
      client,
      outputs: Object.fromEntries(outputs.map(({ OutputKey, OutputValue }) => [OutputKey!, OutputValue])),
    };
  } catch (error) {
    throw new AuditError(
      `${(error as Error).message}: check --stack-name, the AWS credentials and the region`,
      { cause: error },
    );
  }
}

/** Invokes the function until no day is due. Gives the first failure, which the function explains itself. */
async function sealDue(
  { client, outputs }: Stack,
  { day, acceptKey }: StackSealOptions,
  say: (line: string) => void,
): Promise<string | undefined> {
  const FunctionName = outputs['SealFunction'];
  if (FunctionName === undefined)
    throw new AuditError('the stack has no SealFunction: deploy this version with WithSeal=true');
  const requestHandler = { requestTimeout: INVOKE_MS };
  const lambda = new LambdaClient({ ...client, maxAttempts: 1, requestHandler });
  for (let event: object = { day, acceptKey }; ; event = {}) {
    const { Payload, FunctionError } = await lambda.send(
      new InvokeCommand({ FunctionName, Payload: JSON.stringify(event) }),
    );
    const answer = JSON.parse(Buffer.from(Payload!).toString()) as Answer;
    if (FunctionError !== undefined) return answer.errorMessage ?? FunctionError;
    for (const { day: sealed, objects, bytes } of answer.sealed)
      say(`sealed ${sealed}: ${count(objects, 'object')}, ${count(bytes, 'byte')}`);
    if (answer.verified !== undefined) say(`${answer.verified} agrees with its seal`);
    if (answer.unsealed === 0) return undefined;
    process.stderr.write(`${count(answer.unsealed, 'day')} left: the function continues\n`);
  }
}

export const count = (number: number, what: string): string =>
  `${number.toLocaleString('en')} ${what}${number === 1 ? '' : 's'}`;

async function list(
  seals: ReturnType<typeof createSeals>,
  isAll: boolean,
  say: (line: string) => void,
): Promise<void> {
  const days = await seals.list();
  const shown = isAll ? days : days.slice(-USUAL_DAYS);
  if (days.length === 0) say('No day is sealed yet: a day is due an hour after its end in UTC.');
  const found = await inParallel(shown, READS_AT_ONCE, (day) => seals.load(day));
  for (const sealed of found) {
    if (!sealed) continue;
    const { day, sealedAt, count: objects, bytes } = sealed.manifest;
    const size = `${count(objects, 'object')}, ${count(bytes, 'byte')}`;
    say(`${day}  ${size}; signed ${sealedAt.slice(0, 19)}Z\n            ${sealed.head}`);
  }
  if (shown.length < days.length)
    say(`${count(days.length - shown.length, 'earlier day')}: --all lists them.`);
  const pem = await seals.publicKey();
  if (pem !== undefined) say(`Public key ${sealingKey(pem).fingerprint}\n${pem.trim()}`);
}

/**
 * Resolves to whether all due days are sealed and the compared day agrees. Rejects with an AuditError if the stack
 * cannot be reached.
 */
export async function sealStack(options: StackSealOptions, say: (line: string) => void): Promise<boolean> {
  const { stackName, dataDir, isAll } = options;
  const stack = stackName === undefined ? localStack(dataDir) : await awsStack(stackName);
  const bucket = stack.outputs['RawBucket'];
  if (bucket === undefined) throw new AuditError('the stack has no output RawBucket');
  try {
    const failure = await sealDue(stack, options, say);
    await list(createSeals({ client: new S3Client(stack.client), bucket }), isAll, say);
    if (failure !== undefined) process.stderr.write(`not sealed: ${failure}\n`);
    return failure === undefined;
  } catch (error) {
    if (stackName === undefined && isRefused(error))
      throw new AuditError(notRunning(dataDir), { cause: error });
    throw error;
  }
}
