// Explains what to do if the parsed archive is empty, or has a file that cannot be read.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PARSED_AFTER_MS } from '../../core/archive/due-hours.ts';
import { hourFromText, hourText, READINGS_PREFIX } from '../../core/archive/parsed-rows.ts';
import { HOUR_MS } from '../../core/hour.ts';
import type { ListedFile } from './archive-files.ts';

/** The bucket's folder, and the local cloud that writes it. */
export interface ArchivePlace {
  readonly bucket: string;
  /** Absent for a copy of a bucket. */
  readonly local?: { readonly dataDir: string; readonly rawBucket: string };
}

const iso = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');
const minute = (ms: number): string => `${iso(ms).slice(11, 16)} UTC`;

const invokeWith = (event: object, dataDir: string): string => {
  const flag = dataDir === '.tidegate' ? '' : ` --data-dir ${dataDir}`;
  return `echo '${JSON.stringify(event)}' | npm run invoke -- ParseBatchFunction -${flag}`;
};

/** Why there is no file yet, when there will be one, and how to get one now. `now` in epoch milliseconds. */
export function notParsedYet({ bucket, local }: ArchivePlace, now: number): string {
  if (!local)
    return `${bucket} has no files below ${READINGS_PREFIX}: copy the bucket's objects there, for example with aws s3 sync s3://<ParsedBucket> ${bucket}`;
  const first = firstHour(path.join(local.rawBucket, 'raw'));
  if (first === undefined)
    return `nothing is archived in ${local.dataDir} yet: messages are archived 5 minutes after they arrive, and an hour is parsed 10 minutes after its end`;
  const ready = first + HOUR_MS + PARSED_AFTER_MS;
  const begun = `nothing is parsed in ${bucket} yet: the first hour, ${hourText(first)}, `;
  // An hour that is not over is parsed as far as it is archived, and later again by the schedule.
  const event = now < ready ? { from: iso(first), to: 'now' } : {};
  return `${begun}is parsed within an hour after ${minute(ready)}. Parse now:\n  ${invokeWith(event, local.dataDir)}`;
}

/** The oldest hour of arrival in the folders of the raw archive. */
function firstHour(raw: string): number | undefined {
  let folder = raw;
  const parts: string[] = [];
  while (parts.length < 4) {
    const names = existsSync(folder) ? readdirSync(folder).filter((name) => /^\d+$/.test(name)) : [];
    const [name] = names.sort();
    if (name === undefined) return undefined;
    parts.push(name);
    folder = path.join(folder, name);
  }
  const [year, month, day, hour] = parts;
  return hourFromText(`${year}-${month}-${day}T${hour}`);
}

/** How to repair a file that cannot be read. */
export function damaged(file: ListedFile, reason: string, { bucket, local }: ArchivePlace): string {
  const fault = `${file.path} is damaged: ${reason}`;
  if (!local)
    return `${fault}\nCopy the object from the bucket again. If it is damaged there, restore an earlier version of it: the bucket keeps versions.`;
  const hours = hoursOf(bucket, file.partition);
  const [first, last] = [hours[0], hours.at(-1)];
  if (first === undefined || last === undefined)
    return `${fault}\nIt does not belong to any known hour of arrival: move it out of the folder readings/.`;
  const manifests = hours.map((hour) => path.join(bucket, manifestOf(hour)));
  const span = { from: iso(hourFromText(first)), to: iso(hourFromText(last) + HOUR_MS) };
  return [
    `${fault}\nDelete it together with the manifests of its hours, and parse these hours again:`,
    `  rm ${[file.path, ...manifests].join(' ')}`,
    `  ${invokeWith(span, local.dataDir)}`,
  ].join('\n');
}

const manifestOf = (hour: string): string => `hours/${hour.replaceAll(/[-T]/g, '/')}.json`;

/** Hours of arrival that have rows in a partition, such as `2026-12-01T05`, oldest first. */
function hoursOf(bucket: string, partition: string): string[] {
  const folder = path.join(bucket, 'hours');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
    .flatMap(({ parentPath, name }) => {
      const { hour, files } = JSON.parse(readFileSync(path.join(parentPath, name), 'utf8')) as {
        readonly hour: string;
        readonly files: readonly string[];
      };
      return files.some((key) => key.startsWith(`${partition}/`)) ? [hour] : [];
    })
    .sort();
}
