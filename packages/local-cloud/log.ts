// What the local cloud tells its operator: one line an event, text for a terminal and JSON for a pipe.

export type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  /** Worth a line on a terminal: a refusal, a device's first connection, a failed delivery. */
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
}

export const silentLog: Log = { info() {}, warn() {}, error() {} };

/** Escapes control characters, so that nothing a client sends can move the operator's cursor. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu, (character) => {
    return `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`;
  });
}

function asText(message: string, fields: Fields): string {
  const details = Object.entries(fields).filter(([, value]) => value !== undefined);
  return printable([message, ...details.map(([name, value]) => `${name}=${String(value)}`)].join(' '));
}

/** Writes to `out`: text when it is a terminal, else one JSON object a line with `level`, `time` and `message`. */
export function createLog(out: { write(text: string): unknown; isTTY?: boolean }, now: () => number): Log {
  const write = (level: string, message: string, fields: Fields = {}) => {
    const line = out.isTTY
      ? asText(level === 'info' ? message : `${level}: ${message}`, fields)
      : JSON.stringify({ level, time: new Date(now()).toISOString(), message, ...fields });
    out.write(`${line}\n`);
  };
  return {
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
  };
}
