// Finds the bytes of an object for a read: all, a range, or a part of its multipart upload.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html

import { AwsError } from '../aws-error.ts';
import { rangeOf } from './conditions.ts';
import type { Version } from './record.ts';
import { headerOf, numberOf, type S3Request } from './request.ts';

export interface Bytes {
  /** Both ends included; absent for the whole object without a range. */
  readonly range?: { readonly start: number; readonly end: number };
  /** The checksum of these bytes, where it is known. */
  readonly checksum?: Version['checksum'];
  /** Of a read by part, of an object that has parts. */
  readonly partsCount?: number;
}

function noSuchPart(number: number, count: number): AwsError {
  return new AwsError('InvalidPartNumber', 'The requested partnumber is not satisfiable', 416, {
    ActualPartCount: String(count),
    PartNumberRequested: String(number),
  });
}

/** An object that was put in one request is one part. */
function partOf({ parts, size, checksum }: Version, number: number): Bytes {
  if (parts === undefined) {
    if (number !== 1) throw noSuchPart(number, 1);
    return size === 0 ? { checksum } : { range: { start: 0, end: size - 1 }, checksum };
  }
  const part = parts[number - 1];
  if (!part) throw noSuchPart(number, parts.length);
  const start = parts.slice(0, number - 1).reduce((sum, each) => sum + each.size, 0);
  const ofPart = checksum && part.checksum !== undefined && { ...checksum, value: part.checksum };
  return {
    ...(part.size > 0 && { range: { start, end: start + part.size - 1 } }),
    checksum: ofPart || undefined,
    partsCount: parts.length,
  };
}

/** @throws AwsError InvalidRange, InvalidRequest, InvalidPartNumber, InvalidArgument */
export function chooseBytes(request: S3Request, version: Version): Bytes {
  const header = headerOf(request, 'range');
  const number = numberOf(request, 'partNumber', 0, Number.MAX_SAFE_INTEGER);
  if (number > 0) {
    if (header !== undefined)
      throw new AwsError('InvalidRequest', 'Cannot specify both Range header and partNumber query parameter');
    return partOf(version, number);
  }
  const range = rangeOf(header, version.size);
  const isWhole = !range || range.end - range.start + 1 === version.size;
  return { range, checksum: isWhole ? version.checksum : undefined };
}
