// Reads topics and subscriptions from the template, and refuses at the start what could never be delivered.

import { readAll, StartError } from '../start-error.ts';
import type { ResolvedResource, ResolvedTemplate } from '../template/resolved.ts';
import { checkEndpoint } from './endpoints.ts';
import { readFilter } from './filter-policy.ts';
import { readRedrive, type Settings } from './subscription-attributes.ts';
import { identified, type Subscription } from './subscriptions.ts';

export interface Topic {
  readonly arn: string;
  readonly name: string;
  /** The account that owns it. */
  readonly owner: string;
  /** Sender's name of its mails, and put before its texts; empty when the template sets none. */
  readonly displayName: string;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function checkDisplayName(topic: ResolvedResource): string {
  const name = textOf(topic.properties['DisplayName']);
  if (name.length <= 100 && !/[\p{Cc}\u2028\u2029]/u.test(name)) return name;
  throw new StartError(
    `${topic.at('DisplayName')}: ${topic.logicalId}: DisplayName must have at most 100 characters, and no line breaks`,
  );
}

/** The topics by ARN. @throws StartError with the template's line */
export function topicsFromTemplate(template: ResolvedTemplate): ReadonlyMap<string, Topic> {
  return new Map(
    template.ofType('AWS::SNS::Topic').map((topic) => {
      const { arn, name } = topic;
      return [arn, { arn, name, owner: template.accountId, displayName: checkDisplayName(topic) }];
    }),
  );
}

/** An object, or its JSON text. */
const policyOf = (value: unknown): string | undefined =>
  value === undefined || typeof value === 'string' ? value : JSON.stringify(value);

function settingsOf(
  { logicalId, properties, at }: ResolvedResource,
  isQueue: (arn: string) => boolean,
): Settings {
  const scope = properties['FilterPolicyScope'];
  const filter = readFilter(
    policyOf(properties['FilterPolicy']),
    scope === undefined ? scope : textOf(scope),
  );
  if ('problem' in filter) {
    const remedy =
      'https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html says what SNS takes';
    throw new StartError(`${at(filter.attribute)}: ${logicalId}: ${filter.problem}: ${remedy}`);
  }
  const redrive = readRedrive(policyOf(properties['RedrivePolicy']), isQueue);
  if ('problem' in redrive)
    throw new StartError(`${at('RedrivePolicy')}: ${logicalId}: ${redrive.problem}: use !GetAtt Queue.Arn`);
  return { filter, ...(redrive.arn !== undefined && { redrive: redrive.arn }) };
}

/** @throws StartError with the template's line: another protocol, a wrong endpoint, filter policy or dead-letter queue */
export function subscriptionsFromTemplate(template: ResolvedTemplate): Subscription[] {
  const queues = new Set(template.ofType('AWS::SQS::Queue').map(({ arn }) => arn));
  const isQueue = (arn: string) => queues.has(arn);
  const functions = new Set(template.ofType('AWS::Serverless::Function').map(({ arn }) => arn));
  return readAll(template.ofType('AWS::SNS::Subscription'), (resource) => {
    const { logicalId, properties, at } = resource;
    const topicArn = textOf(properties['TopicArn']);
    const endpoint = textOf(properties['Endpoint']);
    const checked = checkEndpoint(textOf(properties['Protocol']), endpoint);
    if ('protocol' in checked) {
      const { protocol } = checked;
      if (protocol === 'sqs' && !isQueue(endpoint))
        throw new StartError(
          `${at('Endpoint')}: ${logicalId}: Endpoint names no AWS::SQS::Queue of this template: use !GetAtt Queue.Arn`,
        );
      if (protocol === 'lambda' && !functions.has(endpoint))
        throw new StartError(
          `${at('Endpoint')}: ${logicalId}: Endpoint names no AWS::Serverless::Function of this template: use !GetAtt Function.Arn`,
        );
      return identified({ topicArn, protocol, endpoint, settings: settingsOf(resource, isQueue) });
    }
    const { problem, remedy } = checked;
    const found = JSON.stringify(properties[problem]);
    throw new StartError(`${at(problem)}: ${logicalId}: ${problem} is ${found}: ${remedy}`);
  });
}
