// Compares a saved report with today's report: by its seal, and for JSON also by its values.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { sealOf, UNSEALED } from '../core/report-seal.ts';
import type { SheetDevice } from '../core/report-sheet.ts';
import { CommandError } from './command-error.ts';

/** A saved report of one device. */
export interface Sealed {
  readonly deviceId: string;
  readonly month: string;
  readonly metric: string | undefined;
  readonly isOver: boolean;
  readonly seal: string;
  /** Only from a report in JSON. */
  readonly entry?: Readonly<Record<string, unknown>>;
}

/** @throws CommandError for a file that cannot be read or has no sealed report */
export function sealedIn(file: string): Sealed[] {
  const text = textOf(file);
  const found = path.extname(file).toLowerCase() === '.json' ? inJson(file, text) : inHtml(text);
  if (found.length > 0) return found;
  throw new CommandError(
    `--verify ${file}: has no sealed report; give a .json or .html that npm run report made`,
  );
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(`--verify ${file}: ${(error as Error).message}`, { cause: error });
  }
}

function inJson(file: string, text: string): Sealed[] {
  let content: { readonly devices?: unknown } | null;
  try {
    content = JSON.parse(text) as typeof content;
  } catch (error) {
    throw new CommandError(`--verify ${file}: ${(error as Error).message}`, { cause: error });
  }
  const devices = Array.isArray(content?.devices) ? (content.devices as Record<string, unknown>[]) : [];
  return devices.flatMap((entry) => {
    const { deviceId, month, isOver, seal, report } = (entry ?? {}) as Partial<SheetDevice>;
    if (deviceId === undefined || month === undefined || seal === undefined) return [];
    return [{ deviceId, month, isOver: isOver === true, seal, metric: report?.metric, entry }];
  });
}

const MARKS =
  /<code data-device="([^"]+)" data-month="([^"]+)" data-metric="([^"]*)" data-over="(true|false)" data-seal="([0-9a-f]{64})">/g;

function inHtml(text: string): Sealed[] {
  return [...text.matchAll(MARKS)].map(([, device, month, metric, over, seal]) => ({
    ...{ deviceId: plain(device!), month: month!, isOver: over === 'true', seal: seal! },
    metric: metric === '' ? undefined : plain(metric!),
  }));
}

const TEXTS: Readonly<Record<string, string>> = {
  ...{ '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" },
};
const plain = (text: string) => text.replaceAll(/&(?:amp|lt|gt|quot|#39);/g, (mark) => TEXTS[mark]!);

/** Whether the saved report equals today's, with a sentence. */
export function verified(
  { deviceId, month, isOver, seal, entry }: Sealed,
  today: SheetDevice,
): { readonly isSame: boolean; readonly text: string } {
  const name = `${deviceId} ${month}`;
  if (entry && sealOf(entry) !== seal)
    return {
      isSame: false,
      text: `${name}: the file was changed after it was made: its values do not match its seal`,
    };
  if (seal === today.seal) return { isSame: true, text: `${name}: the same values as today, seal ${seal}` };
  const where = entry ? `: ${differences(entry, { ...today }).join(', ')}` : '';
  const open = !isOver ? '; the month was not over when it was made' : '';
  return {
    isSame: false,
    text: `${name}: differs from today's report${where}${open}; seal ${seal}, today ${today.seal}`,
  };
}

type Entry = Readonly<Record<string, unknown>>;

/** The names of members that differ, those inside `report` one by one. */
function differences(before: Entry, after: Entry, below = ''): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => {
    if (UNSEALED.has(name)) return [];
    const [a, b] = [before[name], after[name]];
    if (sealOf({ value: a }) === sealOf({ value: b })) return [];
    if (name === 'report' && a && b) return differences(a as Entry, b as Entry, 'report.');
    return [`${below}${name}`];
  });
}
