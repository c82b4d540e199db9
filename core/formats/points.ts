// InfluxDB points, which Telegraf writes in JSON and in line protocol: measurement, tags, fields and a time.

import type { Draft, Path, TimeLeaf } from './draft.ts';
import { timeText } from './samples.ts';

export interface Point {
  readonly at: Path;
  readonly measurement: string;
  readonly tags: ReadonlyMap<string, string>;
  readonly fields: readonly { readonly path: Path; readonly name: string; readonly value: unknown }[];
  readonly times: readonly TimeLeaf[];
}

/**
 * One reading per point; the tag `host` is the child. A metric has the name of its field, with the measurement before it if
 * the message has several measurements. Tag values come before both if they distinguish points of one measurement, host
 * and time, such as those of each processor.
 */
export function draftsOfPoints(points: readonly Point[]): Draft[] {
  const isMixed = new Set(points.map(({ measurement }) => measurement)).size > 1;
  const distinguishing = distinguishingTags(points);
  return points.map(({ at, measurement, tags, fields, times }) => {
    const child = tags.get('host');
    const names = distinguishing.get(measurement);
    const values = [...tags].filter(([name]) => names?.has(name)).map(([, value]) => value);
    const before = [...(isMixed ? [measurement] : []), ...values];
    return {
      at,
      ...(child && { child }),
      times,
      values: fields.map(({ path, name, value }) => ({ path, name: [...before, name], value })),
    };
  });
}

/** For each measurement that has a field twice for one host and time, the tags in which its points differ. */
function distinguishingTags(points: readonly Point[]): ReadonlyMap<string, ReadonlySet<string>> {
  const distinguishing = new Map<string, ReadonlySet<string>>();
  for (const [measurement, group] of Map.groupBy(points, (point) => point.measurement)) {
    const keys = group.flatMap(({ tags, times, fields }) =>
      fields.map(({ name }) => JSON.stringify([tags.get('host'), times.map(timeText), name])),
    );
    if (new Set(keys).size === keys.length) continue;
    const values = new Map<string, string[]>();
    for (const { tags } of group) for (const [name, value] of tags) add(values, name, value);
    values.delete('host');
    const differ = [...values].filter(([, found]) => found.length < group.length || new Set(found).size > 1);
    distinguishing.set(measurement, new Set(differ.map(([name]) => name)));
  }
  return distinguishing;
}

function add(values: Map<string, string[]>, name: string, value: string): void {
  const found = values.get(name);
  if (found) found.push(value);
  else values.set(name, [value]);
}
