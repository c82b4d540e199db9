// What rules have learned, kept in memory as the text that the table would keep.

import { learnedText, readLearned } from '../../core/insight/observe.ts';
import type { LearnedItems, LearnedStore } from '../../pipeline/insight-ports.ts';

export interface MemoryLearned extends LearnedStore, LearnedItems {
  /** Writes so far, and the longest text of them. */
  readonly written: { count: number; longest: number };
}

export function memoryLearned(): MemoryLearned {
  const items = new Map<string, { text: string; until: number; of: string }>();
  const written = { count: 0, longest: 0 };
  return {
    written,
    async load(deviceId, ruleId) {
      const found = items.get(`${deviceId}/${ruleId}`);
      const learned = found && readLearned(found.text);
      return found && learned && { learned, until: found.until, of: found.of };
    },
    async save(deviceId, ruleId, { learned, until, of }, before) {
      if (items.get(`${deviceId}/${ruleId}`)?.until !== before) return false;
      const text = learnedText(learned);
      written.count += 1;
      written.longest = Math.max(written.longest, Buffer.byteLength(text));
      items.set(`${deviceId}/${ruleId}`, { text, until, of });
      return true;
    },
    async restart(deviceId, ruleId, { learned, until, of }) {
      items.set(`${deviceId}/${ruleId}`, { text: learnedText(learned), until, of });
    },
    async *all() {
      yield* [...items.keys()].map(keyOf);
    },
    async *of(deviceId) {
      yield* [...items.keys()].map(keyOf).filter((key) => key.deviceId === deviceId);
    },
    async remove({ deviceId, ruleId }) {
      items.delete(`${deviceId}/${ruleId}`);
    },
  };
}

function keyOf(name: string) {
  const [deviceId = '', ruleId = ''] = name.split('/');
  return { deviceId, ruleId };
}
