// Opens the adapters that build the parsed archive.

import type { Device } from '../core/device.ts';
import { createMapping, type MapMessage } from '../core/map-message.ts';
import type { ParsedArchive, RawArchive, StagingFolder } from '../pipeline/parse-ports.ts';
import { createDeviceStore } from './device-store.ts';
import { openDynamoDb } from './dynamodb-client.ts';
import type { ParseBatchEnvironment } from './environment.ts';
import { createMappingStore } from './mapping-store.ts';
import { createParsedArchive } from './parsed-archive.ts';
import { createRawArchive } from './raw-archive.ts';
import { openS3 } from './s3-client.ts';
import { S3_FILE_LIMITS } from './time-limits.ts';
import { openStagingFolder } from './staging-folder.ts';

export interface ParsingPorts {
  readonly raw: RawArchive;
  readonly parsed: ParsedArchive;
  readonly staging: StagingFolder;
  /** The present mappings; undefined if there is none. Each device is looked up once. Rejects with the SDK's error. */
  openMapping(): Promise<MapMessage | undefined>;
  readonly now: () => number;
}

/** `folder`: where files are staged until they are in the bucket. */
export function openParsing(environment: ParseBatchEnvironment, folder: string): ParsingPorts {
  const { rawBucket, parsedBucket, rulesTable, devicesTable, windowSeconds } = environment;
  const [s3, dynamoDb] = [openS3({ limits: S3_FILE_LIMITS }), openDynamoDb()];
  const now = () => Date.now();
  const mappings = createMappingStore({ client: dynamoDb, table: rulesTable });
  const store = createDeviceStore({ client: dynamoDb, table: devicesTable });
  return {
    raw: createRawArchive({ client: s3, bucket: rawBucket }),
    parsed: createParsedArchive({ client: s3, bucket: parsedBucket, now }),
    staging: openStagingFolder({ folder, windowSeconds }),
    now,
    async openMapping() {
      const known = await mappings.read();
      if (known.mappings.length === 0) return undefined;
      const devices = new Map<string, Promise<Device | undefined>>();
      const load = async (deviceId: string) => {
        const device = devices.get(deviceId) ?? store.load(deviceId);
        devices.set(deviceId, device);
        return device;
      };
      return createMapping({ mappings: { read: async () => known }, devices: { load }, now: () => 0 });
    },
  };
}
