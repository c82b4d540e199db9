// Converts resources that are short or older forms of others into the form that the services of the local cloud read.

import type { Declaration } from './declarations.ts';
import type { Entry, MapNode, Node, Place } from './document.ts';
import { listNode, mapNode, refNode, textNode, without, withMembers } from './nodes.ts';
import { type Fail, mapOf } from './sections.ts';

const member = ({ properties }: Declaration, name: string): Entry<Node> | undefined =>
  properties.entries.get(name);

/** https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-simpletable.html */
function simpleTable(declaration: Declaration, fail: Fail): Declaration {
  const { logicalId, place, properties } = declaration;
  const key = member(declaration, 'PrimaryKey');
  const given = key && mapOf(key.value, `PrimaryKey of ${logicalId}`, fail).entries;
  const name = given?.get('Name') ?? textNode('id', place);
  const types: Readonly<Record<string, string>> = { String: 'S', Number: 'N', Binary: 'B' };
  const typeNode = given?.get('Type');
  const written = typeNode?.value.kind === 'scalar' ? typeNode.value.text : 'String';
  const type =
    types[written] ??
    fail(typeNode!.place, `${logicalId}: Type of PrimaryKey is ${written}: use String, Number or Binary`);
  const list = (members: Parameters<typeof mapNode>[0]) => listNode([mapNode(members, place)], place);
  const throughput = properties.entries.has('ProvisionedThroughput');
  const added = mapNode(
    {
      AttributeDefinitions: list({ AttributeName: name, AttributeType: textNode(type, place) }),
      KeySchema: list({ AttributeName: name, KeyType: textNode('HASH', place) }),
      BillingMode: throughput ? undefined : textNode('PAY_PER_REQUEST', place),
    },
    place,
  );
  const rest = without(properties, ['PrimaryKey']);
  return { ...declaration, type: 'AWS::DynamoDB::Table', properties: withMembers(rest, added) };
}

/** `Code: folder` is for `aws cloudformation package`; `ZipFile` is the code itself. */
function codeOf(declaration: Declaration, fail: Fail): Record<string, Entry<Node> | undefined> {
  const { logicalId, place } = declaration;
  const code = member(declaration, 'Code') ?? fail(place, `${logicalId}: property Code is missing`);
  if (code.value.kind === 'scalar') return { CodeUri: code };
  const { entries } = mapOf(code.value, `Code of ${logicalId}`, fail);
  const inline = entries.get('ZipFile');
  const [other] = [...entries].filter(([name]) => name !== 'ZipFile');
  if (inline && !other) return { InlineCode: inline };
  return fail(
    other?.[1].place ?? code.place,
    `${logicalId}: Code.${other?.[0] ?? 'ZipFile'} is not on this machine: write Code: ./folder, which aws cloudformation package uploads, or Code.ZipFile with the code itself`,
  );
}

/** Properties that SAM's own resource names differently, or does not have. */
function lambdaFunction(declaration: Declaration, fail: Fail): Declaration {
  const { place, properties } = declaration;
  const tracing = member(declaration, 'TracingConfig');
  const added = mapNode({ ...codeOf(declaration, fail), ...(tracing && { Tracing: tracing }) }, place);
  const rest = without(properties, ['Code', 'TracingConfig']);
  return { ...declaration, type: 'AWS::Serverless::Function', properties: withMembers(rest, added) };
}

/** `Content` of CloudFormation is `ContentUri` in SAM. */
function layerVersion(declaration: Declaration, fail: Fail): Declaration {
  const { logicalId, place, properties } = declaration;
  const content = member(declaration, 'Content');
  if (content && content.value.kind !== 'scalar')
    fail(content.place, `${logicalId}: Content is not on this machine: write Content: ./folder`);
  const added = mapNode({ ...(content && { ContentUri: content }) }, place);
  return {
    ...declaration,
    type: 'AWS::Serverless::LayerVersion',
    properties: withMembers(without(properties, ['Content']), added),
  };
}

/** The destination type from before 2016, with fewer of the same properties. */
function deliveryStream(declaration: Declaration): Declaration {
  const old = member(declaration, 'S3DestinationConfiguration');
  if (!old || declaration.properties.entries.has('ExtendedS3DestinationConfiguration')) return declaration;
  const rest = without(declaration.properties, ['S3DestinationConfiguration']);
  const added = mapNode({ ExtendedS3DestinationConfiguration: old }, old.place);
  return { ...declaration, properties: withMembers(rest, added) };
}

/** Converts a declaration into the one that services read. */
export const rewrites: Readonly<Record<string, (declaration: Declaration, fail: Fail) => Declaration>> = {
  'AWS::Serverless::SimpleTable': simpleTable,
  'AWS::Lambda::Function': lambdaFunction,
  'AWS::Lambda::LayerVersion': layerVersion,
  'AWS::KinesisFirehose::DeliveryStream': deliveryStream,
};

const SUBSCRIPTION_MEMBERS = ['Protocol', 'Endpoint', 'FilterPolicy', 'FilterPolicyScope', 'RedrivePolicy'];

/** The subscriptions that a topic declares inside itself, as separate resources. */
export function inlineSubscriptions(
  topic: Declaration,
  fail: Fail,
): { readonly topic: Declaration; readonly subscriptions: readonly { place: Place; properties: MapNode }[] } {
  const { logicalId } = topic;
  const inline = member(topic, 'Subscription');
  if (!inline) return { topic, subscriptions: [] };
  const { value } = inline;
  if (value.kind !== 'list')
    return fail(inline.place, `${logicalId}: Subscription must be a list of Endpoint and Protocol`);
  const subscriptions = value.items.map((item) => {
    const { entries } = mapOf(item, `a Subscription of ${logicalId}`, fail);
    for (const [name, { place }] of entries) {
      if (!['Protocol', 'Endpoint'].includes(name))
        fail(
          place,
          `${logicalId}: a Subscription of a topic has Endpoint and Protocol: for ${SUBSCRIPTION_MEMBERS.slice(2).join(', ')} declare an AWS::SNS::Subscription`,
        );
    }
    const { place } = item;
    return {
      place,
      properties: mapNode({ TopicArn: refNode(logicalId, place), ...Object.fromEntries(entries) }, place),
    };
  });
  return {
    topic: { ...topic, properties: without(topic.properties, ['Subscription']) },
    subscriptions,
  };
}
