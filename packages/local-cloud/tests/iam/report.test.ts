// The report on permissions for functions with roles that SAM creates, each alone.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { systemClock } from '../../clock.ts';
import type { RecordedCall } from '../../iam/calls.ts';
import { iamReportOf } from '../../iam/report.ts';
import { withTemplate } from '../template/fixture.ts';

const TEMPLATE = `Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Runtime: nodejs24.x, InlineCode: 'exports.handler = () => 0', Handler: index.handler } }
Resources:
  Notes:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: notes
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
  First:
    Type: AWS::Serverless::Function
    Properties: { Policies: [{ DynamoDBReadPolicy: { TableName: !Ref Notes } }] }
  Second:
    Type: AWS::Serverless::Function
    Properties: { Policies: [{ DynamoDBReadPolicy: { TableName: !Ref Notes } }] }
`;

const called = (functionId: string, action: string): RecordedCall => ({
  ...{
    function: functionId,
    action: `dynamodb:${action}`,
    by: 'DynamoDBReadPolicy#1',
    allowed: true,
    count: 1,
  },
  resource: 'arn:aws:dynamodb:us-east-1:000000000000:table/notes',
});

const unusedOf = (calls: readonly RecordedCall[]) =>
  withTemplate(TEMPLATE, {}, (template) =>
    iamReportOf(template, calls, systemClock).unused.map(({ role, value }) => `${role} ${value}`),
  ).filter((line) => line.endsWith(':GetItem') || line.endsWith(':Scan'));

test('permissions of a function that was never called are not among those that nothing used', () => {
  assert.deepEqual(unusedOf([called('First', 'GetItem')]), ['First dynamodb:Scan']);
});

test('a call of one function does not count as use by another with the same policy template', () => {
  const calls = [called('First', 'GetItem'), called('Second', 'Scan')];
  assert.deepEqual(unusedOf(calls), ['First dynamodb:Scan', 'Second dynamodb:GetItem']);
});
