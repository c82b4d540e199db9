// Queues of a template and the functions that receive their messages; a declaration that cannot work stops the start by line.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { queueMappingsFromTemplate } from '../../sqs/mapping-spec.ts';
import { queuesFromTemplate } from '../../sqs/queue-spec.ts';
import { indent, withTemplate } from '../template/fixture.ts';

const read = (resources: string) =>
  withTemplate(
    `Transform: AWS::Serverless-2016-10-31\nResources:\n${indent(resources, 2)}`,
    {},
    (template) => {
      const queues = queuesFromTemplate(template);
      return { template, queues, mappings: queueMappingsFromTemplate(template, queues) };
    },
  );

const functionWith = (more: string, timeout = 10) => `
Take:
  Type: AWS::Serverless::Function
  Metadata: { BuildMethod: esbuild }
  Properties:
    Handler: take.handler
    Runtime: nodejs24.x
    Timeout: ${timeout}
${indent(more, 4)}`;
const event = (properties: string) =>
  functionWith(`Events:\n  Each: { Type: SQS, Properties: { ${properties} } }\n`);
const mapping = (properties: string) => `${functionWith('')}
Map:
  Type: AWS::Lambda::EventSourceMapping
  Properties: { EventSourceArn: !GetAtt Jobs.Arn, FunctionName: !Ref Take, ${properties} }
`;
const jobs = 'Jobs: { Type: AWS::SQS::Queue }\n';

test('a queue has the defaults of AWS, and the settings of the template', () => {
  const { queues, template } = read(`
Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: dead, RedriveAllowPolicy: { redrivePermission: byQueue, sourceQueueArns: [!GetAtt Jobs.Arn] } } }
Jobs:
  Type: AWS::SQS::Queue
  Properties:
    VisibilityTimeout: 60
    DelaySeconds: 5
    ReceiveMessageWaitTimeSeconds: 20
    RedrivePolicy: { deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:dead', maxReceiveCount: 3 }
`);
  const [dead, jobsQueue] = queues;
  assert.deepEqual(
    [dead!.visibilityMs, dead!.retentionMs, dead!.delayMs, dead!.waitMs, dead!.maxBytes],
    [30_000, 345_600_000, 0, 0, 1_048_576],
  );
  assert.deepEqual([jobsQueue!.visibilityMs, jobsQueue!.delayMs, jobsQueue!.waitMs], [60_000, 5_000, 20_000]);
  assert.deepEqual(jobsQueue!.redrive, { arn: dead!.arn, maxReceives: 3 });
  const { ref } = template.resources.get('Jobs')!;
  assert.equal(ref, 'https://sqs.us-east-1.amazonaws.com/000000000000/tidegate-Jobs');
});

test('an event of a function is a mapping, like a separate resource', () => {
  const properties = 'BatchSize: 7, FunctionResponseTypes: [ReportBatchItemFailures]';
  const ofEvent = read(jobs + event(`Queue: !GetAtt Jobs.Arn, ${properties}`)).mappings;
  const ofResource = read(jobs + mapping(`${properties}, ScalingConfig: { MaximumConcurrency: 2 }`)).mappings;
  const { id, ...spec } = ofEvent[0]!;
  assert.match(id, /^[0-9a-f-]{36}$/);
  assert.deepEqual(spec, {
    functionName: 'tidegate-Take',
    functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:tidegate-Take',
    queueArn: 'arn:aws:sqs:us-east-1:000000000000:tidegate-Jobs',
    ...{ enabled: true, batchSize: 7, windowMs: 0, reportsItems: true, most: 5 },
  });
  assert.deepEqual({ ...ofResource[0], id: '', most: 5 }, { ...spec, id: '' });
});

const refused: readonly (readonly [resources: string, message: RegExp])[] = [
  [jobs + event('Queue: x'), /^template\.yaml:\d+: Take: Queue of Each names no AWS::SQS::Queue/],
  [
    jobs + event('Queue: !GetAtt Jobs.Arn').replace('Type: SQS, ', ''),
    /^template\.yaml:\d+: Take: event Each needs a Type, such as IoTRule or HttpApi$/,
  ],
  [
    jobs + event('Queue: !GetAtt Jobs.Arn, Path: /x'),
    /Path is not a property of an event of type SQS: take it out$/,
  ],
  [
    jobs + event('Queue: !GetAtt Jobs.Arn, BatchSize: 11'),
    /BatchSize of Each is over 10: set MaximumBatchingWindowInSeconds/,
  ],
  [
    jobs + mapping('StartingPosition: LATEST'),
    /Map: StartingPosition is for streams: AWS refuses it for a queue/,
  ],
  [
    `Jobs: { Type: AWS::SQS::Queue, Properties: { VisibilityTimeout: 5 } }\n${mapping('Enabled: true')}`,
    /Take: its Timeout of 10 s is longer than the VisibilityTimeout of tidegate-Jobs, 5 s/,
  ],
  [
    'Jobs: { Type: AWS::SQS::Queue, Properties: { QueueName: a.fifo } }\n',
    /ends in \.fifo: the local cloud has no FIFO queues$/,
  ],
  [
    "Jobs: { Type: AWS::SQS::Queue, Properties: { RedrivePolicy: { deadLetterTargetArn: 'x', maxReceiveCount: 3 } } }\n",
    /RedrivePolicy\.deadLetterTargetArn names no AWS::SQS::Queue/,
  ],
  [
    'Dead: { Type: AWS::SQS::Queue, Properties: { RedriveAllowPolicy: { redrivePermission: denyAll } } }\nJobs: { Type: AWS::SQS::Queue, Properties: { RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3 } } }\n',
    /Jobs: RedrivePolicy names Dead, whose RedriveAllowPolicy does not let this queue$/,
  ],
  [
    "Jobs: { Type: AWS::SQS::Queue, Properties: { RedrivePolicy: { deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:tidegate-Jobs', maxReceiveCount: 0 } } }\n",
    /maxReceiveCount must be a whole number from 1 to 1000$/,
  ],
];
for (const [resources, message] of refused) {
  test(`a template is refused: ${message.source}`, () => {
    assert.throws(() => read(resources), { name: 'StartError', message });
  });
}
