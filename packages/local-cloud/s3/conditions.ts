// HTTP's conditional and range requests, as S3 answers them.

import { AwsError } from '../aws-error.ts';
import type { Version } from './record.ts';

export type ReadHeader = (name: string) => string | undefined;

const seconds = (milliseconds: number) => Math.floor(milliseconds / 1000) * 1000;

function names(list: string, etag: string): boolean {
  return list.split(',').some((each) => {
    const tag = each.trim().replace(/^W\//, '');
    return tag === '*' || tag.replace(/^"|"$/g, '') === etag;
  });
}

export const failed = (Condition: string): AwsError =>
  new AwsError('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', 412, {
    Condition,
  });

/**
 * Checks If-Match and its relatives; If-Match decides over the dates, If-None-Match over If-Modified-Since (RFC 9110).
 *
 * @param header reads a header by its name without prefix, such as `if-match`
 * @param prefix of the header's full name, for the error
 * @param now epoch milliseconds: a date after it says nothing (RFC 9110, 13.1.3)
 * @returns false when the answer is 304 Not Modified
 * @throws AwsError PreconditionFailed
 */
export function isWanted(version: Version, header: ReadHeader, now: number, prefix = ''): boolean {
  const [match, noneMatch] = [header('if-match'), header('if-none-match')];
  const modified = seconds(version.lastModified);
  const since = (name: string) => Date.parse(header(name) ?? '');
  if (match !== undefined && !names(match, version.etag)) throw failed(`${prefix}If-Match`);
  if (match === undefined && modified > since('if-unmodified-since'))
    throw failed(`${prefix}If-Unmodified-Since`);
  if (noneMatch !== undefined) return !names(noneMatch, version.etag);
  const limit = since('if-modified-since');
  return limit > now || !(modified <= limit);
}

/** Checks If-Match and If-None-Match of a write. @throws AwsError PreconditionFailed, NoSuchKey */
export function checkWrite(current: Version | undefined, header: ReadHeader): void {
  const [match, noneMatch] = [header('if-match'), header('if-none-match')];
  if (noneMatch !== undefined && noneMatch !== '*') {
    throw new AwsError('NotImplemented', 'If-None-Match of a write must be *', 501);
  }
  if (noneMatch !== undefined && current) throw failed('If-None-Match');
  if (match === undefined) return;
  if (!current) throw new AwsError('NoSuchKey', 'The specified key does not exist.', 404);
  if (!names(match, current.etag)) throw failed('If-Match');
}

/**
 * The bytes of the source that a part is copied from, both ends included; `undefined` for all.
 *
 * @throws AwsError InvalidArgument
 */
export function copyRangeOf(
  header: string | undefined,
  size: number,
): { start: number; end: number } | undefined {
  if (header === undefined) return undefined;
  const [, from, to] = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(header) ?? [];
  const [start, end] = [Number(from), Number(to)];
  if (from === undefined || start > end)
    throw new AwsError(
      'InvalidArgument',
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
    );
  if (end >= size)
    throw new AwsError('InvalidArgument', `Range specified is not valid for source object of size: ${size}`);
  return { start, end };
}

/**
 * The bytes that a Range header asks for, both ends included; `undefined` for all, also when it is not understood.
 *
 * @throws AwsError InvalidRange
 */
export function rangeOf(
  header: string | undefined,
  size: number,
): { start: number; end: number } | undefined {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '') ?? [];
  if (from === '' && to === '') return undefined;
  const start = from === '' ? Math.max(size - Number(to), 0) : Number(from);
  const end = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (from !== '' && to !== '' && Number(to) < start) return undefined;
  if (start > end)
    throw new AwsError('InvalidRange', 'The requested range is not satisfiable', 416, {
      ...{ RangeRequested: header?.trim() ?? '', ActualObjectSize: String(size) },
    });
  return { start, end };
}
