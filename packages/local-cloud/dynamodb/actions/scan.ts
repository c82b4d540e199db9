// Scan: all items of a table, an index or a segment of them, in the order of their partitions' hashes.

import { refuse, validationError } from '../error.ts';
import { checkParameters, compileExpressions } from '../requests/expressions.ts';
import {
  problemOfConditions,
  testOfConditions,
  type LegacyConditions,
} from '../requests/legacy-conditions.ts';
import type { Range } from '../store/rows.ts';
import { checkNestedPaths } from '../store/table.ts';
import type { Answer, Context } from './context.ts';
import { pathsOf } from './get-item.ts';
import { checkStartValues } from './query.ts';
import { checkSelect, indexOf, readPage, startKeys, startOf, type PageRequest } from './read-page.ts';

interface Request extends PageRequest {
  readonly ScanFilter?: LegacyConditions;
  readonly ConditionalOperator?: string;
  readonly Segment?: number;
  readonly TotalSegments?: number;
}

function checkSegments({ Segment: segment, TotalSegments: total }: Request): void {
  const missing = (wanted: string, given: string) =>
    validationError(
      `The ${wanted} parameter is required but was not present in the request when ${given} is present`,
    );
  if (segment !== undefined && total === undefined) throw missing('TotalSegments', 'Segment parameter');
  if (total !== undefined && segment === undefined) throw missing('Segment', 'parameter TotalSegments');
  if (segment === undefined || total === undefined || segment < total) return;
  throw validationError(
    'The Segment parameter is zero-based and must be less than parameter TotalSegments: ' +
      `Segment: ${segment} is not less than TotalSegments: ${total}`,
  );
}

/** Segments divide the hashes' first three bytes. */
const HASHES = 2 ** 24;

function hashAt(share: number): Buffer {
  const hash = Buffer.alloc(3);
  hash.writeUIntBE(Math.ceil(HASHES * share), 0, 3);
  return hash;
}

function segmentOf({ Segment: segment = 0, TotalSegments: total = 1 }: Request): Pick<Range, 'from' | 'to'> {
  return {
    from: segment === 0 ? undefined : hashAt(segment / total),
    to: segment + 1 === total ? undefined : hashAt((segment + 1) / total),
  };
}

function checkSegmentStart(request: Request, { after, from, to }: Range): void {
  if (!after) return;
  const [partition] = after.row;
  if (!(from && partition.compare(from) < 0) && !(to && partition.compare(to) >= 0)) return;
  throw validationError(
    'The provided starting key is invalid: Invalid ExclusiveStartKey. ' +
      'Please use ExclusiveStartKey with correct Segment. ' +
      `TotalSegments: ${request.TotalSegments} Segment: ${request.Segment}`,
  );
}

export function scan(context: Context, request: Request): Answer {
  checkParameters(
    request,
    ['ProjectionExpression', 'FilterExpression'],
    ['AttributesToGet', 'ScanFilter', 'ConditionalOperator'],
  );
  const legacyPaths = pathsOf(request.AttributesToGet);
  refuse(problemOfConditions(request.ScanFilter));
  const { ExclusiveStartKey: start, ScanFilter: legacyFilter } = request;
  checkStartValues(start);
  checkSegments(request);
  const { projection, filter, values } = compileExpressions(request);
  checkSelect(request);
  const table = context.tables.get(request.TableName);
  const index = indexOf(request, table);
  if (start && Object.keys(start).length !== startKeys(table, index).length)
    throw validationError(
      `The provided starting key is invalid${index ? '' : ': The provided key element does not match the schema'}`,
    );
  const after = start && startOf(start, table, index);
  const range = { ...segmentOf(request), after, isBackward: false };
  checkSegmentStart(request, range);
  checkNestedPaths(projection?.nestedPaths, table);
  checkNestedPaths(filter?.nestedPaths, table);
  const test = filter?.run ?? (legacyFilter && testOfConditions(legacyFilter, request.ConditionalOperator));
  const paths = projection?.run ?? legacyPaths;
  return readPage(context, request, { table, index, range, filter: test, values, paths });
}
