// A reading that arrives twice must be counted once, so a window remembers each by eight bytes.

import { hash } from 'node:crypto';

const BYTES = 8;

/**
 * Eight bytes of SHA-256, as 16 hexadecimal digits. Each byte keeps seven bits and so is one ASCII character: some
 * emulators of DynamoDB compare binary values as text and treat all bytes that are not valid UTF-8 as equal.
 * With 56 bits, the chance that any two of 10,000 readings of one window collide is below one in a thousand million.
 */
export function fingerprint(text: string): string {
  const bytes = hash('sha256', text, 'buffer').subarray(0, BYTES);
  for (let i = 0; i < BYTES; i++) bytes[i] = bytes[i]! & 0x7f;
  return bytes.toString('hex');
}
