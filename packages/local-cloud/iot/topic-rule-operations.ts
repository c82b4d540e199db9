// Topic rules in the AWS IoT API: those of the template are read only, others can be created, changed and deleted.
// https://docs.aws.amazon.com/iot/latest/apireference/API_CreateTopicRule.html

import {
  label,
  page,
  queryFlag,
  queryText,
  seconds,
  type ApiRequest,
  type IotCloud,
  type Operation,
} from './api-request.ts';
import { AwsError } from '../aws-error.ts';
import type { ListedRule } from '../rules/rule-book.ts';

const PAYLOAD_MEMBERS = [
  ...['sql', 'description', 'actions', 'ruleDisabled', 'awsIotSqlVersion', 'errorAction'],
];

function bookOf({ rules }: IotCloud) {
  if (rules?.book) return rules.book;
  throw new AwsError('ServiceUnavailableException', 'The rules are not there yet: try again', 503);
}

const nameOf = (request: ApiRequest) => label(request, 'ruleName');

/** The filter after FROM. */
const topicOf = ({ payload }: ListedRule) =>
  /\bFROM\s+(?:'([^']*)'|"([^"]*)")/i
    .exec(String(payload['sql']))
    ?.slice(1)
    .find((each) => each !== undefined);

/** Whether a filter matches a topic, or another filter, level by level. */
function takes(filter: string, topic: string): boolean {
  const [wanted, given] = [filter.split('/'), topic.split('/')];
  for (const [index, level] of wanted.entries()) {
    if (level === '#') return true;
    if (given[index] === undefined || (level !== '+' && level !== given[index])) return false;
  }
  return wanted.length === given.length;
}

export const topicRuleOperations: readonly Operation[] = [
  {
    name: 'CreateTopicRule',
    method: 'POST',
    path: '/rules/{ruleName}',
    body: PAYLOAD_MEMBERS,
    run: (cloud, request) => bookOf(cloud).create(nameOf(request), request.body),
  },
  {
    name: 'ReplaceTopicRule',
    method: 'PATCH',
    path: '/rules/{ruleName}',
    body: PAYLOAD_MEMBERS,
    run: (cloud, request) => bookOf(cloud).replace(nameOf(request), request.body),
  },
  {
    name: 'GetTopicRule',
    method: 'GET',
    path: '/rules/{ruleName}',
    run(cloud, request) {
      const { name, arn, payload, createdAt, disabled } = bookOf(cloud).find(nameOf(request));
      return {
        ruleArn: arn,
        rule: {
          ...{ awsIotSqlVersion: '2015-10-08', actions: [], ...payload },
          ...{ ruleName: name, ruleDisabled: disabled, createdAt: seconds(createdAt) },
        },
      };
    },
  },
  {
    name: 'ListTopicRules',
    method: 'GET',
    path: '/rules',
    query: ['topic', 'maxResults', 'nextToken', 'ruleDisabled'],
    run(cloud, request) {
      const topic = queryText(request, 'topic');
      const disabled = queryFlag(request, 'ruleDisabled');
      const wanted = bookOf(cloud)
        .all()
        .filter((rule) => disabled === undefined || rule.disabled === disabled)
        .filter((rule) => topic === undefined || takes(topicOf(rule) ?? '', topic));
      const { items, next } = page(request, wanted, ({ name }) => name);
      const rules = items.map((rule) => ({
        ...{ ruleArn: rule.arn, ruleName: rule.name, topicPattern: topicOf(rule) },
        ...{ createdAt: seconds(rule.createdAt), ruleDisabled: rule.disabled },
      }));
      return { rules, nextToken: next };
    },
  },
  {
    name: 'EnableTopicRule',
    method: 'POST',
    path: '/rules/{ruleName}/enable',
    run: (cloud, request) => bookOf(cloud).setDisabled(nameOf(request), false),
  },
  {
    name: 'DisableTopicRule',
    method: 'POST',
    path: '/rules/{ruleName}/disable',
    run: (cloud, request) => bookOf(cloud).setDisabled(nameOf(request), true),
  },
  {
    name: 'DeleteTopicRule',
    method: 'DELETE',
    path: '/rules/{ruleName}',
    run: (cloud, request) => bookOf(cloud).remove(nameOf(request)),
  },
];
