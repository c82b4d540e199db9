// Signs a digest with ECDSA on P-256: node:crypto signs messages only, and KMS signs digests, too.

import { createECDH, randomBytes, type KeyObject } from 'node:crypto';

/** The order of P-256. https://nvlpubs.nist.gov/nistpubs/SpecialPublications/NIST.SP.800-186.pdf 3.2.1.3 */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const SIZE = 32;

const numberOf = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
const bytesOf = (value: bigint) => Buffer.from(value.toString(16).padStart(SIZE * 2, '0'), 'hex');

/** By Fermat: the order is a prime. */
function inverse(value: bigint): bigint {
  let [result, base] = [1n, value % ORDER];
  for (let exponent = ORDER - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % ORDER;
    base = (base * base) % ORDER;
  }
  return result;
}

/** An INTEGER of DER: without leading zeros, and not negative. */
function integer(value: bigint): Buffer {
  const bytes = bytesOf(value);
  const start = bytes.findIndex((byte) => byte !== 0);
  const short = bytes.subarray(start);
  const content = short[0]! >= 0x80 ? Buffer.concat([Buffer.of(0), short]) : short;
  return Buffer.concat([Buffer.of(0x02, content.length), content]);
}

/** `digest`: 32 bytes. In DER form (RFC 3279, 2.2.3). FIPS 186-5, 6.4.1 */
export function signDigest(key: KeyObject, digest: Uint8Array): Buffer {
  const secret = numberOf(Buffer.from(key.export({ format: 'jwk' }).d!, 'base64url'));
  const z = numberOf(digest);
  for (;;) {
    const k = numberOf(randomBytes(SIZE));
    if (k === 0n || k >= ORDER) continue;
    const curve = createECDH('prime256v1');
    curve.setPrivateKey(bytesOf(k));
    // 04, x and y.
    const r = numberOf(curve.getPublicKey().subarray(1, 1 + SIZE)) % ORDER;
    const s = (inverse(k) * (z + r * secret)) % ORDER;
    if (r === 0n || s === 0n) continue;
    const content = Buffer.concat([integer(r), integer(s)]);
    return Buffer.concat([Buffer.of(0x30, content.length), content]);
  }
}
