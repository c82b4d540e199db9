// Replaces `template/document.ts` in a world: a template's text is parsed once, whatever its parameters are then.

import { parseTemplate as parse } from '../template/document.ts';

export * from '../template/document.ts';

const parsed = new Map<string, ReturnType<typeof parse>>();

export function parseTemplate(text: string, file: string): ReturnType<typeof parse> {
  const key = `${file}\n${text}`;
  const known = parsed.get(key) ?? parse(text, file);
  parsed.set(key, known);
  return known;
}
