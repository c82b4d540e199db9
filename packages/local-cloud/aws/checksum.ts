// The checksums that AWS clients send with a body, under the names that their headers use.

import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

export const checksumAlgorithms = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as const;
export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number];

export interface Digest {
  update(chunk: Buffer): void;
  bytes(): Buffer;
}

export function isChecksumAlgorithm(name: string): name is ChecksumAlgorithm {
  return (checksumAlgorithms as readonly string[]).includes(name);
}

function cryptographic(algorithm: string): Digest {
  const hash = createHash(algorithm);
  return { update: (chunk) => hash.update(chunk), bytes: () => hash.digest() };
}

function crc32Digest(): Digest {
  let value = 0;
  return {
    update: (chunk) => {
      value = crc32(chunk, value);
    },
    bytes: () => word(value),
  };
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** One table row per byte value, of a reflected 64-bit polynomial held as two words; a 32-bit one has `high` 0. */
function tableOf(polynomialHigh: number, polynomialLow: number): { high: Uint32Array; low: Uint32Array } {
  const high = new Uint32Array(256);
  const low = new Uint32Array(256);
  for (let index = 0; index < 256; index += 1) {
    let [upper, lower] = [0, index];
    for (let bit = 0; bit < 8; bit += 1) {
      const odd = lower & 1;
      lower = (lower >>> 1) | ((upper & 1) << 31);
      upper >>>= 1;
      if (odd) [upper, lower] = [upper ^ polynomialHigh, lower ^ polynomialLow];
    }
    high[index] = upper;
    low[index] = lower;
  }
  return { high, low };
}

const castagnoli = tableOf(0, 0x82f63b78).low;
const nvme = tableOf(0x9a6c9329, 0xac4bc9b5);

function crc32cDigest(): Digest {
  let value = -1;
  return {
    update(chunk) {
      for (const byte of chunk) value = (value >>> 8) ^ castagnoli[(value ^ byte) & 255]!;
    },
    bytes: () => word(~value),
  };
}

function crc64nvmeDigest(): Digest {
  let [upper, lower] = [-1, -1];
  return {
    update(chunk) {
      for (const byte of chunk) {
        const row = (lower ^ byte) & 255;
        lower = ((lower >>> 8) | (upper << 24)) ^ nvme.low[row]!;
        upper = (upper >>> 8) ^ nvme.high[row]!;
      }
    },
    bytes: () => Buffer.concat([word(~upper), word(~lower)]),
  };
}

const FACTORIES: Readonly<Record<ChecksumAlgorithm, () => Digest>> = {
  crc32: crc32Digest,
  crc32c: crc32cDigest,
  crc64nvme: crc64nvmeDigest,
  sha1: () => cryptographic('sha1'),
  sha256: () => cryptographic('sha256'),
};

/** Length in bytes of each algorithm's value. */
export const checksumLength: Readonly<Record<ChecksumAlgorithm, number>> = {
  crc32: 4,
  crc32c: 4,
  crc64nvme: 8,
  sha1: 20,
  sha256: 32,
};

/** A running checksum; S3's headers carry its bytes in base64. */
export const createDigest = (algorithm: ChecksumAlgorithm): Digest => FACTORIES[algorithm]();

/** Passes `data` on and adds up its checksum: complete, in base64, once all was read. */
export function withChecksum(
  data: AsyncIterable<Buffer>,
  algorithm: ChecksumAlgorithm,
): {
  readonly data: AsyncIterable<Buffer>;
  readonly checksum: () => { algorithm: ChecksumAlgorithm; value: string };
} {
  const digest = createDigest(algorithm);
  async function* read(): AsyncGenerator<Buffer> {
    for await (const chunk of data) {
      digest.update(chunk);
      yield chunk;
    }
  }
  return { data: read(), checksum: () => ({ algorithm, value: digest.bytes().toString('base64') }) };
}
