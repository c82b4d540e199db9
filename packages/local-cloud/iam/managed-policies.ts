// The AWS managed policies that functions often have, limited to services of the local cloud.
// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html

/** A statement as in JSON, without its place in the template. */
export interface PlainStatement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
}

const allow = (...actions: readonly string[]): readonly PlainStatement[] => [
  { Effect: 'Allow', Action: actions, Resource: '*' },
];

const LOGS = ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'];
const NETWORK = ['ec2:CreateNetworkInterface', 'ec2:DescribeNetworkInterfaces', 'ec2:DeleteNetworkInterface'];
const TRACES = [
  'xray:PutTraceSegments',
  'xray:PutTelemetryRecords',
  'xray:GetSamplingRules',
  'xray:GetSamplingTargets',
];

const POLICIES: Readonly<Record<string, readonly PlainStatement[]>> = {
  AdministratorAccess: allow('*'),
  AmazonDynamoDBFullAccess: allow('dynamodb:*', 'dax:*'),
  AmazonDynamoDBFullAccess_v2: allow('dynamodb:*', 'dax:*'),
  AmazonDynamoDBReadOnlyAccess: allow(
    ...['dynamodb:BatchGetItem', 'dynamodb:Describe*', 'dynamodb:Get*', 'dynamodb:List*'],
    ...['dynamodb:PartiQLSelect', 'dynamodb:Query', 'dynamodb:Scan'],
  ),
  AmazonKinesisFirehoseFullAccess: allow('firehose:*'),
  AmazonKinesisFullAccess: allow('kinesis:*'),
  AmazonKinesisReadOnlyAccess: allow('kinesis:Get*', 'kinesis:List*', 'kinesis:Describe*'),
  AmazonS3FullAccess: allow('s3:*', 's3-object-lambda:*'),
  AmazonS3ReadOnlyAccess: allow(
    's3:Get*',
    's3:List*',
    's3:Describe*',
    's3-object-lambda:Get*',
    's3-object-lambda:List*',
  ),
  AmazonSNSFullAccess: allow('sns:*'),
  AmazonSQSFullAccess: allow('sqs:*'),
  AmazonSQSReadOnlyAccess: allow(
    'sqs:GetQueueAttributes',
    'sqs:GetQueueUrl',
    'sqs:ListDeadLetterSourceQueues',
    'sqs:ListQueues',
  ),
  AWSIoTDataAccess: allow(
    ...['iot:Connect', 'iot:Publish', 'iot:Subscribe', 'iot:Receive', 'iot:GetThingShadow'],
    ...['iot:UpdateThingShadow', 'iot:DeleteThingShadow', 'iot:ListNamedShadowsForThing'],
  ),
  AWSIoTFullAccess: allow('iot:*', 'iotjobsdata:*'),
  AWSLambdaBasicExecutionRole: allow(...LOGS),
  AWSLambdaDynamoDBExecutionRole: allow(
    ...[
      'dynamodb:DescribeStream',
      'dynamodb:GetRecords',
      'dynamodb:GetShardIterator',
      'dynamodb:ListStreams',
    ],
    ...LOGS,
  ),
  AWSLambdaKinesisExecutionRole: allow(
    ...['kinesis:DescribeStream', 'kinesis:DescribeStreamSummary', 'kinesis:GetRecords'],
    ...['kinesis:GetShardIterator', 'kinesis:ListShards', 'kinesis:ListStreams', 'kinesis:SubscribeToShard'],
    ...LOGS,
  ),
  AWSLambdaRole: allow('lambda:InvokeFunction'),
  AWSLambdaSQSQueueExecutionRole: allow(
    'sqs:ReceiveMessage',
    'sqs:DeleteMessage',
    'sqs:GetQueueAttributes',
    ...LOGS,
  ),
  AWSLambdaVPCAccessExecutionRole: allow(...LOGS, ...NETWORK),
  AWSLambda_FullAccess: allow('lambda:*', 'cloudwatch:GetMetricData', 'logs:DescribeLogGroups'),
  AWSXRayDaemonWriteAccess: allow(...TRACES),
  AWSXrayWriteOnlyAccess: allow(...TRACES),
  CloudWatchFullAccess: allow('cloudwatch:*', 'logs:*', 'sns:*'),
  CloudWatchFullAccessV2: allow('cloudwatch:*', 'logs:*', 'sns:*'),
  CloudWatchLambdaInsightsExecutionRolePolicy: allow(...LOGS),
  CloudWatchLogsFullAccess: allow('logs:*', 'cloudwatch:GenerateQuery'),
};

/** @param reference its name, or its ARN such as `arn:aws:iam::aws:policy/service-role/NAME`; undefined for one that is not known here */
export function managedPolicy(reference: string): readonly PlainStatement[] | undefined {
  const name = /^arn:[^:]+:iam::aws:policy\/(?:[\w-]+\/)*([\w+=,.@-]+)$/.exec(reference)?.[1] ?? reference;
  return Object.hasOwn(POLICIES, name) ? POLICIES[name] : undefined;
}
