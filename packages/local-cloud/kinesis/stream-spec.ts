// What the template says about data streams.

import { StartError } from '../start-error.ts';
import type { ResolvedTemplate } from '../template/resolved.ts';

export interface DataStreamSpec {
  readonly name: string;
  readonly arn: string;
  readonly mode: 'PROVISIONED' | 'ON_DEMAND';
  readonly shards: number;
  readonly retentionHours: number;
}

/** "By default, an on-demand stream starts with 4 shards"; here it keeps them. */
const ON_DEMAND_SHARDS = 4;
const RETENTION_HOURS = 24;

/** Every AWS::Kinesis::Stream. @throws StartError for a stream whose shards are given against its mode, or not at all */
export function dataStreamsFromTemplate(template: Pick<ResolvedTemplate, 'ofType'>): DataStreamSpec[] {
  return template.ofType('AWS::Kinesis::Stream').map(({ logicalId, name, arn, properties, at }) => {
    const details = properties['StreamModeDetails'] as { StreamMode?: string } | undefined;
    const mode = details?.StreamMode === 'ON_DEMAND' ? 'ON_DEMAND' : 'PROVISIONED';
    const shards = properties['ShardCount'];
    if (mode === 'ON_DEMAND' && shards !== undefined)
      throw new StartError(
        `${at('ShardCount')}: ${logicalId}: a stream on demand has no ShardCount: take it out`,
      );
    if (mode === 'PROVISIONED' && shards === undefined)
      throw new StartError(`${at()}: ${logicalId}: a provisioned stream needs ShardCount`);
    return {
      name,
      arn,
      mode,
      shards: mode === 'ON_DEMAND' ? ON_DEMAND_SHARDS : Number(shards),
      retentionHours: Number(properties['RetentionPeriodHours'] ?? RETENTION_HOURS),
    };
  });
}
