// Tags of resources of the registry, in the AWS IoT API: stored and listed, without effect.
// https://docs.aws.amazon.com/iot/latest/apireference/API_TagResource.html

import { AwsError } from '../aws-error.ts';
import {
  invalid,
  queryText,
  required,
  type ApiRequest,
  type IotCloud,
  type Operation,
} from './api-request.ts';
import { change, type Registry } from './registry.ts';

type Tags = Readonly<Record<string, string>>;

const MOST_TAGS = 50;

/** Tables of resources that can have tags, by the resource in the ARN. Things and device certificates have none on AWS. */
const KINDS: Readonly<Record<string, (cloud: IotCloud, name: string) => boolean>> = {
  thingtype: ({ registry }, name) => registry.types.has(name),
  thinggroup: ({ registry }, name) => registry.groups.has(name),
  policy: ({ registry }, name) => registry.policies.has(name),
  cacert: ({ registry }, name) => registry.caCertificates.has(name),
  provisioningtemplate: ({ registry }, name) => registry.provisioningTemplates.has(name),
  rule: ({ rules }, name) => rules?.book?.all().some((each) => each.name === name) ?? false,
};

function requireResource(cloud: IotCloud, arn: string): string {
  const prefix = cloud.registry.arn('');
  const [kind = '', name = ''] = arn.startsWith(prefix) ? arn.slice(prefix.length).split(/\/(.*)/s) : [];
  if (Object.hasOwn(KINDS, kind) && KINDS[kind]!(cloud, name)) return arn;
  const known = Object.keys(KINDS).join(', ');
  if (arn.startsWith(prefix) && Object.hasOwn(KINDS, kind))
    throw new AwsError('ResourceNotFoundException', `Resource ${arn.slice(0, 200)} not found`, 404);
  throw invalid(`${arn.slice(0, 200)} cannot have tags: ${known} can`);
}

const tagsOf = (registry: Registry, arn: string): Tags => registry.tags.get(arn)?.tags ?? {};

function givenTags({ body }: ApiRequest): [string, string][] {
  const list = body['tags'];
  if (!Array.isArray(list) || list.length === 0) throw invalid('tags must be a list of Key and Value');
  return list.map((tag: unknown) => {
    const { Key, Value } = tag as { Key?: unknown; Value?: unknown };
    if (typeof Key !== 'string' || !/^.{1,128}$/su.test(Key))
      throw invalid('a tag needs a Key of 1 to 128 characters');
    if (Value !== undefined && typeof Value !== 'string')
      throw invalid(`the Value of tag ${Key} must be text`);
    return [Key, Value ?? ''];
  });
}

function keep(registry: Registry, arn: string, tags: Tags): Promise<void> {
  const count = Object.keys(tags).length;
  if (count > MOST_TAGS)
    throw new AwsError('LimitExceededException', `A resource has at most ${MOST_TAGS} tags`, 410);
  return registry.commit([change('tags', arn, count === 0 ? undefined : { tags })]);
}

export const tagOperations: readonly Operation[] = [
  {
    name: 'TagResource',
    method: 'POST',
    path: '/tags',
    body: ['resourceArn', 'tags'],
    async run(cloud, request) {
      const arn = requireResource(cloud, required(request.body, 'resourceArn'));
      const tags = { ...tagsOf(cloud.registry, arn), ...Object.fromEntries(givenTags(request)) };
      await keep(cloud.registry, arn, tags);
      return {};
    },
  },
  {
    name: 'UntagResource',
    method: 'POST',
    path: '/untag',
    body: ['resourceArn', 'tagKeys'],
    async run(cloud, request) {
      const arn = requireResource(cloud, required(request.body, 'resourceArn'));
      const keys = request.body['tagKeys'];
      if (!Array.isArray(keys)) throw invalid('tagKeys must be a list');
      const rest = Object.entries(tagsOf(cloud.registry, arn)).filter(([name]) => !keys.includes(name));
      await keep(cloud.registry, arn, Object.fromEntries(rest));
      return {};
    },
  },
  {
    name: 'ListTagsForResource',
    method: 'GET',
    path: '/tags',
    query: ['resourceArn', 'nextToken'],
    run(cloud, request) {
      const arn = requireResource(cloud, queryText(request, 'resourceArn') ?? '');
      const tags = Object.entries(tagsOf(cloud.registry, arn));
      return { tags: tags.map(([Key, Value]) => ({ Key, Value })) };
    },
  },
];
