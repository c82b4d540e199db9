// Reads the notifications of the template's buckets: which events, of which keys, go to which target.

import { readAll, StartError } from '../start-error.ts';
import type { ResolvedResource, ResolvedTemplate } from '../template/resolved.ts';

export type TargetKind = 'lambda' | 'sqs' | 'sns';

export interface NotificationSpec {
  readonly bucket: string;
  readonly id: string;
  /** Without `s3:`, such as `ObjectCreated:Put` or `ObjectCreated:*`. */
  readonly event: string;
  readonly prefix: string;
  readonly suffix: string;
  readonly target: { readonly kind: TargetKind; readonly arn: string };
}

type Properties = Readonly<Record<string, unknown>>;
type Path = readonly (string | number)[];

interface Kind {
  readonly list: string;
  readonly property: string;
  readonly kind: TargetKind;
  readonly type: string;
}

const KINDS: readonly Kind[] = [
  { list: 'LambdaConfigurations', property: 'Function', kind: 'lambda', type: 'AWS::Serverless::Function' },
  { list: 'QueueConfigurations', property: 'Queue', kind: 'sqs', type: 'AWS::SQS::Queue' },
  { list: 'TopicConfigurations', property: 'Topic', kind: 'sns', type: 'AWS::SNS::Topic' },
];

/** The events of changes that happen here. */
const EVENTS = [
  ...['ObjectCreated:*', 'ObjectCreated:Put', 'ObjectCreated:Copy', 'ObjectCreated:CompleteMultipartUpload'],
  ...['ObjectRemoved:*', 'ObjectRemoved:Delete', 'ObjectRemoved:DeleteMarkerCreated'],
];

const isProperties = (value: unknown): value is Properties =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function refuse({ at, logicalId }: ResolvedResource, path: Path, problem: string): never {
  throw new StartError(`${at('NotificationConfiguration', ...path)}: ${logicalId}: ${problem}`);
}

function filterOf(bucket: ResolvedResource, filter: unknown, path: Path): { prefix: string; suffix: string } {
  const rules = isProperties(filter) && isProperties(filter['S3Key']) ? filter['S3Key']['Rules'] : [];
  const found = { prefix: '', suffix: '' };
  if (!Array.isArray(rules)) return refuse(bucket, path, 'Filter.S3Key.Rules must be a list');
  for (const rule of rules as readonly unknown[]) {
    const { Name, Value } = isProperties(rule) ? rule : {};
    const name = String(Name).toLowerCase();
    if (name !== 'prefix' && name !== 'suffix')
      return refuse(bucket, path, `Name of a filter rule is ${String(Name)}: use prefix or suffix`);
    if (typeof Value !== 'string')
      return refuse(bucket, path, `Value of the filter rule ${name} must be text`);
    found[name] = Value;
  }
  return found;
}

function specOf(
  template: Pick<ResolvedTemplate, 'ofType'>,
  bucket: ResolvedResource,
  { list, property, kind, type }: Kind,
  given: unknown,
  index: number,
): NotificationSpec {
  const path = [list, index];
  if (!isProperties(given)) return refuse(bucket, path, `must have Event and ${property}`);
  const known = ['Event', 'Filter', property];
  const other = Object.keys(given).find((name) => !known.includes(name));
  if (other !== undefined)
    return refuse(bucket, [...path, other], `${other} is not known: use ${known.join(', ')}`);
  const event = String(given['Event']).replace(/^s3:/, '');
  if (!EVENTS.includes(event))
    return refuse(
      bucket,
      [...path, 'Event'],
      `the event ${String(given['Event'])} does not come about here: use one of ${EVENTS.map((each) => `s3:${each}`).join(', ')}`,
    );
  const arn = String(given[property]);
  if (!template.ofType(type).some((each) => each.arn === arn))
    return refuse(
      bucket,
      [...path, property],
      `${property} is ${arn}, but the template has no such ${type}: refer to one`,
    );
  const filter = filterOf(bucket, given['Filter'], [...path, 'Filter']);
  return {
    bucket: bucket.name,
    id: `${bucket.logicalId}-${list}-${index}`,
    event,
    ...filter,
    target: { kind, arn },
  };
}

function ofBucket(template: Pick<ResolvedTemplate, 'ofType'>, bucket: ResolvedResource): NotificationSpec[] {
  const given = bucket.properties['NotificationConfiguration'];
  if (given === undefined) return [];
  if (!isProperties(given)) return refuse(bucket, [], 'NotificationConfiguration must be a mapping');
  const lists = KINDS.map(({ list }) => list);
  const other = Object.keys(given).find((name) => !lists.includes(name));
  if (other !== undefined)
    return refuse(bucket, [other], `${other} is not supported by the local cloud: use ${lists.join(', ')}`);
  return KINDS.flatMap((kind) => {
    const items = given[kind.list] ?? [];
    if (!Array.isArray(items)) return refuse(bucket, [kind.list], `${kind.list} must be a list`);
    return readAll(items.entries(), ([index, item]) => specOf(template, bucket, kind, item, index));
  });
}

/** Every notification of every bucket. @throws StartError naming the template line */
export function notificationsFromTemplate(template: Pick<ResolvedTemplate, 'ofType'>): NotificationSpec[] {
  return readAll(template.ofType('AWS::S3::Bucket'), (bucket) => ofBucket(template, bucket)).flat();
}
