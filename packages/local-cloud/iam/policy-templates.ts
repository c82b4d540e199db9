// The policy templates of SAM, limited to services of the local cloud.
// https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-policy-template-list.html

import type { PlainStatement } from './managed-policies.ts';

/** Where the ARNs of a stack are. */
export interface Account {
  readonly region: string;
  readonly accountId: string;
}

interface Template {
  readonly parameters: readonly string[];
  /** `arn('dynamodb', 'table/x')` is one of the account and region of the stack. */
  readonly statements: (
    arn: (service: string, resource: string) => string,
    values: Readonly<Record<string, string>>,
  ) => readonly PlainStatement[];
}

const allow = (service: string, actions: readonly string[], ...resources: string[]): PlainStatement => ({
  Effect: 'Allow',
  Action: actions.map((action) => `${service}:${action}`),
  Resource: resources,
});

/** Actions on one named thing, whose ARNs `resources` makes from its name. */
const over = (
  parameter: string,
  service: string,
  actions: readonly string[],
  resources: readonly ((name: string) => string)[],
): Template => ({
  parameters: [parameter],
  statements: (arn, values) => [
    allow(service, actions, ...resources.map((resource) => arn(service, resource(values[parameter]!)))),
  ],
});

/** ARNs without region and account, as those of buckets. */
const onBucket = (actions: readonly string[]): Template => ({
  parameters: ['BucketName'],
  statements: (_arn, { BucketName: name }) => [
    allow('s3', actions, `arn:aws:s3:::${name}`, `arn:aws:s3:::${name}/*`),
  ],
});

const everywhere = (service: string, ...actions: readonly string[]): Template => ({
  parameters: [],
  statements: () => [allow(service, actions, '*')],
});

const table = (actions: readonly string[]) =>
  over('TableName', 'dynamodb', actions, [(name) => `table/${name}`, (name) => `table/${name}/index/*`]);
const READ_TABLE = ['GetItem', 'Scan', 'Query', 'BatchGetItem', 'DescribeTable'];
const WRITE_TABLE = ['PutItem', 'UpdateItem', 'BatchWriteItem'];
const READ_BUCKET = [
  'GetObject',
  'ListBucket',
  'GetBucketLocation',
  'GetObjectVersion',
  'GetLifecycleConfiguration',
];
const WRITE_BUCKET = ['PutObject', 'PutObjectAcl', 'PutLifecycleConfiguration'];
const OBJECT_TAGS = ['DeleteObjectTagging', 'GetObjectTagging', 'PutObjectTagging'].flatMap((action) => [
  action,
  action.replace('Object', 'ObjectVersion'),
]);

const TEMPLATES: Readonly<Record<string, Template>> = {
  CloudFormationDescribeStacksPolicy: {
    parameters: [],
    statements: (arn) => [allow('cloudformation', ['DescribeStacks'], arn('cloudformation', 'stack/*'))],
  },
  CloudWatchDescribeAlarmHistoryPolicy: everywhere('cloudwatch', 'DescribeAlarmHistory'),
  CloudWatchPutMetricPolicy: everywhere('cloudwatch', 'PutMetricData'),
  DynamoDBCrudPolicy: table([...READ_TABLE, ...WRITE_TABLE, 'DeleteItem', 'ConditionCheckItem']),
  DynamoDBReadPolicy: table(READ_TABLE),
  DynamoDBReconfigurePolicy: over('TableName', 'dynamodb', ['UpdateTable'], [(name) => `table/${name}`]),
  DynamoDBStreamReadPolicy: {
    parameters: ['TableName', 'StreamName'],
    statements: (arn, { TableName: name, StreamName: stream }) => [
      allow(
        'dynamodb',
        ['DescribeStream', 'GetRecords', 'GetShardIterator'],
        arn('dynamodb', `table/${name}/stream/${stream}`),
      ),
      allow('dynamodb', ['ListStreams'], arn('dynamodb', `table/${name}/stream/*`)),
    ],
  },
  DynamoDBWritePolicy: table(WRITE_TABLE),
  FilterLogEventsPolicy: over(
    'LogGroupName',
    'logs',
    ['FilterLogEvents'],
    [(name) => `log-group:${name}:log-stream:*`],
  ),
  FirehoseCrudPolicy: over(
    'DeliveryStreamName',
    'firehose',
    [
      'CreateDeliveryStream',
      'DeleteDeliveryStream',
      'DescribeDeliveryStream',
      'PutRecord',
      'PutRecordBatch',
      'UpdateDestination',
    ],
    [(name) => `deliverystream/${name}`],
  ),
  FirehoseWritePolicy: over(
    'DeliveryStreamName',
    'firehose',
    ['PutRecord', 'PutRecordBatch'],
    [(name) => `deliverystream/${name}`],
  ),
  KinesisCrudPolicy: over(
    'StreamName',
    'kinesis',
    [
      ...[
        'AddTagsToStream',
        'CreateStream',
        'DecreaseStreamRetentionPeriod',
        'DeleteStream',
        'DescribeStream',
      ],
      ...['DescribeStreamSummary', 'GetShardIterator', 'IncreaseStreamRetentionPeriod', 'ListTagsForStream'],
      ...['MergeShards', 'PutRecord', 'PutRecords', 'SplitShard', 'RemoveTagsFromStream'],
    ],
    [(name) => `stream/${name}`],
  ),
  KinesisStreamReadPolicy: {
    parameters: ['StreamName'],
    statements: (arn, { StreamName: name }) => [
      allow('kinesis', ['ListStreams', 'DescribeLimits'], arn('kinesis', 'stream/*')),
      allow(
        'kinesis',
        ['DescribeStream', 'DescribeStreamSummary', 'GetRecords', 'GetShardIterator'],
        arn('kinesis', `stream/${name}`),
      ),
    ],
  },
  KMSDecryptPolicy: over('KeyId', 'kms', ['Decrypt'], [(id) => `key/${id}`]),
  KMSEncryptPolicy: over('KeyId', 'kms', ['Encrypt'], [(id) => `key/${id}`]),
  LambdaInvokePolicy: over('FunctionName', 'lambda', ['InvokeFunction'], [(name) => `function:${name}*`]),
  S3CrudPolicy: onBucket([...READ_BUCKET, ...WRITE_BUCKET, 'DeleteObject']),
  S3FullAccessPolicy: {
    parameters: ['BucketName'],
    statements: (_arn, { BucketName: name }) => [
      allow(
        's3',
        [
          ...['GetObject', 'GetObjectAcl', 'GetObjectVersion', 'PutObject', 'PutObjectAcl', 'DeleteObject'],
          ...OBJECT_TAGS,
        ],
        `arn:aws:s3:::${name}/*`,
      ),
      allow(
        's3',
        ['ListBucket', 'GetBucketLocation', 'GetLifecycleConfiguration', 'PutLifecycleConfiguration'],
        `arn:aws:s3:::${name}`,
      ),
    ],
  },
  S3ReadPolicy: onBucket(READ_BUCKET),
  S3WritePolicy: onBucket(WRITE_BUCKET),
  SNSCrudPolicy: over(
    'TopicName',
    'sns',
    ['ListSubscriptionsByTopic', 'CreateTopic', 'SetTopicAttributes', 'Subscribe', 'Publish'],
    [(name) => `${name}*`],
  ),
  SNSPublishMessagePolicy: over('TopicName', 'sns', ['Publish'], [(name) => name]),
  SQSPollerPolicy: over(
    'QueueName',
    'sqs',
    ['ChangeMessageVisibility', 'DeleteMessage', 'GetQueueAttributes', 'ReceiveMessage'],
    [(name) => name],
  ),
  SQSSendMessagePolicy: over('QueueName', 'sqs', ['SendMessage*'], [(name) => name]),
};

/** Templates for services that the local cloud does not have, so their permissions are never needed here. */
const ELSEWHERE =
  /^(ACMGetCertificate|AMIDescribe|Athena\w*|AWSSecretsManager\w+|CodeCommit\w+|CodePipeline\w+|Comprehend\w+|CostExplorer\w+|DynamoDBBackup\w+|DynamoDBRestore\w+|EC2\w+|ECS\w+|EFS\w+|EKS\w+|Elastic\w+|EventBridge\w+|Mobile\w+|Organizations\w+|Pinpoint\w+|Polly\w+|Rekognition\w+|Route53\w+|SageMaker\w+|ServerlessRepo\w+|SES\w+|SSM\w+|StepFunctions\w+|Textract\w+|VPCAccess)\w*Policy$/;

/**
 * @param values parameters of the policy template
 * @returns the problem as text where SAM has no such template, or a parameter is missing
 */
export function policyTemplate(
  name: string,
  values: Readonly<Record<string, string>>,
  { region, accountId }: Account,
): readonly PlainStatement[] | string {
  const template = Object.hasOwn(TEMPLATES, name) ? TEMPLATES[name]! : undefined;
  if (!template)
    return ELSEWHERE.test(name)
      ? []
      : `${name} is not a policy template of SAM that the local cloud supports`;
  const missing = template.parameters.find((parameter) => values[parameter] === undefined);
  if (missing !== undefined) return `the policy template ${name} needs ${missing}`;
  return template.statements(
    (service, resource) => `arn:aws:${service}:${region}:${accountId}:${resource}`,
    values,
  );
}
