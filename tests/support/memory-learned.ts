// What rules have learned, kept in memory as the text that the table would keep.

import { learnedText, readLearned } from '../../core/insight/observe.ts';
import type { LearnedItems, LearnedStore, Remembered } from '../../pipeline/insight-ports.ts';

export interface MemoryLearned extends LearnedStore, LearnedItems {
  /** Writes so far, and the longest text of them. */
  readonly written: { count: number; longest: number };
}

export function memoryLearned(): MemoryLearned {
  const items = new Map<string, Pick<Remembered, 'until' | 'of' | 'entered'> & { readonly text: string }>();
  const written = { count: 0, longest: 0 };
  return {
    written,
    async load(deviceId, ruleId) {
      const found = items.get(`${deviceId}/${ruleId}`);
      const learned = found && readLearned(found.text);
      return found && learned && { learned, until: found.until, of: found.of, entered: found.entered };
    },
    async save(deviceId, ruleId, { learned, until, of, entered }, before) {
      const kept = items.get(`${deviceId}/${ruleId}`);
      if (kept?.until !== before || (kept && kept.entered !== entered)) return false;
      const text = learnedText(learned);
      written.count += 1;
      written.longest = Math.max(written.longest, Buffer.byteLength(text));
      items.set(`${deviceId}/${ruleId}`, { text, until, of, entered });
      return true;
    },
    async restart(deviceId, ruleId, { learned, until, of, entered }) {
      items.set(`${deviceId}/${ruleId}`, { text: learnedText(learned), until, of, entered });
    },
    async enter(deviceId, ruleId, entered) {
      const kept = items.get(`${deviceId}/${ruleId}`);
      if (kept) items.set(`${deviceId}/${ruleId}`, { ...kept, entered });
      return kept !== undefined;
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
