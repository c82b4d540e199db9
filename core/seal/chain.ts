// Checks a chain of sealed days, and the objects against it: each finding names the day and the object.

import type { Finding, FindingKind } from './findings.ts';
import { headOf, type SealedDay, type SealedObject } from './manifest.ts';
import { isSignedBy, type SealingKey } from './public-key.ts';
import { dayOfManifest, dayOfObject, daysBetween, manifestKey } from './sealed-days.ts';

/** A manifest as it was found. */
export interface FoundManifest {
  /** Such as `seals/2026/11/29.json`. */
  readonly key: string;
  readonly found: SealedDay | { readonly problem: string };
}

export interface SealedUnder extends SealedObject {
  /** The day whose manifest lists it. */
  readonly day: string;
}

export interface CheckedChain {
  readonly findings: readonly Finding[];
  /** The readable days, oldest first. */
  readonly days: readonly SealedDay[];
  /** By key; of an object that two days list, the first. */
  readonly objects: ReadonlyMap<string, SealedUnder>;
}

export interface ChainOptions {
  /** The keys that may have signed. */
  readonly keys: readonly SealingKey[];
  /** A head that was noted elsewhere and must be in the chain. */
  readonly pinned?: string | undefined;
}

type Report = (kind: FindingKind, detail: string, at?: Pick<Finding, 'day' | 'object'>) => void;

export function checkChain(manifests: readonly FoundManifest[], options: ChainOptions): CheckedChain {
  const findings: Finding[] = [];
  const report: Report = (kind, detail, at = {}) => void findings.push({ kind, detail, ...at });
  const sorted = manifests.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const days = sorted.flatMap(({ key, found }) => {
    const day = dayOfManifest(key)!;
    const at = { day, object: key };
    if ('problem' in found) report('unreadable', found.problem, at);
    else if (found.manifest.day !== day)
      report('unreadable', `it holds the manifest of ${found.manifest.day}`, at);
    else return [found];
    return [];
  });
  for (const day of days) checkDay(day, options.keys, report);
  checkLinks(sorted, days, report);
  const { pinned } = options;
  if (pinned !== undefined && !days.some(({ head }) => head === pinned))
    report('pinned', `no day has the head ${pinned}`);
  return { findings, days, objects: objectsOf(days, report) };
}

function checkDay(sealed: SealedDay, keys: readonly SealingKey[], report: Report): void {
  const { manifest, head } = sealed;
  const { day, objects, count, bytes } = manifest;
  const at = { day, object: manifestKey(day) };
  const computed = headOf(manifest);
  if (computed !== head) report('head', `its head should be ${computed}, not ${head}`, at);
  const sum = objects.reduce((total, { size }) => total + size, 0);
  if (count !== objects.length || bytes !== sum)
    report(
      'head',
      `it counts ${count} objects with ${bytes} bytes and lists ${objects.length} with ${sum}`,
      at,
    );
  const key = keys.find(({ fingerprint }) => fingerprint === manifest.key);
  if (!key) report('key', `it was sealed with another key: ${manifest.key}`, at);
  else if (!isSignedBy(key, sealed)) report('signature', 'its signature is wrong', at);
}

/** Gaps, and heads that do not lead from day to day. A day that cannot be read is no gap. */
function checkLinks(manifests: readonly FoundManifest[], days: readonly SealedDay[], report: Report): void {
  const known = new Set(manifests.map(({ key }) => dayOfManifest(key)!));
  const [first, last] = [manifests.at(0), manifests.at(-1)];
  if (!first || !last) return;
  for (const day of daysBetween(dayOfManifest(first.key)!, dayOfManifest(last.key)!))
    if (!known.has(day)) report('gap', 'the day has no manifest', { day, object: manifestKey(day) });
  if (days[0] && days[0].manifest.day === dayOfManifest(first.key) && days[0].manifest.previous !== null)
    report('start', `the manifest follows the head ${days[0].manifest.previous}, which is not here`, {
      day: days[0].manifest.day,
      object: first.key,
    });
  for (const [index, { manifest }] of days.entries()) {
    const before = days[index - 1];
    if (!before || manifest.previous === before.head) continue;
    report(
      'previous',
      `it follows the head ${manifest.previous ?? 'of no day'}; ${before.manifest.day} has ${before.head}`,
      { day: manifest.day, object: manifestKey(manifest.day) },
    );
  }
}

function objectsOf(days: readonly SealedDay[], report: Report): Map<string, SealedUnder> {
  const objects = new Map<string, SealedUnder>();
  for (const { manifest } of days) {
    for (const object of manifest.objects) {
      const at = { day: manifest.day, object: object.key };
      const other = objects.get(object.key);
      const arrived = dayOfObject(object.key);
      if (other) report('twice', `${other.day} has sealed it already`, at);
      else if (arrived === undefined || arrived > manifest.day)
        report('misplaced', `its folder is not of ${manifest.day} or earlier`, at);
      if (!other) objects.set(object.key, { ...object, day: manifest.day });
    }
  }
  return objects;
}

/** An object of the archive compared with what was sealed; undefined if both are equal. */
export function checkObject(found: SealedObject, sealed: SealedUnder): Finding | undefined {
  if (found.size === sealed.size && found.sha256 === sealed.sha256) return undefined;
  return {
    ...{ kind: 'changed', day: sealed.day, object: found.key },
    detail: `it has ${found.size} bytes with the SHA-256 ${found.sha256}; sealed were ${sealed.size} bytes with ${sealed.sha256}`,
  };
}

/** What is sealed and not there, and what is there of a sealed day and not sealed. `keys`: those of the archive. */
export function checkPresence(
  keys: ReadonlySet<string>,
  { objects, days }: Pick<CheckedChain, 'objects' | 'days'>,
): Finding[] {
  const last = days.at(-1)?.manifest.day ?? '';
  const missing = [...objects.values()].filter(({ key }) => !keys.has(key));
  const added = [...keys].filter((key) => !objects.has(key) && (dayOfObject(key) ?? '') <= last);
  return [
    ...missing.map(({ key, day }): Finding => ({
      kind: 'missing',
      day,
      object: key,
      detail: 'the archive has no such object',
    })),
    ...added.map((key): Finding => {
      const day = dayOfObject(key);
      const detail = day === undefined ? 'no day can seal this name' : 'no manifest lists it';
      return { kind: 'added', ...(day !== undefined && { day }), object: key, detail };
    }),
  ];
}
