// Opens the event source mappings that bring the streams of tables to functions.

import { mappingsFromTemplate, type MappingSpec, type StreamKind } from '../kinesis/mapping-spec.ts';
import { openMappings, type Mappings, type MappingsOptions } from '../kinesis/mappings.ts';
import type { ReadStream } from '../kinesis/streams.ts';
import type { ResolvedTemplate } from '../template/resolved.ts';
import { streamArnOf } from './stream-arn.ts';
import { tableFormat } from './stream-event.ts';
import { SHARD_ID } from './streams-api.ts';
import type { TableStreams } from './table-streams.ts';

const tables: StreamKind = { type: 'AWS::DynamoDB::Table', arnOf: streamArnOf, content: undefined };

/** @throws StartError with the template's line */
export const tableMappingsFromTemplate = (template: Pick<ResolvedTemplate, 'ofType'>): MappingSpec[] =>
  mappingsFromTemplate(template, tables);

/** The stream with its oldest and newest place as of now; later records are read all the same. */
async function openStream(table: string, arn: string, streams: TableStreams): Promise<ReadStream> {
  const { oldest, newest } = await streams.read(table, 0, 1);
  const log = {
    readAfter: async (place: number, limit: number) =>
      (await streams.read(table, place, limit)).records.slice(),
    onAppend: (listener: () => void) => streams.onWrite(listener),
    newest: () => newest,
    oldest: () => oldest,
  };
  const range = { start: 0n, end: 0n };
  const shard = { number: 0, id: SHARD_ID, range, parents: [], closed: false, log };
  return {
    spec: { arn },
    shards: [shard],
    keepFor: (read) => streams.keepFor(table, () => read(shard.number)),
  };
}

/** Call `start` once the functions run, and `close` before they end. */
export async function openTableMappings(
  options: Omit<MappingsOptions, 'mappings' | 'streams' | 'format'> & {
    readonly template: ResolvedTemplate;
    readonly tableStreams: TableStreams;
  },
): Promise<Mappings> {
  const { template, tableStreams } = options;
  const mappings = tableMappingsFromTemplate(template);
  if (mappings.length === 0) return { start() {}, async close() {} };
  const opened = new Map<string, ReadStream>();
  for (const { name, arn } of template.ofType('AWS::DynamoDB::Table'))
    if (mappings.some(({ streamName }) => streamName === name))
      opened.set(name, await openStream(name, streamArnOf(arn), tableStreams));
  return openMappings({
    ...options,
    ...{ mappings, format: tableFormat, streams: { stream: (name) => opened.get(name)! } },
  });
}
