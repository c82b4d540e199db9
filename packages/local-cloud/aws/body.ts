// Reads request bodies: limits their size, decodes `aws-chunked`, and compares every checksum that was sent.

import { createHash, hash, type Hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { AwsError } from '../aws-error.ts';
import {
  checksumAlgorithms,
  checksumLength,
  createDigest,
  isChecksumAlgorithm,
  type ChecksumAlgorithm,
  type Digest,
} from './checksum.ts';
import { decodeChunked } from './chunked.ts';

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64. */
  readonly value: string;
}

export interface Body {
  /** The payload, once; fails at its end when a checksum does not match. */
  readonly data: AsyncIterable<Buffer>;
  /** The checksum that the client gave; complete once `data` is. */
  checksum(): Checksum | undefined;
}

const HEADER_PREFIX = 'x-amz-checksum-';
const header = (req: IncomingMessage, name: string): string | undefined => req.headers[name]?.toString();

const tooLarge = (limit: number) =>
  new AwsError('EntityTooLarge', `Your proposed upload exceeds the maximum allowed size of ${limit} bytes`);

function isChunked(req: IncomingMessage): boolean {
  const coded = (header(req, 'content-encoding') ?? '')
    .split(',')
    .some((part) => part.trim() === 'aws-chunked');
  return coded || Boolean(header(req, 'x-amz-content-sha256')?.startsWith('STREAMING-'));
}

/** The checksum of a body: its value in a header, or the announcement of a trailer. */
function announced(req: IncomingMessage): { algorithm: ChecksumAlgorithm; value?: string } | undefined {
  const given = checksumAlgorithms.filter(
    (algorithm) => req.headers[HEADER_PREFIX + algorithm] !== undefined,
  );
  if (given.length > 1) {
    throw new AwsError(
      'InvalidRequest',
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    );
  }
  const [algorithm] = given;
  if (algorithm) return { algorithm, value: header(req, HEADER_PREFIX + algorithm)! };
  const trailer = header(req, 'x-amz-trailer')?.trim().toLowerCase();
  if (!trailer) return undefined;
  const named = trailer.slice(HEADER_PREFIX.length);
  if (!trailer.startsWith(HEADER_PREFIX) || !isChecksumAlgorithm(named)) {
    throw new AwsError('InvalidRequest', 'The value specified in the x-amz-trailer header is not supported');
  }
  return { algorithm: named };
}

function checkForm(algorithm: ChecksumAlgorithm, value: string): void {
  const bytes = Buffer.from(value, 'base64');
  if (bytes.length !== checksumLength[algorithm] || bytes.toString('base64') !== value) {
    throw new AwsError('InvalidRequest', `Value for ${HEADER_PREFIX}${algorithm} header is invalid.`);
  }
}

function createMd5Check(req: IncomingMessage): { hash: Hash; expected: string } | undefined {
  const expected = header(req, 'content-md5');
  if (expected === undefined) return undefined;
  if (Buffer.from(expected, 'base64').length !== 16) {
    throw new AwsError('InvalidDigest', 'The Content-MD5 you specified was invalid.', 400, {
      'Content-MD5': expected,
    });
  }
  return { hash: createHash('md5'), expected };
}

function sha256Of(req: IncomingMessage): string | undefined {
  const expected = header(req, 'x-amz-content-sha256')?.toLowerCase();
  return expected && /^[0-9a-f]{64}$/.test(expected) ? expected : undefined;
}

function wrongSha256(): AwsError {
  const message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
  return new AwsError('XAmzContentSHA256Mismatch', message);
}

function createSha256Check(req: IncomingMessage): { hash: Hash; expected: string } | undefined {
  const expected = sha256Of(req);
  return expected === undefined ? undefined : { hash: createHash('sha256'), expected };
}

/**
 * Opens the body for streaming; nothing is read before `data` is.
 *
 * @param limit largest payload in bytes
 * @param standard the checksum that is added up where the client sent none
 * @throws AwsError EntityTooLarge, IncompleteBody, BadDigest, InvalidDigest, InvalidRequest, XAmzContentSHA256Mismatch;
 *   all but the last checks from `data`.
 */
export function openBody(req: IncomingMessage, limit: number, standard?: ChecksumAlgorithm): Body {
  const declared = header(req, 'x-amz-decoded-content-length') ?? header(req, 'content-length');
  if (Number(declared) > limit) throw tooLarge(limit);
  const announcement = announced(req);
  if (announcement?.value !== undefined) checkForm(announcement.algorithm, announcement.value);
  const algorithm = announcement?.algorithm ?? standard;
  const digest = algorithm && createDigest(algorithm);
  const [md5, sha256] = [createMd5Check(req), createSha256Check(req)];
  const trailers = new Map<string, string>();
  let checksum: Checksum | undefined;

  function verify(size: number): void {
    if (isChunked(req) && declared !== undefined && size !== Number(declared)) {
      throw new AwsError('IncompleteBody', 'The body is not as long as x-amz-decoded-content-length says');
    }
    if (md5 && md5.hash.digest('base64') !== md5.expected) {
      throw new AwsError('BadDigest', 'The Content-MD5 you specified did not match what we received.');
    }
    if (sha256 && sha256.hash.digest('hex') !== sha256.expected) throw wrongSha256();
    if (announcement && digest) checksum = verifyChecksum(announcement, digest, trailers);
    else if (algorithm && digest) checksum = { algorithm, value: digest.bytes().toString('base64') };
  }

  async function* read(): AsyncGenerator<Buffer> {
    let size = 0;
    for await (const chunk of isChunked(req)
      ? decodeChunked(req, trailers)
      : (req as AsyncIterable<Buffer>)) {
      size += chunk.length;
      if (size > limit) throw tooLarge(limit);
      digest?.update(chunk);
      md5?.hash.update(chunk);
      sha256?.hash.update(chunk);
      yield chunk;
    }
    verify(size);
  }
  return { data: read(), checksum: () => checksum };
}

function verifyChecksum(
  announcement: { algorithm: ChecksumAlgorithm; value?: string },
  digest: Digest,
  trailers: ReadonlyMap<string, string>,
): Checksum {
  const { algorithm } = announcement;
  const expected = announcement.value ?? trailers.get(HEADER_PREFIX + algorithm);
  if (expected === undefined) {
    throw new AwsError('InvalidRequest', `The announced trailer ${HEADER_PREFIX}${algorithm} is missing`);
  }
  checkForm(algorithm, expected);
  const value = digest.bytes().toString('base64');
  if (value !== expected) {
    throw new AwsError(
      'BadDigest',
      `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`,
    );
  }
  return { algorithm, value };
}

/** A plain body, with no checksum but perhaps the payload hash of its signature, as nearly every request has. */
function isPlain(req: IncomingMessage): boolean {
  const { headers } = req;
  return (
    !isChunked(req) &&
    headers['content-md5'] === undefined &&
    headers['x-amz-trailer'] === undefined &&
    !checksumAlgorithms.some((algorithm) => headers[HEADER_PREFIX + algorithm] !== undefined)
  );
}

/** Reads without a stream, which would cost a small request more than everything else that is done to its body. */
async function readPlain(req: IncomingMessage, limit: number): Promise<Buffer> {
  if (Number(header(req, 'content-length')) > limit) throw tooLarge(limit);
  const chunks: Buffer[] = [];
  let size = 0;
  await new Promise<void>((resolve, reject) => {
    req.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) reject(tooLarge(limit));
      else chunks.push(chunk);
    });
    req.on('end', resolve);
    req.on('error', reject);
  });
  const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  const expected = sha256Of(req);
  if (expected !== undefined && hash('sha256', body) !== expected) throw wrongSha256();
  return body;
}

/**
 * Reads the whole body into memory.
 *
 * @throws AwsError as `openBody`; RequestEntityTooLarge-like errors carry the limit in bytes.
 */
export async function readBody(req: IncomingMessage, limit: number): Promise<Buffer> {
  if (isPlain(req)) return readPlain(req, limit);
  const chunks: Buffer[] = [];
  for await (const chunk of openBody(req, limit).data) chunks.push(chunk);
  return Buffer.concat(chunks);
}
