// What a rule does with what its SQL selected: one entry per kind of action.
import { AwsError } from '../aws-error.ts';
import { toItem } from './dynamodb-item.ts';
import type { AttributeValue } from './dynamodb-item.ts';
import type { ActionSpec } from './rule-spec.ts';
import type { Scope } from './scope.ts';
import { SqlError } from './sql-error.ts';
import type { CompiledStatement, Output, Substitute } from './statement.ts';
import { jsonOf } from './value.ts';

/** The services that actions deliver to. A rule whose action needs one that is absent is refused. */
export interface RuleTargets {
  readonly lambda?: { invokeAsync(functionName: string, payload: string): Promise<void> };
  readonly streams?: { put(streamName: string, records: readonly Buffer[]): Promise<void> };
  readonly store?: {
    put(bucket: string, key: string, body: Buffer, options?: { contentType?: string }): Promise<unknown>;
  };
  readonly topics?: {
    publish(input: { topicArn: string; message: string; messageStructure?: 'json' }): Promise<unknown>;
  };
  readonly tables?: { put(tableName: string, item: Record<string, AttributeValue>): Promise<void> };
  readonly publish?: (message: { topic: string; payload: Buffer; qos: 0 | 1 }) => Promise<void>;
}

/** What a rule's SQL selected from one message. */
export interface Selected {
  readonly output: Output;
  readonly scope: Scope;
}

export interface Action {
  /** As the message to the error action names it. */
  readonly name: string;
  readonly resource: string;
  /** Does what needs the message, and returns what may be repeated: it resolves when delivered, or rejects. */
  prepare(selected: Selected): () => Promise<void>;
}

type Compile = (spec: ActionSpec, targets: RuleTargets, template: (property: string) => Substitute) => Action;

const bytesOf = (output: Output) =>
  output.kind === 'bytes' ? output.bytes : Buffer.from(jsonOf(output.value));

/** Lambda takes JSON only. */
function jsonText(output: Output): string {
  if (output.kind === 'json') return jsonOf(output.value) || '""';
  throw new AwsError(
    'InvalidRequestContentException',
    "the payload is not JSON; select encode(*, 'base64') for Lambda",
  );
}

function need<Target>(spec: ActionSpec, target: Target | undefined): Target {
  if (target === undefined) throw spec.refuse(`the local cloud runs no service for the action ${spec.type}`);
  return target;
}

function plainText(spec: ActionSpec, property: string): string {
  const value = spec.properties[property];
  if (typeof value !== 'string' || value === '')
    throw spec.refuse(`${spec.type}.${property} must be text`, property);
  if (value.includes('${')) {
    throw spec.refuse(`the local cloud does not substitute in ${spec.type}.${property}`, property);
  }
  return value;
}

function oneOf<Choice extends string>(
  spec: ActionSpec,
  property: string,
  choices: readonly Choice[],
): Choice {
  const value = spec.properties[property] ?? choices[0];
  // YAML writes a number or a Boolean where CloudFormation takes its text.
  const choice = choices.find((candidate) => candidate === value || candidate === JSON.stringify(value));
  if (choice !== undefined) return choice;
  const list = choices.map((candidate) => JSON.stringify(candidate)).join(', ');
  throw spec.refuse(`${spec.type}.${property} must be one of ${list} in the local cloud`, property);
}

const lambda: Compile = (spec, targets) => {
  const service = need(spec, targets.lambda);
  const name = spec.target!;
  return {
    name: 'LambdaAction',
    resource: plainText(spec, 'FunctionArn'),
    prepare({ output }) {
      const payload = jsonText(output);
      return () => service.invokeAsync(name, payload);
    },
  };
};

const firehose: Compile = (spec, targets) => {
  const streams = need(spec, targets.streams);
  const stream = plainText(spec, 'DeliveryStreamName');
  const separator = Buffer.from(oneOf(spec, 'Separator', ['', '\n', '\t', '\r\n', ',']));
  const batch = oneOf(spec, 'BatchMode', ['false', 'true']) === 'true';
  const record = (bytes: Buffer) => (separator.length > 0 ? Buffer.concat([bytes, separator]) : bytes);
  return {
    name: 'FirehoseAction',
    resource: stream,
    prepare({ output }) {
      const elements =
        batch && output.kind === 'json' && Array.isArray(output.value) ? output.value : undefined;
      if (elements && elements.length > 500) {
        throw new AwsError('InvalidArgumentException', 'a batch has at most 500 records');
      }
      const records = elements
        ? elements.map((element) => record(Buffer.from(jsonOf(element))))
        : [record(bytesOf(output))];
      return () => (records.length > 0 ? streams.put(stream, records) : Promise.resolve());
    },
  };
};

const s3: Compile = (spec, targets, template) => {
  const store = need(spec, targets.store);
  const bucket = plainText(spec, 'BucketName');
  const key = template('Key');
  oneOf(spec, 'CannedAcl', ['private']);
  return {
    name: 'S3Action',
    resource: bucket,
    prepare({ output, scope }) {
      const [name, body] = [key(scope), bytesOf(output)];
      return async () => {
        await store.put(bucket, name, body);
      };
    },
  };
};

const sns: Compile = (spec, targets) => {
  const topics = need(spec, targets.topics);
  const topicArn = plainText(spec, 'TargetArn');
  const messageStructure = oneOf(spec, 'MessageFormat', ['RAW', 'JSON']) === 'JSON' ? 'json' : undefined;
  return {
    name: 'SNSAction',
    resource: topicArn,
    prepare({ output }) {
      const message = bytesOf(output).toString('utf8');
      return async () => {
        await topics.publish({ topicArn, message, messageStructure });
      };
    },
  };
};

const republish: Compile = (spec, targets, template) => {
  const publish = need(spec, targets.publish);
  const topicOf = template('Topic');
  const qos = oneOf(spec, 'Qos', ['0', '1']) === '1' ? 1 : 0;
  return {
    name: 'RepublishAction',
    resource: String(spec.properties['Topic']),
    prepare({ output, scope }) {
      // "$$aws/..." stands for the reserved topic "$aws/...".
      const topic = topicOf(scope).replace(/^\$\$/, '$');
      const payload = bytesOf(output);
      return () => publish({ topic, payload, qos });
    },
  };
};

const dynamoDbV2: Compile = (spec, targets) => {
  const tables = need(spec, targets.tables);
  const { TableName: table } = spec.properties['PutItem'] as { TableName?: unknown };
  if (typeof table !== 'string' || table.includes('${')) {
    throw spec.refuse('DynamoDBv2.PutItem needs a plain TableName', 'PutItem');
  }
  return {
    name: 'DynamoActionV2',
    resource: table,
    prepare({ output }) {
      const item = toItem(output.kind === 'json' ? output.value : undefined);
      if (!item) throw new AwsError('ValidationException', 'the item is no JSON object');
      return () => tables.put(table, item);
    },
  };
};

const compilers: Readonly<Record<string, Compile>> = {
  Lambda: lambda,
  Firehose: firehose,
  S3: s3,
  Sns: sns,
  Republish: republish,
  DynamoDBv2: dynamoDbV2,
};

/** @throws StartError naming the template line of what the local cloud cannot do */
export function compileAction(
  spec: ActionSpec,
  targets: RuleTargets,
  statement: Pick<CompiledStatement, 'compileTemplate'>,
): Action {
  const template = (property: string) => {
    const text = spec.properties[property];
    if (typeof text !== 'string' || text === '')
      throw spec.refuse(`${spec.type}.${property} must be text`, property);
    try {
      return statement.compileTemplate(text);
    } catch (error) {
      if (error instanceof SqlError)
        throw spec.refuse(`${spec.type}.${property}: ${error.message}`, property);
      throw error;
    }
  };
  return compilers[spec.type]!(spec, targets, template);
}
