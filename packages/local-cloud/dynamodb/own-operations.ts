// The operations of DynamoDB that the table thread does not have: time to live, and the state of backups.

import { AwsError } from '../aws-error.ts';
import type { CallTable, TimeToLive } from './ttl.ts';

export type Input = Readonly<Record<string, unknown>>;
export type OwnOperations = Readonly<Record<string, (input: Input) => Promise<object>>>;

/** Time to live, and the state of backups, which are not kept. */
export function createOwnOperations(call: CallTable, timeToLive: TimeToLive): OwnOperations {
  async function requireTable(input: Input): Promise<string> {
    await call('DescribeTable', { TableName: input['TableName'] });
    return input['TableName'] as string;
  }
  return {
    async DescribeTimeToLive(input) {
      const attribute = timeToLive.attributeOf(await requireTable(input));
      const status = attribute === undefined ? 'DISABLED' : 'ENABLED';
      return { TimeToLiveDescription: { TimeToLiveStatus: status, AttributeName: attribute } };
    },
    async UpdateTimeToLive(input) {
      const table = await requireTable(input);
      const asked = (input['TimeToLiveSpecification'] ?? {}) as {
        AttributeName?: unknown;
        Enabled?: unknown;
      };
      const { AttributeName: attribute, Enabled: enabled } = asked;
      if (typeof attribute !== 'string' || !attribute || typeof enabled !== 'boolean') {
        throw new AwsError('ValidationException', 'TimeToLiveSpecification needs AttributeName and Enabled');
      }
      const current = timeToLive.attributeOf(table);
      if (enabled === (current !== undefined)) {
        const state = enabled ? 'enabled' : 'disabled';
        throw new AwsError('ValidationException', `TimeToLive is already ${state}`);
      }
      await timeToLive.set(table, enabled ? attribute : undefined);
      return { TimeToLiveSpecification: { AttributeName: attribute, Enabled: enabled } };
    },
    async DescribeContinuousBackups(input) {
      await requireTable(input);
      const recovery = { PointInTimeRecoveryStatus: 'DISABLED' };
      const status = { ContinuousBackupsStatus: 'ENABLED', PointInTimeRecoveryDescription: recovery };
      return { ContinuousBackupsDescription: status };
    },
  };
}
