// What is known of the members of lines by name: where their values go, and which one comes next, because most lines are alike.

import { take } from './arena.ts';
import { NAME_BYTES, NAME_LENGTH, NAME_OWN, NOWHERE, NUMBER_METRIC } from './layout.ts';
import { nameOf } from './names.ts';
import { createTable } from './table.ts';
import { hashOf, isSame, plainEnd } from './text.ts';

// What a name has besides: the member that came after it last time, and the last line that had it; then its use, which is
// nothing while it is new, and the slots of its value if it is a text, or a number.
const NEXT = NAME_OWN;
const LINE = NAME_OWN + 4;
const IS_LEARNT = NAME_OWN + 8;
const TEXT_SLOT = NAME_OWN + 12;
const NUMBER_SLOT = NAME_OWN + 16;

const MAX_MEMBERS = 1000;
const MAX_NAME_LENGTH = 64;
/** The quotes and the colon, which are kept with the name. */
const MARKS = 3;

const QUOTE: u8 = 0x22;
const COLON: u8 = 0x3a;

const members = createTable(MAX_MEMBERS);
/** The one before all. */
export const noMember: usize = take(NAME_BYTES);

/** The member whose name, quotes and colon are at `at`, which mostly is the one that came last time; 0 when there is none. */
export function memberAt(at: usize, before: usize): usize {
  const next = load<usize>(before, NEXT);
  if (next !== 0 && isSame(at, next + NAME_BYTES, lengthOf(next))) return next;
  const member = find(at);
  if (member !== 0) store<usize>(before, member, NEXT);
  return member;
}

function find(at: usize): usize {
  if (load<u8>(at) !== QUOTE) return 0;
  const end = plainEnd(at + 1);
  const length = i32(end - at - 1);
  if (length < 1 || length > MAX_NAME_LENGTH || load<u8>(end) !== QUOTE || load<u8>(end, 1) !== COLON)
    return 0;
  const member = nameOf(members, hashOf(at, length + MARKS), at, length + MARKS);
  if (member !== 0 && load<i32>(member, IS_LEARNT) === 0) {
    learn(member, NOWHERE, isMetricName(at + 1, length) ? NUMBER_METRIC : NOWHERE);
  }
  return member;
}

/** Says where the values of the member go, whose name, quotes and colon are at `at`. */
export function defineMember(at: usize, length: i32, textSlot: i32, numberSlot: i32): void {
  learn(nameOf(members, hashOf(at, length), at, length), textSlot, numberSlot);
}

function learn(member: usize, textSlot: i32, numberSlot: i32): void {
  store<i32>(member, 1, IS_LEARNT);
  store<i32>(member, textSlot, TEXT_SLOT);
  store<i32>(member, numberSlot, NUMBER_SLOT);
}

/** Whether the line does not have it yet; from then on it has. */
export function isFirstIn(line: i32, member: usize): bool {
  const last = load<i32>(member, LINE);
  store<i32>(member, line, LINE);
  return last !== line;
}

/** Of the name with its quotes and colon. */
export function lengthOf(member: usize): i32 {
  return load<i32>(member, NAME_LENGTH);
}

export function textSlotOf(member: usize): i32 {
  return load<i32>(member, TEXT_SLOT);
}

export function numberSlotOf(member: usize): i32 {
  return load<i32>(member, NUMBER_SLOT);
}

/** Letters, digits and underscores, a letter first. */
function isMetricName(at: usize, length: i32): bool {
  if (!isLetter(load<u8>(at))) return false;
  for (let i = 1; i < length; i += 1) {
    const byte = load<u8>(at + i);
    if (!isLetter(byte) && !isDigit(byte) && byte !== 0x5f) return false;
  }
  return true;
}

function isLetter(byte: u8): bool {
  return u8((byte | 0x20) - 0x61) < 26;
}

function isDigit(byte: u8): bool {
  return u8(byte - 0x30) < 10;
}
