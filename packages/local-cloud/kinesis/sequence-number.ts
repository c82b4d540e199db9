// Sequence numbers as Kinesis writes them: 56 digits that grow within a shard.

const HEAD = '4966';
const SHARD_DIGITS = 12;
const DIGITS = 56;
const numberDigits = DIGITS - HEAD.length - SHARD_DIGITS;

/** @param place of the record in its shard, from 1 on */
export function sequenceNumberOf(shard: number, place: number): string {
  return `${HEAD}${String(shard).padStart(SHARD_DIGITS, '0')}${String(place).padStart(numberDigits, '0')}`;
}

/** The place of a record in its shard; undefined for a number that this shard cannot have given. */
export function placeOf(shard: number, sequenceNumber: string): number | undefined {
  const place = Number(sequenceNumber.slice(HEAD.length + SHARD_DIGITS));
  return Number.isSafeInteger(place) && sequenceNumberOf(shard, place) === sequenceNumber ? place : undefined;
}
