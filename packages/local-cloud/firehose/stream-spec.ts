// What the template says about delivery streams, read into what the streams of the local cloud need.
import { readAll, StartError } from '../start-error.ts';
import type { ResolvedResource, ResolvedTemplate } from '../template/resolved.ts';
import type { Prefix } from './prefix.ts';
import { compilePrefix } from './prefix.ts';

export interface StreamSpec {
  readonly name: string;
  readonly arn: string;
  readonly bucket: string;
  readonly prefix: Prefix;
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

const asProperties = (value: unknown): Properties =>
  typeof value === 'object' && value !== null ? (value as Properties) : {};
const asText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function readStream(template: Template, stream: ResolvedResource): StreamSpec {
  const refuse = (problem: string, ...path: string[]) =>
    new StartError(`${stream.at(DESTINATION, ...path)}: ${stream.logicalId}: ${problem}`);
  const destination = asProperties(stream.properties[DESTINATION]);
  const hints = asProperties(destination['BufferingHints']);

  const bucket = template.ofType('AWS::S3::Bucket').find(({ arn }) => arn === destination['BucketARN']);
  if (!bucket) throw refuse('BucketARN names no bucket of this template', 'BucketARN');
  const text = asText(destination['Prefix']) ?? '';
  const prefix = compilePrefix(text);
  if (typeof prefix !== 'function') {
    throw refuse(`Prefix: ${prefix.problem} is not supported by the local cloud`, 'Prefix');
  }
  if (text.includes('!{') && !asText(destination['ErrorOutputPrefix'])) {
    throw refuse('AWS demands an ErrorOutputPrefix where Prefix has expressions', 'Prefix');
  }
  const amount = (name: string, otherwise: number, least: number, most: number) => {
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
    prefix,
    bufferBytes: amount('SizeInMBs', DEFAULT_MIB, 1, 128) * MIB,
    bufferMs: amount('IntervalInSeconds', DEFAULT_SECONDS, 0, 900) * 1_000,
    gzip: compression === 'GZIP',
    fileExtension: asText(destination['FileExtension']),
  };
}

/** Every delivery stream of the template. @throws StartError naming the template line of what is not supported */
export function streamsFromTemplate(template: Template): StreamSpec[] {
  const streams = template.ofType('AWS::KinesisFirehose::DeliveryStream');
  return readAll(streams, (stream) => readStream(template, stream));
}
