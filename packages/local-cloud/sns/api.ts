// SNS as the AWS CLI and the SDK call it: the query protocol, for the template's topics.

import { AwsError } from '../aws-error.ts';
import { createQueryHandler, type QueryAction, type QueryParameters } from '../aws/query.ts';
import type { AwsHandler } from '../aws/wire.ts';
import type { XmlElements } from '../aws/xml.ts';
import { checkEndpoint } from './endpoints.ts';
import { invalid } from './message.ts';
import { publishBatch } from './publish-batch.ts';
import { readMessage } from './publish-parameters.ts';
import {
  changedSettings,
  shownSettings,
  subscribedSettings,
  type Settings,
} from './subscription-attributes.ts';
import type { Subscription } from './subscriptions.ts';
import type { Topics } from './topics.ts';

/** Items of one answer, as of SNS. */
const PAGE_SIZE = 100;
/** Bytes. A message of 256 KiB, form-encoded, and its parameters. */
const BODY_LIMIT = 1_048_576;

/** One page of a list; the token is the ARN after which the next page begins. */
function page<T extends { readonly arn: string }>(
  name: string,
  items: readonly T[],
  parameters: QueryParameters,
  render: (item: T) => XmlElements,
): XmlElements {
  const token = parameters.get('NextToken');
  const after = token ? Buffer.from(token, 'base64url').toString('utf8') : '';
  if (token && !after.startsWith('arn:')) throw invalid('NextToken');
  const rest = items.filter(({ arn }) => arn > after);
  const shown = rest.slice(0, PAGE_SIZE);
  const more = rest.length > shown.length;
  return {
    [name]: { member: shown.map(render) },
    NextToken: more ? Buffer.from(shown.at(-1)!.arn).toString('base64url') : undefined,
  };
}

const attributeMap = (attributes: Readonly<Record<string, string>>): XmlElements => ({
  Attributes: { entry: Object.entries(attributes).map(([key, value]) => ({ key, value })) },
});

/** The actions that read subscriptions. */
function listActions({ topics, subscriptions, topicOf }: Topics): Record<string, QueryAction> {
  const ownerOf = ({ topicArn }: Subscription) => topics.get(topicArn)?.owner ?? '';
  const render = (subscription: Subscription): XmlElements => ({
    SubscriptionArn: subscription.arn,
    Owner: ownerOf(subscription),
    Protocol: subscription.protocol,
    Endpoint: subscription.endpoint,
    TopicArn: subscription.topicArn,
  });
  return {
    ListSubscriptions: {
      accepts: ['NextToken'],
      run: (parameters) => page('Subscriptions', subscriptions.all(), parameters, render),
    },
    ListSubscriptionsByTopic: {
      accepts: ['TopicArn', 'NextToken'],
      run(parameters) {
        const { arn } = topicOf(parameters.require('TopicArn'));
        return page('Subscriptions', subscriptions.ofTopic(arn), parameters, render);
      },
    },
    GetSubscriptionAttributes: {
      accepts: ['SubscriptionArn'],
      run(parameters) {
        const arn = parameters.require('SubscriptionArn');
        const subscription = subscriptions.find(arn);
        if (!subscription) throw new AwsError('NotFound', 'Subscription does not exist', 404);
        const facts = {
          ConfirmationWasAuthenticated: 'true',
          PendingConfirmation: 'false',
          RawMessageDelivery: 'false',
          ...shownSettings(subscription),
        };
        return attributeMap({ ...(render(subscription) as Record<string, string>), ...facts });
      },
    },
  };
}

/** @throws AwsError InvalidParameter for a protocol or an endpoint that the local cloud does not send to */
async function subscribe(topics: Topics, parameters: QueryParameters): Promise<XmlElements> {
  const { subscriptions, topicOf, isQueue, isFunction } = topics;
  const topicArn = topicOf(parameters.require('TopicArn')).arn;
  const endpoint = parameters.get('Endpoint') ?? '';
  const checked = checkEndpoint(parameters.require('Protocol'), endpoint);
  if ('problem' in checked) throw invalid(`${checked.problem} Reason: ${checked.remedy}`);
  const { protocol } = checked;
  if (protocol === 'sqs' && !isQueue(endpoint))
    throw invalid('Endpoint Reason: it names no queue of this template');
  if (protocol === 'lambda' && !isFunction(endpoint))
    throw invalid('Endpoint Reason: it names no function of this template');
  const settings = subscribedSettings(parameters, isQueue);
  const { arn } = await subscriptions.add({ topicArn, protocol, endpoint, settings });
  return { SubscriptionArn: arn };
}

/** The actions that change subscriptions. */
function subscriptionActions(topics: Topics): Record<string, QueryAction> {
  const { subscriptions, isQueue } = topics;
  return {
    SetSubscriptionAttributes: {
      accepts: ['SubscriptionArn', 'AttributeName', 'AttributeValue'],
      async run(parameters) {
        const name = parameters.require('AttributeName');
        const value = parameters.get('AttributeValue') ?? '';
        const change = (settings: Settings) => changedSettings(settings, { name, value }, isQueue);
        await subscriptions.set(parameters.require('SubscriptionArn'), change);
        return {};
      },
    },
    Subscribe: {
      accepts: [
        ...['TopicArn', 'Protocol', 'Endpoint', 'ReturnSubscriptionArn'],
        ...['Attributes', 'Attributes.entry'],
      ],
      run: (parameters) => subscribe(topics, parameters),
    },
    Unsubscribe: {
      accepts: ['SubscriptionArn'],
      async run(parameters) {
        const arn = parameters.require('SubscriptionArn');
        if (!arn.startsWith('arn:')) throw invalid('SubscriptionArn Reason: it must be an ARN');
        await subscriptions.remove(arn);
        return {};
      },
    },
  };
}

/** The display name of a new topic. @throws AwsError NotImplemented for an attribute that would have no effect */
function displayNameOf(parameters: QueryParameters): string {
  let displayName = '';
  for (const entry of parameters.entries('Attributes.entry')) {
    const name = parameters.get(`${entry}.key`) ?? '';
    if (name !== 'DisplayName') {
      const message = `The local SNS does not support the topic attribute ${name.slice(0, 100)}; it has DisplayName`;
      throw new AwsError('NotImplemented', message);
    }
    displayName = parameters.get(`${entry}.value`) ?? '';
  }
  return displayName;
}

/** The actions that create and delete topics. */
function topicActions(topics: Topics): Record<string, QueryAction> {
  return {
    CreateTopic: {
      accepts: ['Name', 'Attributes', 'Attributes.entry'],
      run: async (parameters) => ({
        TopicArn: await topics.createTopic(parameters.require('Name'), displayNameOf(parameters)),
      }),
    },
    DeleteTopic: {
      accepts: ['TopicArn'],
      async run(parameters) {
        await topics.deleteTopic(parameters.require('TopicArn'));
        return {};
      },
    },
    ConfirmSubscription: {
      accepts: ['TopicArn', 'Token', 'AuthenticateOnUnsubscribe'],
      run(parameters) {
        topics.topicOf(parameters.require('TopicArn'));
        throw invalid('Token Reason: subscriptions count as confirmed here, and no token is sent');
      },
    },
  };
}

/** The actions that read topics. */
function topicListActions({ topics, subscriptions, topicOf }: Topics): Record<string, QueryAction> {
  const sorted = () => [...topics.values()].sort((a, b) => (a.arn < b.arn ? -1 : 1));
  return {
    ListTopics: {
      accepts: ['NextToken'],
      run: (parameters) => page('Topics', sorted(), parameters, ({ arn }) => ({ TopicArn: arn })),
    },
    GetTopicAttributes: {
      accepts: ['TopicArn'],
      run(parameters) {
        const { arn, owner, displayName } = topicOf(parameters.require('TopicArn'));
        return attributeMap({
          TopicArn: arn,
          Owner: owner,
          DisplayName: displayName,
          SubscriptionsConfirmed: String(subscriptions.ofTopic(arn).length),
          SubscriptionsPending: '0',
          SubscriptionsDeleted: '0',
        });
      },
    },
  };
}

function publishActions(topics: Topics): Record<string, QueryAction> {
  return {
    Publish: {
      accepts: [
        'TopicArn',
        'TargetArn',
        'PhoneNumber',
        'Message',
        'Subject',
        'MessageDeduplicationId',
        'MessageGroupId',
        'MessageStructure',
        'MessageAttributes',
        'MessageAttributes.entry',
      ],
      async run(parameters) {
        const [topicArn, targetArn] = [parameters.get('TopicArn'), parameters.get('TargetArn')];
        if (topicArn !== undefined && targetArn !== undefined) {
          throw invalid('TargetArn Reason: TopicArn is given as well');
        }
        const { messageId } = await topics.publish({
          topicArn: topicArn ?? targetArn,
          phoneNumber: parameters.get('PhoneNumber'),
          ...readMessage(parameters, ''),
        });
        return { MessageId: messageId };
      },
    },
    PublishBatch: {
      accepts: ['TopicArn', 'PublishBatchRequestEntries', 'PublishBatchRequestEntries.member'],
      run: (parameters) => publishBatch(topics, parameters),
    },
  };
}

/** Subscriptions count as confirmed at once: mails and texts are files, so nobody could confirm. */
export function createSnsHandler(topics: Topics): AwsHandler {
  return createQueryHandler({
    name: 'SNS',
    namespace: 'http://sns.amazonaws.com/doc/2010-03-31/',
    limit: BODY_LIMIT,
    actions: {
      ...publishActions(topics),
      ...topicActions(topics),
      ...topicListActions(topics),
      ...listActions(topics),
      ...subscriptionActions(topics),
    },
  });
}
