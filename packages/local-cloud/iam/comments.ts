// Reads the comments of a template, which explain permissions: the YAML parser drops them, so they are read from the text.

const COMMENT_LINE = /^\s*#/;
/** A comment after a value, not inside quotes. */
const COMMENT_BEHIND = /\s#\s\S/;

export interface Comments {
  /** The comment on the line and those right above it; empty without any. @param place such as `template.yaml:123` */
  at(place: string): string;
  /** Whether the line has the text. */
  has(place: string, text: RegExp): boolean;
}

/** @param text the template */
export function commentsOf(text: string): Comments {
  const lines = text.split('\n');
  const lineOf = (place: string) => Number(/:(\d+)$/.exec(place)?.[1] ?? 0) - 1;
  return {
    at(place) {
      const line = lineOf(place);
      let start = line;
      while (COMMENT_LINE.test(lines[start - 1] ?? '')) start -= 1;
      const behind = COMMENT_BEHIND.exec(lines[line] ?? '');
      return [...lines.slice(start, line), behind ? lines[line]!.slice(behind.index) : ''].join(' ').trim();
    },
    has: (place, wanted) => wanted.test(lines[lineOf(place)] ?? ''),
  };
}
