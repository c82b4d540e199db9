// Evaluates rules about trends and habits for a device. It learns from each minute once, and keeps its state between sweeps.

import type { InsightRule } from '../core/alert-rule.ts';
import { beginLearning, observe } from '../core/insight/observe.ts';
import type { SiteDuties } from '../core/insight/site-duties.ts';
import { MINUTE_MS } from '../core/insight/minute.ts';
import type { Outlook } from '../core/outlook.ts';
import type { Recent } from '../core/recent.ts';
import { knownDefrost, type DefrostSchedule } from '../core/rule-data.ts';
import { minutesOf } from '../core/window-minutes.ts';
import type { LearnedStore, Remembered } from './insight-ports.ts';
import type { WindowStore } from './ports.ts';

export interface ForesightParts {
  readonly windows: Pick<WindowStore, 'before'>;
  readonly windowSeconds: number;
  readonly learnedStore: LearnedStore;
  /** By device and rule, kept between sweeps. */
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
  /** The time up to which the stored state has learned; undefined if none is stored. */
  readonly stored: number | undefined;
}

/** A minute is evaluated this long after its end. Later readings do not change what was learned. */
const CLOSES_AFTER_MS = 60_000;
/** How much history a new rule learns from, as far as it is stored. */
const HISTORY_MS = 4 * 86_400_000;
/** How often the state is stored. What was learned since is learned again after a crash. */
const SAVE_EVERY_MS = 15 * MINUTE_MS;
/** The largest number of windows read at once, in one page of the table. */
const WINDOWS_A_PAGE = 500;
const PAGES_A_LOOK = 8;
/** Older minutes, such as those that a new rule learns from, raise no alerts. */
const NEWS_MS = 15 * MINUTE_MS;

/** The rule's findings for finished minutes that were not evaluated before, oldest first. Rejects with the SDK's error. */
export async function outlooksOf(parts: ForesightParts, looked: Looked): Promise<readonly Outlook[]> {
  const { learnedStore, progress, now } = parts;
  const { rule, deviceId } = looked;
  const key = `${rule.id}/${deviceId}`;
  const known = progress.get(key);
  const before = known?.of === subjectOf(rule) ? known : await recall(parts, looked);
  const asked = { ...looked, rule: withEntered(rule, before.entered) };
  const { outlooks, ...seen } = await catchUp(parts, asked, before, PAGES_A_LOOK);
  let current: LearningProgress = { ...before, ...seen };
  // While it learns from history, each step is stored, so that it is visible and not repeated after a restart.
  const isBehind = before.until < closedUntil(now()) - SAVE_EVERY_MS;
  if (isBehind || Math.abs(now() - current.savedAt) >= SAVE_EVERY_MS) {
    const { learned, until, of, entered, stored } = current;
    const isSaved = await learnedStore.save(deviceId, rule.id, { learned, until, of, entered }, stored);
    // A user reset it, or another environment handles the device: the stored state is valid.
    current = isSaved ? { ...current, stored: until, savedAt: now() } : await recall(parts, looked);
  }
  progress.set(key, current);
  return outlooks.filter(({ minute }) => minute >= now() - NEWS_MS);
}

/** The end of the last minute to evaluate now. */
export const closedUntil = (now: number): number =>
  Math.floor((now - CLOSES_AFTER_MS) / MINUTE_MS) * MINUTE_MS;

/** Learns from the minutes since then, in at most `pages` pages, and returns the findings. Rejects with the SDK's error. */
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

/** The stored state, or a new one that starts before the available history. */
async function recall(
  { learnedStore, now }: ForesightParts,
  { rule, deviceId }: Looked,
): Promise<LearningProgress> {
  const known = await learnedStore.load(deviceId, rule.id);
  const of = subjectOf(rule);
  const closed = closedUntil(now());
  // A state that is ahead of the clock was learned with a wrong clock.
  if (known?.of === of && known.until <= closed + MINUTE_MS)
    return { ...known, stored: known.until, savedAt: now() };
  return { ...beginningOf(rule, now()), entered: known?.entered, stored: known?.until, savedAt: 0 };
}

/** The state before the oldest history, with nothing learned yet. `now`: epoch milliseconds. */
export const beginningOf = (rule: InsightRule, now: number): Remembered => ({
  ...{ learned: beginLearning(), until: closedUntil(now) - HISTORY_MS, of: subjectOf(rule) },
});

/** Entered defrosts of a device replace those that its rule names or learns. */
export const withEntered = (rule: InsightRule, entered: DefrostSchedule | undefined): InsightRule =>
  entered && rule.insight === 'predicted' ? { ...rule, defrost: knownDefrost(entered) } : rule;

/** A rule that is changed to watch something else learns again. */
export const subjectOf = (rule: InsightRule) =>
  [rule.insight, rule.metric, ...(rule.insight === 'predicted' ? [rule.side] : [])].join(' ');

/** The number of whole minutes whose windows fit one page, at least one. */
const pageSpan = (size: number) => Math.max(1, Math.floor((WINDOWS_A_PAGE * size) / MINUTE_MS)) * MINUTE_MS;
