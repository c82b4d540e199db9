// Looks at what rules about trends and habits say of a device: learns from each minute once, and remembers from sweep to sweep.

import type { InsightRule } from '../core/alert-rule.ts';
import { beginLearning, observe } from '../core/insight/observe.ts';
import type { SiteDuties } from '../core/insight/site-duties.ts';
import { MINUTE_MS } from '../core/insight/minute.ts';
import type { Outlook } from '../core/outlook.ts';
import type { Recent } from '../core/recent.ts';
import { minutesOf } from '../core/window-minutes.ts';
import type { LearnedStore, Remembered } from './insight-ports.ts';
import type { WindowStore } from './ports.ts';

export interface ForesightParts {
  readonly windows: Pick<WindowStore, 'before'>;
  readonly windowSeconds: number;
  readonly learnedStore: LearnedStore;
  /** By device and rule, remembered from sweep to sweep. */
  readonly progress: Recent<LearningProgress>;
  /** By rule and site. */
  readonly duties: SiteDuties;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export interface Looked {
  readonly rule: InsightRule;
  readonly deviceId: string;
  readonly site?: string | undefined;
}

export interface LearningProgress extends Remembered {
  readonly savedAt: number;
  /** Until when what is kept had learned; undefined where nothing is. */
  readonly stored: number | undefined;
}

/** A minute is looked at once it has been over for so long: what comes later does not change what was learned. */
const CLOSES_AFTER_MS = 60_000;
/** History that a new rule learns from, as far as it is stored. */
const HISTORY_MS = 4 * 86_400_000;
/** What was learned since is learned again after a crash. */
const SAVE_EVERY_MS = 15 * MINUTE_MS;
/** Windows that one look reads at most, in one page of the table. */
const WINDOWS_A_PAGE = 500;
const PAGES_A_LOOK = 8;
/** Nobody is alerted by minutes that are older, such as those that a new rule learns from. */
const NEWS_MS = 15 * MINUTE_MS;

/** What the rule says of the minutes that are over and were not looked at before, oldest first. Rejects with the SDK's error. */
export async function outlooksOf(parts: ForesightParts, looked: Looked): Promise<readonly Outlook[]> {
  const { learnedStore, progress, now } = parts;
  const { rule, deviceId } = looked;
  const key = `${rule.id}/${deviceId}`;
  const known = progress.get(key);
  const before = known?.of === subjectOf(rule) ? known : await recall(parts, looked);
  const { outlooks, ...seen } = await catchUp(parts, looked, before, PAGES_A_LOOK);
  let current: LearningProgress = { ...before, ...seen };
  // While it learns from history, each step is one that people can see, and that no restart repeats.
  const isBehind = before.until < closedUntil(now()) - SAVE_EVERY_MS;
  if (isBehind || Math.abs(now() - current.savedAt) >= SAVE_EVERY_MS) {
    const { learned, until, of, stored } = current;
    const isSaved = await learnedStore.save(deviceId, rule.id, { learned, until, of }, stored);
    // Somebody had it learn anew, or another environment looks after the device: what is kept counts.
    current = isSaved ? { ...current, stored: until, savedAt: now() } : await recall(parts, looked);
  }
  progress.set(key, current);
  return outlooks.filter(({ minute }) => minute >= now() - NEWS_MS);
}

/** The end of the last minute that is looked at now. */
export const closedUntil = (now: number): number =>
  Math.floor((now - CLOSES_AFTER_MS) / MINUTE_MS) * MINUTE_MS;

/** Learns from the minutes since, in `pages` at most, and says what the rule makes of each. Rejects with the SDK's error. */
export async function catchUp(
  { windows, windowSeconds, duties, now }: Omit<ForesightParts, 'progress' | 'learnedStore'>,
  { rule, deviceId, site = '' }: Looked,
  { learned: first, until: from }: Pick<Remembered, 'learned' | 'until'>,
  pages: number,
): Promise<Pick<Remembered, 'learned' | 'until'> & { readonly outlooks: readonly Outlook[] }> {
  const place = `${rule.id}/${site}`;
  const size = windowSeconds * 1000;
  const closed = closedUntil(now());
  const outlooks: Outlook[] = [];
  let [learned, until] = [first, from];
  for (let page = 0; page < pages && until < closed; page += 1) {
    const begin = until;
    const end = Math.min(closed, begin + pageSpan(size));
    const found = await windows.before(deviceId, end, Math.ceil((end - begin) / size));
    const fresh = found.filter(({ windowStart }) => windowStart >= begin);
    for (const seen of minutesOf(fresh, rule)) {
      const observed = observe(rule, learned, seen, (at) => duties.median(place, deviceId, at));
      learned = observed.learned;
      duties.note(place, deviceId, learned.unusual);
      outlooks.push(observed.outlook);
    }
    until = end;
  }
  return { learned, until, outlooks };
}

/** What is kept, or a beginning before the history that there may be. */
async function recall(
  { learnedStore, now }: ForesightParts,
  { rule, deviceId }: Looked,
): Promise<LearningProgress> {
  const known = await learnedStore.load(deviceId, rule.id);
  const of = subjectOf(rule);
  const closed = closedUntil(now());
  // What was learned ahead of the clock was learned by a clock that was wrong.
  if (known?.of === of && known.until <= closed + MINUTE_MS)
    return { ...known, stored: known.until, savedAt: now() };
  return { learned: beginLearning(), until: closed - HISTORY_MS, of, stored: known?.until, savedAt: 0 };
}

/** A rule that is changed to judge something else learns anew. */
export const subjectOf = (rule: InsightRule) =>
  [rule.insight, rule.metric, ...(rule.insight === 'predicted' ? [rule.side] : [])].join(' ');

/** Whole minutes whose windows fit one page, at least one. */
const pageSpan = (size: number) => Math.max(1, Math.floor((WINDOWS_A_PAGE * size) / MINUTE_MS)) * MINUTE_MS;
