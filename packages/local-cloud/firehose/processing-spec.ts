// What the template says about the processing of records on their way: a function, partition keys, a delimiter.
// https://docs.aws.amazon.com/firehose/latest/APIReference/API_Processor.html

import { StartError } from '../start-error.ts';
import type { ResolvedResource, ResolvedTemplate } from '../template/resolved.ts';
import { readPartitionQuery, type PartitionQuery } from './partition-query.ts';

export interface FunctionProcessor {
  readonly arn: string;
  readonly name: string;
  /** Attempts after the first. */
  readonly retries: number;
  /** Of the records in one event, before Base64. */
  readonly batchBytes: number;
}

export interface ProcessingSpec {
  readonly transform?: FunctionProcessor;
  /** Present where records are written by their partition. */
  readonly query?: PartitionQuery;
  /** Put behind each record in an object. */
  readonly delimiter?: Buffer;
}

type Properties = Readonly<Record<string, unknown>>;
type Refuse = (problem: string, ...path: (string | number)[]) => StartError;

const DEFAULT_RETRIES = 3;
const MIB = 1_048_576;
const DEFAULT_BATCH_MIB = 1;
const SUPPORTED = ['Lambda', 'MetadataExtraction', 'AppendDelimiterToRecord'];

const isProperties = (value: unknown): value is Properties =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isOn = (value: unknown) => String(value) === 'true';

function parametersOf(processor: Properties, refuse: Refuse): ReadonlyMap<string, string> {
  const list = processor['Parameters'] ?? [];
  if (!Array.isArray(list)) throw refuse('Parameters must be a list of ParameterName and ParameterValue');
  return new Map(
    list.map((each: unknown) => {
      const { ParameterName: name, ParameterValue: value } = isProperties(each) ? each : {};
      if (typeof name !== 'string') throw refuse('a parameter needs ParameterName and ParameterValue');
      return [name, String(value)];
    }),
  );
}

function numberOf(
  parameters: ReadonlyMap<string, string>,
  [name, usual, least, most]: readonly [string, number, number, number],
  refuse: Refuse,
): number {
  const value = Number(parameters.get(name) ?? usual);
  if (value >= least && value <= most) return value;
  throw refuse(`${name} must be a number from ${least} to ${most}`);
}

type Read = (
  parameters: ReadonlyMap<string, string>,
  refuse: Refuse,
  template: Pick<ResolvedTemplate, 'ofType'>,
) => ProcessingSpec;

const readers: Readonly<Record<string, Read>> = {
  Lambda(parameters, refuse, template) {
    const arn = (parameters.get('LambdaArn') ?? '').replace(/:\$LATEST$/, '');
    const found = template.ofType('AWS::Serverless::Function').find((each) => each.arn === arn);
    if (!found)
      throw refuse(`LambdaArn is ${arn || 'missing'}, but the template has no such function: refer to one`);
    return {
      transform: {
        ...{ arn, name: found.name },
        retries: numberOf(parameters, ['NumberOfRetries', DEFAULT_RETRIES, 0, 300], refuse),
        batchBytes: numberOf(parameters, ['BufferSizeInMBs', DEFAULT_BATCH_MIB, 0.2, 3], refuse) * MIB,
      },
    };
  },
  MetadataExtraction(parameters, refuse) {
    const engine = parameters.get('JsonParsingEngine') ?? 'JQ-1.6';
    if (engine !== 'JQ-1.6') throw refuse(`JsonParsingEngine is ${engine}: AWS has JQ-1.6 only`);
    const query = readPartitionQuery(parameters.get('MetadataExtractionQuery') ?? '');
    if (typeof query !== 'function') throw refuse(`MetadataExtractionQuery: ${query.problem}`);
    return { query };
  },
  AppendDelimiterToRecord(parameters) {
    // The template says it with a backslash, as the API does.
    const written = parameters.get('Delimiter') ?? '\\n';
    return { delimiter: Buffer.from(written.replaceAll('\\n', '\n').replaceAll('\\t', '\t')) };
  },
};

/** @throws StartError with the template line of a processor that is not supported */
export function readProcessing(
  template: Pick<ResolvedTemplate, 'ofType'>,
  stream: ResolvedResource,
  destination: string,
): ProcessingSpec {
  const given = isProperties(stream.properties[destination]) ? stream.properties[destination] : {};
  const configuration = given['ProcessingConfiguration'];
  const path = [destination, 'ProcessingConfiguration'];
  const refuseAt =
    (...more: (string | number)[]): Refuse =>
    (problem, ...rest) =>
      new StartError(`${stream.at(...path, ...more, ...rest)}: ${stream.logicalId}: ${problem}`);
  if (configuration === undefined) return {};
  if (!isProperties(configuration)) throw refuseAt()('ProcessingConfiguration must be a mapping');
  if (!isOn(configuration['Enabled'])) return {};
  const processors = configuration['Processors'];
  if (!Array.isArray(processors)) throw refuseAt()('ProcessingConfiguration needs a list of Processors');
  const specs = processors.map((processor: unknown, index) => {
    const refuse = refuseAt('Processors', index);
    const type = String(isProperties(processor) ? processor['Type'] : undefined);
    const read = Object.hasOwn(readers, type) ? readers[type] : undefined;
    if (!read || !isProperties(processor))
      throw refuse(
        `a processor of Type ${type} is not supported by the local cloud: use ${SUPPORTED.join(', ')}`,
      );
    return read(parametersOf(processor, refuse), refuse, template);
  });
  return Object.assign({}, ...specs) as ProcessingSpec;
}
