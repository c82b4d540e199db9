// Tables as the template declares them, for the DynamoDB tests.

import type { TableResource } from '../../dynamodb/table.ts';

export function windowsTable(changes: Readonly<Record<string, unknown>> = {}): TableResource {
  return {
    name: 'windows',
    properties: {
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'deviceId', AttributeType: 'S' },
        { AttributeName: 'windowStart', AttributeType: 'N' },
      ],
      KeySchema: [
        { AttributeName: 'deviceId', KeyType: 'HASH' },
        { AttributeName: 'windowStart', KeyType: 'RANGE' },
      ],
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      ...changes,
    },
    at: (...path) => `template.yaml:${path.length + 40}`,
  };
}

export const fingerprintsTable = (): TableResource => ({
  name: 'fingerprints',
  properties: {
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'window', AttributeType: 'S' },
      { AttributeName: 'chunk', AttributeType: 'S' },
    ],
    KeySchema: [
      { AttributeName: 'window', KeyType: 'HASH' },
      { AttributeName: 'chunk', KeyType: 'RANGE' },
    ],
    TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
  },
  at: (...path) => `template.yaml:${path.length + 80}`,
});
