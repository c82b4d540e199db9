// Kinesis Data Streams on the AWS port.

import { createJsonHandler } from '../aws/json-protocol.ts';
import type { AwsHandler } from '../aws/wire.ts';
import type { Cloud } from './api-request.ts';
import { describeOperations } from './describe-operations.ts';
import { recordOperations } from './record-operations.ts';

const service = {
  name: 'Kinesis',
  instead: 'declare an AWS::Kinesis::Stream in the template',
  targetPrefix: 'Kinesis_20131202.',
  operations: { ...describeOperations, ...recordOperations },
  /** PutRecords takes 10 MiB, in base64. */
  longestBody: 16 * 1024 * 1024,
  invalid: 'ValidationException',
};

export const createKinesisHandler = (cloud: Cloud): AwsHandler => createJsonHandler(service, cloud);
