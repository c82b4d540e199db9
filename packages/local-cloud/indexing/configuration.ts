// The configuration of fleet indexing, checked when it is set.
// https://docs.aws.amazon.com/iot/latest/developerguide/managing-index.html

import { invalid, notSupported, object, only, text, texts, type ApiRequest } from '../iot/api-request.ts';

export interface IndexingConfiguration {
  readonly things: 'OFF' | 'REGISTRY' | 'REGISTRY_AND_SHADOW';
  readonly connectivity: 'OFF' | 'STATUS';
  /** Names of the named shadows that are indexed. */
  readonly shadowNames: readonly string[];
  readonly groups: 'OFF' | 'ON';
  /** Stored as given: they are for aggregation, which is not supported here. */
  readonly customFields: readonly object[];
  readonly groupCustomFields: readonly object[];
}

export const NOTHING: IndexingConfiguration = {
  ...{ things: 'OFF', connectivity: 'OFF', shadowNames: [], groups: 'OFF' },
  ...{ customFields: [], groupCustomFields: [] },
};

function word<T extends string>(
  body: ApiRequest['body'],
  member: string,
  words: readonly T[],
): T | undefined {
  const value = text(body, member);
  const found = words.find((each) => each === value);
  if (value !== undefined && found === undefined)
    throw invalid(`${member} must be ${words.join(' or ')}, not ${JSON.stringify(value)}`);
  return found;
}

function fieldsOf(body: ApiRequest['body']): readonly object[] {
  const fields = body['customFields'];
  if (fields === undefined || fields === null) return [];
  if (!Array.isArray(fields) || fields.some((each) => typeof each !== 'object' || each === null))
    throw invalid('customFields must be a list of name and type');
  return fields as object[];
}

function shadowNamesOf(body: ApiRequest['body']): readonly string[] {
  const filter = object(body, 'filter') ?? {};
  only(filter, ['namedShadowNames'], 'filter');
  const names = texts(filter, 'namedShadowNames') ?? [];
  const isOn = word(body, 'namedShadowIndexingMode', ['OFF', 'ON']) === 'ON';
  if (isOn && names.length === 0)
    throw invalid('namedShadowIndexingMode ON needs the names in filter.namedShadowNames');
  return isOn ? names : [];
}

function thingsOf(body: ApiRequest['body']) {
  only(
    body,
    [
      ...['thingIndexingMode', 'thingConnectivityIndexingMode', 'deviceDefenderIndexingMode'],
      ...['namedShadowIndexingMode', 'customFields', 'filter'],
    ],
    'thingIndexingConfiguration',
  );
  const things = word(body, 'thingIndexingMode', ['OFF', 'REGISTRY', 'REGISTRY_AND_SHADOW']);
  if (things === undefined) throw invalid('thingIndexingMode is required');
  const connectivity = word(body, 'thingConnectivityIndexingMode', ['OFF', 'STATUS']) ?? 'OFF';
  if (word(body, 'deviceDefenderIndexingMode', ['OFF', 'VIOLATIONS']) === 'VIOLATIONS')
    throw notSupported('deviceDefenderIndexingMode VIOLATIONS');
  const shadowNames = shadowNamesOf(body);
  if (things === 'OFF' && (connectivity === 'STATUS' || shadowNames.length > 0))
    throw invalid('Connectivity and named shadows are indexed only where thingIndexingMode is not OFF');
  return { things, connectivity, shadowNames, customFields: fieldsOf(body) };
}

/** @throws AwsError InvalidRequestException naming the member that AWS would refuse. */
export function changedConfiguration(
  before: IndexingConfiguration,
  body: ApiRequest['body'],
): IndexingConfiguration {
  const things = object(body, 'thingIndexingConfiguration');
  const groups = object(body, 'thingGroupIndexingConfiguration');
  if (groups) only(groups, ['thingGroupIndexingMode', 'customFields'], 'thingGroupIndexingConfiguration');
  const mode = groups && word(groups, 'thingGroupIndexingMode', ['OFF', 'ON']);
  if (groups && mode === undefined) throw invalid('thingGroupIndexingMode is required');
  return {
    ...before,
    ...(things && thingsOf(things)),
    ...(groups && { groups: mode!, groupCustomFields: fieldsOf(groups) }),
  };
}

/** In the form of GetIndexingConfiguration. */
export const shownConfiguration = (configuration: IndexingConfiguration) => ({
  thingIndexingConfiguration: {
    thingIndexingMode: configuration.things,
    thingConnectivityIndexingMode: configuration.connectivity,
    deviceDefenderIndexingMode: 'OFF',
    namedShadowIndexingMode: configuration.shadowNames.length > 0 ? 'ON' : 'OFF',
    customFields: configuration.customFields,
    filter: { namedShadowNames: configuration.shadowNames },
  },
  thingGroupIndexingConfiguration: {
    thingGroupIndexingMode: configuration.groups,
    customFields: configuration.groupCustomFields,
  },
});

/** The schema that DescribeIndex names for the things. */
export function schemaOf({ things, connectivity, shadowNames }: IndexingConfiguration): string {
  if (shadowNames.length > 0) return 'MULTI_INDEXING_MODE';
  return connectivity === 'STATUS' ? `${things}_AND_CONNECTIVITY_STATUS` : things;
}
