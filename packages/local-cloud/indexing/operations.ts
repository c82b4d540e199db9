// Fleet indexing in the AWS IoT API: configuration and search. The registry itself is the index, so it is never out of date.
// https://docs.aws.amazon.com/iot/latest/developerguide/iot-indexing.html

import { AwsError } from '../aws-error.ts';
import {
  invalid,
  label,
  page,
  required,
  text,
  type ApiRequest,
  type IotCloud,
  type Operation,
} from '../iot/api-request.ts';
import { change, type Registry } from '../iot/registry.ts';
import {
  changedConfiguration,
  NOTHING,
  schemaOf,
  shownConfiguration,
  type IndexingConfiguration,
} from './configuration.ts';
import { checkFields, fieldsOf, groupDocument, thingDocument, type FleetSources } from './documents.ts';
import { compileQuery } from './query.ts';

const THINGS = 'AWS_Things';
const GROUPS = 'AWS_ThingGroups';
const KEY = 'fleet';
const MOST_RESULTS = 100;

const configurationOf = ({ indexing }: Registry): IndexingConfiguration => indexing.get(KEY) ?? NOTHING;

/** The names of the existing indexes. */
const indexesOf = ({ things, groups }: IndexingConfiguration) => [
  ...(things === 'OFF' ? [] : [THINGS]),
  ...(groups === 'OFF' ? [] : [GROUPS]),
];

function requireIndex(configuration: IndexingConfiguration, name: string): string {
  if (indexesOf(configuration).includes(name)) return name;
  const problem = `Index ${name} does not exist: UpdateIndexingConfiguration makes ${THINGS} and ${GROUPS}`;
  throw new AwsError('ResourceNotFoundException', problem, 404);
}

function sourcesOf({ fleet }: IotCloud): FleetSources {
  if (fleet?.sources) return fleet.sources;
  throw new AwsError('ServiceUnavailableException', 'The index is not open yet: try again', 503);
}

/** A request whose page is named in its body, as `page` reads it. */
function pagedByBody(request: ApiRequest): ApiRequest {
  const { maxResults = MOST_RESULTS, nextToken } = request.body;
  if (!Number.isSafeInteger(maxResults) || Number(maxResults) < 1 || Number(maxResults) > MOST_RESULTS)
    throw invalid(`maxResults must be a number from 1 to ${MOST_RESULTS}`);
  const query = new URLSearchParams({ maxResults: String(maxResults) });
  if (typeof nextToken === 'string') query.set('nextToken', nextToken);
  return { ...request, query };
}

/** AWS shows the shadow as JSON text. */
const shown = ({ shadow, ...document }: ReturnType<typeof thingDocument>) => ({
  ...document,
  ...(shadow && { shadow: JSON.stringify(shadow) }),
});

function search(cloud: IotCloud, request: ApiRequest) {
  const { registry } = cloud;
  const configuration = configurationOf(registry);
  const index = requireIndex(configuration, text(request.body, 'indexName') ?? THINGS);
  const version = text(request.body, 'queryVersion');
  if (version !== undefined && version !== '2017-09-30') throw invalid('queryVersion must be 2017-09-30');
  const { test, fields } = compileQuery(required(request.body, 'queryString'));
  checkFields(fields, index === THINGS ? 'things' : 'groups', configuration);
  const paged = pagedByBody(request);
  if (index === GROUPS) {
    const found = [...registry.groups.values()]
      .map((group) => groupDocument(registry, group))
      .filter((document) => test(fieldsOf(document)));
    const { items, next } = page(paged, found, ({ thingGroupName }) => thingGroupName);
    return { thingGroups: items, nextToken: next };
  }
  const sources = sourcesOf(cloud);
  const found = [...registry.things.values()]
    .map((thing) => thingDocument(thing, configuration, sources))
    .filter((document) => test(fieldsOf(document)));
  const { items, next } = page(paged, found, ({ thingName }) => thingName);
  return { things: items.map(shown), nextToken: next };
}

export const indexingOperations: readonly Operation[] = [
  {
    name: 'GetIndexingConfiguration',
    method: 'GET',
    path: '/indexing/config',
    run: ({ registry }) => shownConfiguration(configurationOf(registry)),
  },
  {
    name: 'UpdateIndexingConfiguration',
    method: 'POST',
    path: '/indexing/config',
    body: ['thingIndexingConfiguration', 'thingGroupIndexingConfiguration'],
    async run({ registry }, { body }) {
      const next = changedConfiguration(configurationOf(registry), body);
      await registry.commit([change('indexing', KEY, next)]);
      return {};
    },
  },
  {
    name: 'ListIndices',
    method: 'GET',
    path: '/indices',
    query: ['maxResults', 'nextToken'],
    run({ registry }, request) {
      const { items, next } = page(request, indexesOf(configurationOf(registry)), (name) => name);
      return { indexNames: items, nextToken: next };
    },
  },
  {
    name: 'DescribeIndex',
    method: 'GET',
    path: '/indices/{indexName}',
    run({ registry }, request) {
      const configuration = configurationOf(registry);
      const indexName = requireIndex(configuration, label(request, 'indexName'));
      const schema = indexName === THINGS ? schemaOf(configuration) : 'THING_GROUPS';
      return { indexName, indexStatus: 'ACTIVE', schema };
    },
  },
  {
    name: 'SearchIndex',
    method: 'POST',
    path: '/indices/search',
    body: ['indexName', 'queryString', 'queryVersion', 'maxResults', 'nextToken'],
    run: search,
  },
];
