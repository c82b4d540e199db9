// A table as the template declares the windows table, for the DynamoDB tests.
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
