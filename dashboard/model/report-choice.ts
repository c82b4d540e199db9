// Reads the report's parameters from the address, and summarizes a report in one sentence.

import type { SheetDevice } from '../../core/report-sheet.ts';
import type { Device } from './api-types.ts';
import { capital, nameText, plural } from './format.ts';
import type { Route } from './route.ts';

const KINDS = ['device', 'site', 'group'] as const;
type Kind = (typeof KINDS)[number];
const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/;

export interface ReportChoice {
  /** Absent if the address names nothing and there are no devices. */
  readonly of?: { readonly kind: Kind; readonly name: string };
  /** Such as `2026-11`. */
  readonly month: string;
  readonly metric?: string;
}

export const monthOfTime = (now: number) => {
  const date = new Date(now);
  return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}`;
};

/** Defaults: the first site, or the first device if there are no sites, and the current month. */
export function reportChoiceOf(
  { query }: Pick<Route, 'query'>,
  devices: readonly Device[],
  now: number,
): ReportChoice {
  const asked = KINDS.flatMap((kind) => {
    const name = query[kind];
    return name ? [{ kind, name }] : [];
  });
  const [site] = sitesOf(devices);
  const [device] = devices;
  const first = site
    ? { kind: 'site' as const, name: site }
    : device && { kind: 'device' as const, name: device.deviceId };
  const of = asked[0] ?? first;
  const { month, metric } = query;
  return {
    ...(of && { of }),
    month: month && MONTH.test(month) ? month : monthOfTime(now),
    ...(metric && { metric }),
  };
}

export const sitesOf = (devices: readonly Device[]) =>
  [...new Set(devices.flatMap(({ site = [] }) => site))].sort();
export const groupsOf = (devices: readonly Device[]) =>
  [...new Set(devices.flatMap(({ groups = [] }) => groups))].sort();

/** The query parameters of GET /reports. */
export const queryOfChoice = ({ of, month, metric }: ReportChoice) => ({
  ...(of && { [of.kind]: of.name }),
  month,
  metric,
});

export const fileNameOf = ({ of, month }: ReportChoice, ending: string) =>
  `report-${(of?.name ?? 'all').replaceAll(/[^A-Za-z0-9_-]+/g, '-')}-${month}.${ending}`;

/** `Seattle: two excursions, on one of five devices`. */
export function findingOf({ of }: ReportChoice, devices: readonly SheetDevice[]): string {
  const name = of?.kind === 'device' ? nameText(of.name) : capital(of?.name ?? '');
  const measured = devices.filter(({ report }) => report);
  if (measured.length === 0) return `${name}: nothing was measured`;
  const hit = measured.filter(({ report }) => report!.excursions.length > 0);
  const count = hit.reduce((sum, { report }) => sum + report!.excursions.length, 0);
  if (count === 0) return `${name}: no excursion`;
  const found = `${name}: ${plural(count, 'excursion')}`;
  return devices.length === 1 ? found : `${found}, on ${hit.length} of ${devices.length} devices`;
}
