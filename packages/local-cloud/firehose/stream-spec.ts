// What the template says about delivery streams, read into what the streams of the local cloud need.

import { timeZone } from '../rules/time-zone.ts';
import { readAll, StartError } from '../start-error.ts';
import type { ResolvedResource, ResolvedTemplate } from '../template/resolved.ts';
import { compilePrefix, type Prefix } from './prefix.ts';
import { readProcessing, type ProcessingSpec } from './processing-spec.ts';

export interface StreamSpec {
  readonly name: string;
  readonly arn: string;
  readonly bucket: string;
  readonly prefix: Prefix;
  /** Of what could not be processed. */
  readonly errorPrefix: Prefix;
  readonly processing: ProcessingSpec;
  /** An object is written once this many bytes are buffered. */
  readonly bufferBytes: number;
  /** An object is written this long after its first record at the latest. */
  readonly bufferMs: number;
  readonly gzip: boolean;
  /** With its point, such as `.json`; replaces the `.gz` of compression. */
  readonly fileExtension?: string;
}

type Template = Pick<ResolvedTemplate, 'ofType'>;
type Properties = Readonly<Record<string, unknown>>;

const DESTINATION = 'ExtendedS3DestinationConfiguration';
const MIB = 1_048_576;
const DEFAULT_MIB = 5;
const DEFAULT_SECONDS = 300;
/** "Dynamic partitioning: the buffer size is at least 64 MiB." */
const LEAST_PARTITIONED_MIB = 64;
const DEFAULT_PARTITIONED_MIB = 128;

/** MiB: the usual size, the least and the most. */
const SIZES = [DEFAULT_MIB, 1, 128] as const;
const SECONDS = [DEFAULT_SECONDS, 0, 900] as const;
const PARTITIONED_SIZES = [DEFAULT_PARTITIONED_MIB, LEAST_PARTITIONED_MIB, 128] as const;

const asProperties = (value: unknown): Properties =>
  typeof value === 'object' && value !== null ? (value as Properties) : {};
const asText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

type Refuse = (problem: string, ...path: string[]) => StartError;

/** Expressions that name partition keys. */
const PARTITION_KEY = /!\{partitionKeyFrom(?:Query|Lambda):/;

function readPrefixes(destination: Properties, refuse: Refuse): { prefix: Prefix; errorPrefix: Prefix } {
  const text = asText(destination['Prefix']) ?? '';
  const errorText = asText(destination['ErrorOutputPrefix']);
  const read = (name: string, prefix: ReturnType<typeof compilePrefix>): Prefix => {
    if (typeof prefix === 'function') return prefix;
    throw refuse(`${name}: ${prefix.problem} is not supported by the local cloud`, name);
  };
  const prefix = read('Prefix', compilePrefix(text));
  if (text.includes('!{') && errorText === undefined)
    throw refuse('AWS demands an ErrorOutputPrefix where Prefix has expressions', 'Prefix');
  if (text.includes('error-output-type'))
    throw refuse('Prefix: !{firehose:error-output-type} is allowed in ErrorOutputPrefix only', 'Prefix');
  // Without a prefix of its own, AWS puts the kind of error and the time in front.
  const shown = errorText ?? '!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd/HH}/';
  const errorPrefix = read('ErrorOutputPrefix', compilePrefix(shown, { isTimed: false }));
  return { prefix, errorPrefix };
}

/** Keys in the prefix, the switch and what finds the keys go together. */
function checkPartitions(destination: Properties, processing: ProcessingSpec, refuse: Refuse): boolean {
  const enabled = String(asProperties(destination['DynamicPartitioningConfiguration'])['Enabled']) === 'true';
  const prefix = asText(destination['Prefix']) ?? '';
  if (enabled === PARTITION_KEY.test(prefix)) {
    const wants = (kind: string) => prefix.includes(`!{partitionKeyFrom${kind}:`);
    if (wants('Query') && !processing.query)
      throw refuse('Prefix has keys of a query: add a processor of Type MetadataExtraction', 'Prefix');
    if (wants('Lambda') && !processing.transform)
      throw refuse('Prefix has keys of a function: add a processor of Type Lambda', 'Prefix');
    return enabled;
  }
  throw refuse(
    enabled
      ? 'dynamic partitioning needs keys in Prefix, such as !{partitionKeyFromQuery:site}'
      : 'Prefix has partition keys: set DynamicPartitioningConfiguration: { Enabled: true }',
    'Prefix',
  );
}

/** Moves a time so that what is UTC for a formatter is the time of the zone. */
function zoneOf(destination: Properties, refuse: Refuse): (time: Date) => Date {
  const zone = asText(destination['CustomTimeZone']) ?? 'UTC';
  if (zone === 'UTC') return (time) => time;
  const found = timeZone(zone);
  if (!found)
    throw refuse(`CustomTimeZone ${zone} is not a time zone such as Europe/Berlin`, 'CustomTimeZone');
  return (time) => new Date(time.getTime() + found.offsetAt(time.getTime()));
}

function readStream(template: Template, stream: ResolvedResource): StreamSpec {
  const refuse: Refuse = (problem, ...path) =>
    new StartError(`${stream.at(DESTINATION, ...path)}: ${stream.logicalId}: ${problem}`);
  const destination = asProperties(stream.properties[DESTINATION]);
  const hints = asProperties(destination['BufferingHints']);

  const bucket = template.ofType('AWS::S3::Bucket').find(({ arn }) => arn === destination['BucketARN']);
  if (!bucket) throw refuse('BucketARN names no bucket of this template', 'BucketARN');
  const processing = readProcessing(template, stream, DESTINATION);
  const { prefix, errorPrefix } = readPrefixes(destination, refuse);
  const isPartitioned = checkPartitions(destination, processing, refuse);
  const zone = zoneOf(destination, refuse);
  const inZone =
    (found: Prefix): Prefix =>
    (time, values) =>
      found(zone(time), values);
  const amount = (name: string, [otherwise, least, most]: readonly [number, number, number]) => {
    const value = Number(hints[name] ?? otherwise);
    if (value >= least && value <= most) return value;
    throw refuse(`${name} must be a number from ${least} to ${most}`, 'BufferingHints', name);
  };
  const compression = destination['CompressionFormat'] ?? 'UNCOMPRESSED';
  if (compression !== 'GZIP' && compression !== 'UNCOMPRESSED') {
    throw refuse('CompressionFormat must be UNCOMPRESSED or GZIP in the local cloud', 'CompressionFormat');
  }
  return {
    name: stream.name,
    arn: stream.arn,
    bucket: bucket.name,
    prefix: inZone(prefix),
    errorPrefix: inZone(errorPrefix),
    processing,
    bufferBytes: amount('SizeInMBs', isPartitioned ? PARTITIONED_SIZES : SIZES) * MIB,
    bufferMs: amount('IntervalInSeconds', SECONDS) * 1_000,
    gzip: compression === 'GZIP',
    fileExtension: asText(destination['FileExtension']),
  };
}

/** Every delivery stream of the template. @throws StartError naming the template line of what is not supported */
export function streamsFromTemplate(template: Template): StreamSpec[] {
  const streams = template.ofType('AWS::KinesisFirehose::DeliveryStream');
  return readAll(streams, (stream) => readStream(template, stream));
}
