// The permissions that an action of a rule needs of its role.
// https://docs.aws.amazon.com/iot/latest/developerguide/iot-rule-actions.html

import { arnIn, type Need, type Place } from './need.ts';

type Properties = Readonly<Record<string, unknown>>;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A value for each substitution template, so that a policy for `errors/*` covers `errors/${topic()}`. */
const filled = (value: unknown): string => textOf(value).replaceAll(/\$\{[^}]*\}/g, 'value');

/** The queue of `https://sqs.us-east-1.amazonaws.com/000000000000/orders`. */
const queueName = (url: unknown): string => filled(url).split('/').at(-1)!;

const LOG_ACTIONS = ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'];

const TABLE_ACTIONS: Readonly<Record<string, string>> = {
  UPDATE: 'dynamodb:UpdateItem',
  DELETE: 'dynamodb:DeleteItem',
};

const one = (action: string, resource: string): Need[] => [{ action, resource }];

/** By the name of the action in the template. Lambda and Http need no role. */
const ACTIONS: Readonly<Record<string, (properties: Properties, place: Place) => Need[]>> = {
  Firehose: ({ DeliveryStreamName: name, BatchMode: isBatch }, place) =>
    one(
      `firehose:PutRecord${String(isBatch) === 'true' ? 'Batch' : ''}`,
      arnIn(place, 'firehose', `deliverystream/${filled(name)}`),
    ),
  Kinesis: ({ StreamName: name }, place) =>
    one('kinesis:PutRecord', arnIn(place, 'kinesis', `stream/${filled(name)}`)),
  S3: ({ BucketName: bucket, Key: key, CannedAcl: acl }) => {
    const resource = `arn:aws:s3:::${filled(bucket)}/${filled(key)}`;
    return ['s3:PutObject', ...(acl === undefined ? [] : ['s3:PutObjectAcl'])].map((action) => ({
      action,
      resource,
    }));
  },
  Sns: ({ TargetArn: arn }) => one('sns:Publish', filled(arn)),
  Sqs: ({ QueueUrl: url }, place) => one('sqs:SendMessage', arnIn(place, 'sqs', queueName(url))),
  // A rule writes a topic that begins with a dollar sign as `$$aws/...`.
  Republish: ({ Topic: topic }, place) =>
    one('iot:Publish', arnIn(place, 'iot', `topic/${filled(topic).replace(/^\$\$/, '$')}`)),
  DynamoDB: ({ TableName: name, Operation: operation }, place) =>
    one(
      TABLE_ACTIONS[textOf(operation).toUpperCase()] ?? 'dynamodb:PutItem',
      arnIn(place, 'dynamodb', `table/${filled(name)}`),
    ),
  DynamoDBv2: ({ PutItem: put }, place) =>
    one('dynamodb:PutItem', arnIn(place, 'dynamodb', `table/${filled((put as Properties)['TableName'])}`)),
  CloudwatchLogs: ({ LogGroupName: name }, place) => {
    const resource = arnIn(place, 'logs', `log-group:${filled(name)}:log-stream:stream`);
    return LOG_ACTIONS.map((action) => ({ action, resource }));
  },
};

/** @param type such as `Firehose`; none for an action that has no role */
export const needsOfAction = (type: string, properties: Properties, place: Place): readonly Need[] =>
  Object.hasOwn(ACTIONS, type) ? ACTIONS[type]!(properties, place) : [];
