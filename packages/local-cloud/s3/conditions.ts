// HTTP's conditional and range requests, as S3 answers them.

import { AwsError } from '../aws-error.ts';
import { invalidArgument } from './error-details.ts';
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
 * Checks If-Match and related headers; If-Match overrides If-Unmodified-Since, If-None-Match overrides If-Modified-Since (RFC 9110).
 *
 * @param header reads a header by its name without prefix, such as `if-match`
 * @param prefix of the header's full name, for the error
 * @param now epoch milliseconds: a later date is ignored (RFC 9110, 13.1.3)
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

const notAccepted = (Header: string, additionalMessage: string) =>
  new AwsError('NotImplemented', 'A header you provided implies functionality that is not implemented', 501, {
    Header,
    additionalMessage,
  });

const noSuchKey = () => new AwsError('NoSuchKey', 'The specified key does not exist.', 404);

/** What happened to the key since its upload began. */
export interface UploadTime {
  /** Epoch milliseconds. */
  readonly initiated: number;
  readonly removedSince?: true;
}

function requireUnchanged(Condition: string, changed: boolean): void {
  if (!changed) return;
  throw new AwsError(
    'ConditionalRequestConflict',
    'The conditional request cannot succeed due to a conflicting operation against this resource.',
    409,
    { Condition },
  );
}

/**
 * Checks If-Match and If-None-Match of a write.
 *
 * @param upload of a multipart upload: what changed the key since then is a conflict, even if the condition holds
 * @throws AwsError PreconditionFailed, NoSuchKey, ConditionalRequestConflict, NotImplemented
 */
export function checkWrite(current: Version | undefined, header: ReadHeader, upload?: UploadTime): void {
  const [match, noneMatch] = [header('if-match'), header('if-none-match')];
  if (match !== undefined && noneMatch !== undefined)
    throw notAccepted(
      'If-Match,If-None-Match',
      'Multiple conditional request headers present in the request',
    );
  if (noneMatch !== undefined && noneMatch !== '*')
    throw notAccepted(
      'If-None-Match',
      "We don't accept the provided value of If-None-Match header for this API",
    );
  if (match === '*')
    throw notAccepted('If-Match', "We don't accept the provided value of If-Match header for this API");
  if (noneMatch !== undefined) {
    if (current) throw failed('If-None-Match');
    requireUnchanged('If-None-Match', upload?.removedSince === true);
  }
  if (match === undefined) return;
  if (!current) throw noSuchKey();
  if (!names(match, current.etag)) throw failed('If-Match');
  requireUnchanged('If-Match', upload !== undefined && current.lastModified > upload.initiated);
}

/** Checks If-Match of a delete, where `*` stands for any object. @throws AwsError PreconditionFailed */
export function checkDelete(current: Version | undefined, match: string | undefined): void {
  if (match !== undefined && !(current && names(match, current.etag))) throw failed('If-Match');
}

/**
 * The bytes of the source that a part is copied from, both ends included; `undefined` for all.
 *
 * @throws AwsError InvalidArgument, InvalidRequest
 */
export function copyRangeOf(
  header: string | undefined,
  size: number,
): { start: number; end: number } | undefined {
  if (header === undefined) return undefined;
  const [, from, to] = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(header) ?? [];
  const [start, end] = [Number(from), Number(to)];
  const invalid = (message: string) => invalidArgument(message, 'x-amz-copy-source-range', header);
  if (from === undefined || start > end)
    throw invalid(
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
    );
  if (start >= size)
    throw new AwsError('InvalidRequest', 'The specified copy range is invalid for the source object size');
  if (end >= size) throw invalid(`Range specified is not valid for source object of size: ${size}`);
  return { start, end };
}

/**
 * The bytes of a Range header, both ends included; `undefined` for all, also for an invalid header.
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
