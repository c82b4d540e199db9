// DescribeTable, ListTables and DeleteTable.

import { notFound, validationError } from '../error.ts';
import type { Table } from '../store/table.ts';
import type { Answer, Context } from './context.ts';

interface Named {
  readonly TableName: string;
}

const DEFAULT_LIMIT = 100;

/** @throws ResourceNotFoundException that names the table */
export function namedTable({ tables }: Context, name: string): Table {
  const table = tables.find(name);
  if (!table) throw notFound(`Requested resource not found: Table: ${name} not found`);
  return table;
}

export function describeTable(context: Context, { TableName: name }: Named): Answer {
  return { Table: namedTable(context, name).description };
}

interface ListRequest {
  readonly Limit?: number;
  readonly ExclusiveStartTableName?: string;
}

export function listTables({ tables }: Context, request: ListRequest): Answer {
  const { Limit: limit = DEFAULT_LIMIT, ExclusiveStartTableName: start } = request;
  const bytes = Buffer.from(start ?? '');
  const names = tables.names().filter((name) => start === undefined || bytes.compare(Buffer.from(name)) < 0);
  const shown = names.slice(0, limit);
  return { TableNames: shown, LastEvaluatedTableName: names.length > limit ? shown.at(-1) : undefined };
}

export function deleteTable(context: Context, { TableName: name }: Named): Answer {
  const table = namedTable(context, name);
  if (table.description['DeletionProtectionEnabled'] === true)
    throw validationError(
      'Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.',
    );
  context.tables.delete(table);
  const { GlobalSecondaryIndexes: _indexes, ...rest } = table.description;
  return { TableDescription: { ...rest, TableStatus: 'DELETING' } };
}
