// The log: one line per event, text for a terminal and JSON for a pipe.

export type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

/** A terminal shows `inWords` instead of message and fields. */
type Write = (message: string, fields?: Fields, inWords?: string) => void;

export interface Log {
  /** Worth a line on a terminal: a refusal, a device's first connection, a failed delivery. */
  info: Write;
  warn: Write;
  error: Write;
}

export const silentLog: Log = { info() {}, warn() {}, error() {} };

/**
 * Characters that do not appear as themselves: controls (C0, C1), line and paragraph separators, changes of the writing
 * direction, lone surrogates, and invisible characters, which can hide or split text.
 */
const UNSEEN =
  /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}\u200B\u2060-\u2064\u206A-\u206F\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E007F}]/gu;
/** Most text has none; this quick check finds that out. */
const IS_PLAIN = /^[\x20-\x7E]*$/;

const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

/**
 * Escapes those characters as JSON does, so that nothing a client sends can move the operator's cursor, begin a new line, or
 * read backwards. Use it for everything from outside that goes to a terminal or a log.
 */
export function printable(text: string): string {
  if (IS_PLAIN.test(text)) return text;
  return text.replace(UNSEEN, (character) => character.split('').map(escaped).join(''));
}

/** As `printable`, for text of many lines: line ends and tabs stay. */
export const printableLines = (text: string): string => text.replace(/[^\n\t]+/g, printable);

function asText(message: string, fields: Fields): string {
  const details = Object.entries(fields).filter(([, value]) => value !== undefined);
  return [message, ...details.map(([name, value]) => `${name}=${String(value)}`)].join(' ');
}

const DEFAULT_COLUMNS = 80;

/** Breaks a line between words, so that none is cut at the edge of the terminal; what follows is indented by `indent`. */
function wrap(text: string, columns: number, indent: number): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = lines.length > 0 ? `${lines.at(-1)} ${word}` : word;
    if (lines.length === 0 || longer.length <= columns) lines.splice(-1, 1, longer);
    else lines.push(' '.repeat(indent) + word);
  }
  return lines.join('\n');
}

interface LogOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Writes to `out`: text when it is a terminal, else one JSON object a line with `level`, `time` and `message`. */
export function createLog(out: LogOutput, now: () => number): Log {
  const forTerminal = (level: string, message: string, fields: Fields, inWords?: string) => {
    const prefix = level === 'info' ? '' : `${level}: `;
    const line = printable(prefix + (inWords ?? asText(message, fields)));
    return inWords === undefined ? line : wrap(line, out.columns || DEFAULT_COLUMNS, prefix.length);
  };
  // The escapes of `printable` are JSON's own.
  const forPipe = (level: string, message: string, fields: Fields) =>
    printable(JSON.stringify({ level, time: new Date(now()).toISOString(), message, ...fields }));
  const write =
    (level: string): Write =>
    (message, fields = {}, inWords) =>
      void out.write(`${(out.isTTY ? forTerminal : forPipe)(level, message, fields, inWords)}\n`);
  return { info: write('info'), warn: write('warn'), error: write('error') };
}
