// Maps the key of an object to its path on disk: the key itself if it is a safe path, else in hex.

import { createHash } from 'node:crypto';
import { AwsError } from '../aws-error.ts';

const BUCKET_NAME = /^(?=.{3,63}$)(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]*[a-z0-9]$/;

/**
 * @throws AwsError InvalidBucketName
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
 */
export function requireBucketName(name: string): void {
  if (!BUCKET_NAME.test(name)) throw new AwsError('InvalidBucketName', 'The specified bucket is not valid.');
}

const MAX_KEY_BYTES = 1_024;

/** @throws AwsError KeyTooLongError, InvalidURI */
export function requireKey(key: string): void {
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw new AwsError('KeyTooLongError', 'Your key is too long');
  if (!key || !key.isWellFormed()) throw new AwsError('InvalidURI', "Couldn't parse the specified URI.");
}

/** The folder, inside a bucket's, of objects whose keys are not safe paths. */
export const ENCODED_FOLDER = '%keys';

const MAX_SEGMENT_BYTES = 255;
const IS_WINDOWS = process.platform === 'win32';
/** A backslash separates folders on Windows; elsewhere it is kept out so that data can move there. */
const UNSAFE = IS_WINDOWS ? /[\p{Cc}\\<>:"|?*]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/iu : /[\p{Cc}\\]/u;

function isPlain(segment: string): boolean {
  if (segment === '' || segment === '.' || segment === '..' || UNSAFE.test(segment)) return false;
  return Buffer.byteLength(segment) <= MAX_SEGMENT_BYTES;
}

/** The path of `key` inside its bucket, in segments; `undefined` when a file of that name is impossible or unsafe. */
export function plainPathOf(key: string): string[] | undefined {
  const segments = key.split('/');
  return segments[0] !== ENCODED_FOLDER && segments.every(isPlain) ? segments : undefined;
}

const HEX_PER_SEGMENT = 200;

/** The path, inside `ENCODED_FOLDER`, of any key: hex in pieces, of which the folders end in `+`. */
export function encodedPathOf(key: string): string[] {
  const pieces = Buffer.from(key)
    .toString('hex')
    .match(new RegExp(`.{1,${HEX_PER_SEGMENT}}`, 'g'))!;
  return pieces.map((piece, index) => (index < pieces.length - 1 ? `${piece}+` : piece));
}

/** The key that `encodedPathOf` encoded; `undefined` for a file that another program put there. */
export function keyOfEncoded(segments: readonly string[]): string | undefined {
  const key = Buffer.from(segments.join('').replaceAll('+', ''), 'hex').toString('utf8');
  return key && encodedPathOf(key).join('/') === segments.join('/') ? key : undefined;
}

/** The name under which everything else about `key` is stored. */
export const recordNameOf = (key: string): string => createHash('sha256').update(key).digest('hex');

const BEYOND_ASCII = /[\uD800-\uFFFF]/;

/** S3 lists keys by their UTF-8 bytes; UTF-16 differs from that beyond U+D7FF only. */
export function compareKeys(a: string, b: string): number {
  if (BEYOND_ASCII.test(a) && BEYOND_ASCII.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
