// Regular expressions that take time linear in the text, in the shape that jsonata expects of an engine.

import { RE2JS } from 're2js';

const patterns = new Map<string, RE2JS>();
const MAX_PATTERNS = 100;

/** RE2, so without backreferences and lookaround; with the members that jsonata uses, `exec` and `lastIndex`. @throws for other patterns */
export class LinearRegExp {
  lastIndex = 0;
  readonly #pattern: RE2JS;

  constructor(pattern: RegExp) {
    this.#pattern = compiled(pattern);
  }

  exec(text: string): (string | undefined)[] | null {
    const matcher = this.#pattern.matcher(text);
    if (!matcher.find(this.lastIndex)) return null;
    this.lastIndex = matcher.end();
    const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, n) => matcher.group(n) ?? undefined);
    return Object.assign(groups, { index: matcher.start() });
  }
}

function compiled({ source, flags }: RegExp): RE2JS {
  const key = `${flags}/${source}`;
  const known = patterns.get(key);
  if (known) return known;
  const options =
    (flags.includes('i') ? RE2JS.CASE_INSENSITIVE : 0) | (flags.includes('m') ? RE2JS.MULTILINE : 0);
  const pattern = RE2JS.compile(RE2JS.translateRegExp(source), options);
  if (patterns.size >= MAX_PATTERNS) patterns.clear();
  patterns.set(key, pattern);
  return pattern;
}
