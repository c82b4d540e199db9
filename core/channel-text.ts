// Fits text to each channel: names that devices chose cannot disturb a mail, a subject or a text message.

import { asciiUnits } from './unit.ts';

/** SNS accepts a Subject of under 100 printable ASCII characters. */
export const SUBJECT_LENGTH = 99;
/** One SMS part; SNS puts up to ten characters of the topic's display name and `> ` before the text. */
export const SMS_LENGTH = 159 - 12;
const SMS_NAME_LENGTH = 40;
/** Separators, controls and marks that change the direction of text. */
const UNPRINTABLE = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** Escapes characters that act on the display instead of being read. */
export function printable(text: string): string {
  return text
    .toWellFormed()
    .replace(UNPRINTABLE, (character) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`);
}

export function ascii(text: string): string {
  return printable(asciiUnits(text)).replace(/[^ -~]/gu, '?');
}

/** GSM-7 sends brackets, braces, backslash, caret, bar and tilde as two units each, and has no backtick. */
export function gsm7(text: string): string {
  return ascii(text).replace(/[[\]{}\\^|~`]/g, '?');
}

export function shorten(name: string): string {
  return name.length <= SMS_NAME_LENGTH ? name : `${name.slice(0, SMS_NAME_LENGTH - 2)}..`;
}
