// The partition keys of the template's tables and indexes, which conditions on dynamodb:LeadingKeys compare.

import type { ResolvedTemplate } from '../template/resolved.ts';

/** `table` or `table/index`, and the partition key. */
export type KeyNames = readonly (readonly [string, string])[];

type Properties = Readonly<Record<string, unknown>>;

function hashOf({ KeySchema: schema }: Properties): string | undefined {
  const keys = Array.isArray(schema) ? (schema as readonly Properties[]) : [];
  const hash = keys.find(({ KeyType: type }) => type === 'HASH')?.['AttributeName'];
  return typeof hash === 'string' ? hash : undefined;
}

export function keyNamesOf(template: ResolvedTemplate): KeyNames {
  return template.ofType('AWS::DynamoDB::Table').flatMap(({ name, properties }) => {
    const indexes = ['GlobalSecondaryIndexes', 'LocalSecondaryIndexes'].flatMap((kind) => {
      const list = properties[kind];
      return Array.isArray(list) ? (list as readonly Properties[]) : [];
    });
    const all = [
      [name, hashOf(properties)] as const,
      ...indexes.map((index) => [`${name}/${String(index['IndexName'])}`, hashOf(index)] as const),
    ];
    return all.flatMap(([place, hash]) => (hash === undefined ? [] : [[place, hash] as const]));
  });
}
