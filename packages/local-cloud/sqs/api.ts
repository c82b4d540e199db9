// SQS on the AWS port, for the AWS CLI, boto3 and the SDKs: AWS JSON 1.0, with the error codes of the older protocol too.

import { AwsError } from '../aws-error.ts';
import { createJsonHandler } from '../aws/json-protocol.ts';
import type { AwsHandler } from '../aws/wire.ts';
import type { Cloud } from './api-request.ts';
import { messageOperations } from './message-operations.ts';
import { queueOperations } from './queue-operations.ts';

const SERVICE = {
  name: 'SQS',
  instead: 'declare an AWS::SQS::Queue in the template',
  targetPrefix: 'AmazonSQS.',
  operations: { ...queueOperations, ...messageOperations },
  version: '1.0' as const,
  /** Ten messages of a batch have 1 MiB; JSON may need six characters for a byte. */
  longestBody: 8 * 1024 * 1024,
  invalid: 'InvalidParameterValue',
};

/** Error codes of the query protocol, which clients still use. */
const QUERY_CODES: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ...['BatchEntryIdsNotDistinct', 'BatchRequestTooLong', 'EmptyBatchRequest', 'InvalidBatchEntryId'],
    ...['MessageNotInflight', 'PurgeQueueInProgress', 'TooManyEntriesInBatchRequest'],
  ].map((code) => [code, `AWS.SimpleQueueService.${code}`]),
);
const queryCodeOf = (code: string) =>
  code === 'QueueDoesNotExist' ? 'AWS.SimpleQueueService.NonExistentQueue' : (QUERY_CODES[code] ?? code);

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-json-api-responses.html */
export function createSqsHandler(cloud: Cloud): AwsHandler {
  const handle = createJsonHandler(SERVICE, cloud);
  return async (req, res) => {
    if (req.headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
      const message = 'The local cloud speaks AWS JSON to SQS clients: use an SDK or CLI of 2023-11 or later';
      throw new AwsError('InvalidAction', message);
    }
    try {
      await handle(req, res);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      const { code, message, status } = error;
      res.setHeader('x-amzn-query-error', `${queryCodeOf(code)};${status < 500 ? 'Sender' : 'Receiver'}`);
      throw new AwsError(`com.amazonaws.sqs#${code}`, message, status);
    }
  };
}
