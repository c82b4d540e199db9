// Reads the parameters of Publish and of one entry of PublishBatch from a form of the query protocol.

import { AwsError } from '../aws-error.ts';
import type { QueryParameters } from '../aws/query.ts';
import type { Attribute } from './attributes.ts';
import { invalid, type PublishInput } from './message.ts';

function attributeAt(parameters: QueryParameters, entry: string): [name: string, attribute: Attribute] {
  const name = parameters.get(`${entry}.Name`) ?? '';
  const type = parameters.get(`${entry}.Value.DataType`) ?? '';
  const field = type.startsWith('Binary') ? 'BinaryValue' : 'StringValue';
  const value = parameters.get(`${entry}.Value.${field}`);
  if (value !== undefined) return [name, { type, value }];
  const shown = JSON.stringify(name.slice(0, 100));
  throw new AwsError(
    'ParameterValueInvalid',
    `The message attribute ${shown} must have a DataType and a ${field}`,
  );
}

/**
 * A MessageGroupId has no effect on mails and texts, here as on AWS: SNS passes it only to queues.
 *
 * @param prefix of the parameters' names: empty, or `PublishBatchRequestEntries.member.1.`
 * @throws AwsError InvalidParameter, ParameterValueInvalid
 */
export function readMessage(
  parameters: QueryParameters,
  prefix: string,
): Omit<PublishInput, 'topicArn' | 'phoneNumber'> {
  const message = parameters.get(`${prefix}Message`);
  if (message === undefined) throw invalid('Message Reason: no value for required parameter');
  if (parameters.get(`${prefix}MessageDeduplicationId`) !== undefined) {
    throw invalid('MessageDeduplicationId Reason: it is not valid for a standard topic');
  }
  const entries = parameters
    .entries(`${prefix}MessageAttributes.entry`)
    .map((entry) => attributeAt(parameters, entry));
  const attributes = Object.fromEntries(entries);
  if (Object.keys(attributes).length < entries.length) {
    throw new AwsError('ParameterValueInvalid', 'A message attribute was given twice');
  }
  return {
    message,
    subject: parameters.get(`${prefix}Subject`),
    messageStructure: parameters.get(`${prefix}MessageStructure`),
    attributes,
  };
}
