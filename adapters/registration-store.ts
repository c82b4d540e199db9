// Knows which serial numbers may be registered and counts those of the hour, to limit the harm of a leaked claim.

import {
  ConditionalCheckFailedException,
  GetItemCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { hourOf } from '../core/provisioning.ts';

/** Kept for inspection: which names were registered in the hours before an alarm. */
const KEPT_SECONDS = 30 * 86_400;

export interface RegistrationStore {
  /** Whether `npm run device -- allow` has listed the serial number. Rejects with the SDK's error. */
  isAllowed(serialNumber: string): Promise<boolean>;
  /**
   * Counts the serial number in this hour; false when the hour is full. A number that is counted already is admitted
   * again and counts once. Rejects with the SDK's error.
   */
  admit(serialNumber: string): Promise<boolean>;
}

/**
 * `perHour`: at most 2,000, or the item of an hour might become too large. `now`: epoch milliseconds. `counter`: devices
 * with a claim and devices that people add are counted separately, so that neither blocks the other.
 */
export function createRegistrationStore(options: {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly perHour: number;
  readonly now: () => number;
  readonly counter?: 'hour' | 'added';
}): RegistrationStore {
  const { client, table, perHour, now, counter = 'hour' } = options;
  return {
    async isAllowed(serialNumber) {
      const key = { id: { S: allowedKey(serialNumber) } };
      const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: key }));
      return Item !== undefined;
    },

    async admit(serialNumber) {
      const hour = hourOf(now());
      try {
        await client.send(
          new UpdateItemCommand({
            TableName: table,
            Key: { id: { S: `${counter}/${hour.name}` } },
            UpdateExpression: 'ADD serialNumbers :one SET expiresAt = :expiresAt',
            ConditionExpression:
              'attribute_not_exists(serialNumbers) OR contains(serialNumbers, :serial) OR size(serialNumbers) < :most',
            ExpressionAttributeValues: {
              ':one': { SS: [serialNumber] },
              ':serial': { S: serialNumber },
              ':most': { N: String(perHour) },
              ':expiresAt': { N: String(Math.floor(hour.endsAt / 1000) + KEPT_SECONDS) },
            },
          }),
        );
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },
  };
}

/** The key of the item that lists a serial number; device-sim/device-allow.ts writes it. */
export function allowedKey(serialNumber: string): string {
  return `allowed/${serialNumber}`;
}
