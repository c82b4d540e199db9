// The actions of rules: one entry for each kind.

import { AwsError } from '../aws-error.ts';
import type { InboundMessage } from '../mqtt/message.ts';
import { createFields } from './action-fields.ts';
import { dynamoDb } from './action-dynamodb.ts';
import { http } from './action-http.ts';
import { kinesis } from './action-kinesis.ts';
import { cloudwatchLogs } from './action-logs.ts';
import { republish } from './action-republish.ts';
import { sqs } from './action-sqs.ts';
import { type Action, bytesOf, type CompileAction, type RuleTargets } from './action.ts';
import { toItem } from './dynamodb-item.ts';
import { isTemplate, type ActionSpec } from './rule-spec.ts';
import type { CompiledStatement, Output } from './statement.ts';
import { jsonOf } from '../json/value.ts';

/** Lambda accepts only JSON. */
function jsonText(output: Output): string {
  if (output.kind === 'json') return jsonOf(output.value) || '""';
  throw new AwsError(
    'InvalidRequestContentException',
    "the payload is not JSON; select encode(*, 'base64') for Lambda",
  );
}

/** A message without a client ID, such as one that a rule republishes, is distinguished by its topic. */
const sourceOf = ({ principal, clientId, topic }: InboundMessage) => [
  principal,
  clientId === 'n/a' ? topic : clientId,
];

const lambda: CompileAction = (fields, targets) => {
  const service = fields.need(targets.lambda);
  const nameOf = fields.target('FunctionArn');
  return {
    name: 'LambdaAction',
    resource: fields.raw('FunctionArn'),
    prepare({ output, scope }) {
      const [name, payload, source] = [nameOf(scope), jsonText(output), sourceOf(scope.message.message)];
      return () => service.invokeAsync(name, payload, source);
    },
  };
};

/** PutRecordBatch. */
const MAX_RECORDS = 500;

const firehose: CompileAction = (fields, targets) => {
  const streams = fields.need(targets.streams);
  const nameOf = fields.target('DeliveryStreamName');
  const separator = Buffer.from(fields.choice('Separator', ['', '\n', '\t', '\r\n', ',']));
  const batch = fields.choice('BatchMode', ['false', 'true']) === 'true';
  const record = (bytes: Buffer) => (separator.length > 0 ? Buffer.concat([bytes, separator]) : bytes);
  return {
    name: 'FirehoseAction',
    resource: fields.raw('DeliveryStreamName'),
    prepare({ output, scope }) {
      const stream = nameOf(scope);
      const elements =
        batch && output.kind === 'json' && Array.isArray(output.value) ? output.value : undefined;
      if (elements && elements.length > MAX_RECORDS) {
        throw new AwsError('InvalidArgumentException', `a batch has at most ${MAX_RECORDS} records`);
      }
      const records = elements
        ? elements.map((element) => record(Buffer.from(jsonOf(element))))
        : [record(bytesOf(output))];
      return () => (records.length > 0 ? streams.put(stream, records) : Promise.resolve());
    },
  };
};

const s3: CompileAction = (fields, targets) => {
  const store = fields.need(targets.store);
  const [bucketOf, keyOf] = [fields.target('BucketName'), fields.template('Key')];
  fields.choice('CannedAcl', ['private']);
  return {
    name: 'S3Action',
    resource: fields.raw('BucketName'),
    prepare({ output, scope }) {
      const [bucket, key, body] = [bucketOf(scope), keyOf(scope), bytesOf(output)];
      return async () => {
        await store.put(bucket, key, body);
      };
    },
  };
};

const sns: CompileAction = (fields, targets) => {
  const topics = fields.need(targets.topics);
  const arnOf = fields.template('TargetArn');
  const messageStructure = fields.choice('MessageFormat', ['RAW', 'JSON']) === 'JSON' ? 'json' : undefined;
  return {
    name: 'SNSAction',
    resource: fields.raw('TargetArn'),
    prepare({ output, scope }) {
      const [topicArn, message] = [arnOf(scope), bytesOf(output).toString('utf8')];
      return async () => {
        await topics.publish({ topicArn, message, messageStructure });
      };
    },
  };
};

const dynamoDbV2: CompileAction = (fields, targets) => {
  const tables = fields.need(targets.tables);
  const tableOf = fields.target('PutItem.TableName');
  return {
    name: 'DynamoActionV2',
    resource: fields.raw('PutItem.TableName'),
    prepare({ output, scope }) {
      const item = toItem(output.kind === 'json' ? output.value : undefined);
      if (!item) throw new AwsError('ValidationException', 'the item is not a JSON object');
      const table = tableOf(scope);
      return () => tables.put(table, item);
    },
  };
};

const COMPILERS: Readonly<Record<string, CompileAction>> = {
  Lambda: lambda,
  Firehose: firehose,
  Kinesis: kinesis,
  S3: s3,
  Sns: sns,
  Sqs: sqs,
  Republish: republish,
  DynamoDB: dynamoDb,
  DynamoDBv2: dynamoDbV2,
  CloudwatchLogs: cloudwatchLogs,
  Http: http,
};

/** @throws StartError naming the template line of an action that the local cloud cannot run */
export function compileAction(
  spec: ActionSpec,
  targets: RuleTargets,
  statement: Pick<CompiledStatement, 'compileTemplate'>,
): Action {
  const fields = createFields(spec, statement);
  const action = COMPILERS[spec.type]!(fields, targets);
  const { resource } = action;
  return isTemplate(resource) ? { ...action, resourceOf: fields.compile(resource, spec.type) } : action;
}
