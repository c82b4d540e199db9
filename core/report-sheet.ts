// A report as a page without scripts, in A4 sheets to print or to keep, with the values of the HTTP API.

import type { Checked } from './archive-check.ts';
import type { ArchiveSeal } from './archive-seal.ts';
import type { SourceSpan } from './archive/day-choice.ts';
import type { Outcome, OutcomeCounts } from './prediction-outcome.ts';
import { archiveSealText, checkText, escaped, sealLine, sourceText, type Times } from './report-foot.ts';
import { predictionsPart, totalsPart } from './report-predictions.ts';
import { daysChart } from './report-chart.ts';
import { lengthText, number, table, whoText } from './report-table.ts';

/** A device in the response of GET /reports; times in epoch milliseconds. */
export interface SheetDevice {
  readonly deviceId: string;
  readonly site?: string;
  readonly type?: string;
  readonly calibration?: string;
  readonly month: string;
  readonly timeZone: string;
  readonly from: number;
  readonly to: number;
  readonly isOver: boolean;
  readonly clockChanges: readonly { readonly at: number; readonly before: number; readonly after: number }[];
  readonly limits: { readonly above?: number; readonly below?: number };
  /** Whether a rule predicts the metric now. */
  readonly isPredicted?: boolean;
  readonly report?: SheetReport;
  readonly audit: Checked;
  /** Absent in reports of older versions, which read the tables only. */
  readonly sources?: readonly SourceSpan[];
  /** Absent in reports of versions without seals of the archive. */
  readonly archiveSeal?: ArchiveSeal;
  readonly seal: string;
}

export interface SheetReport {
  readonly metric: string;
  readonly unit?: string;
  readonly spanMs: number;
  readonly measuredMs: number;
  readonly inLimitsMs: number;
  readonly excursions: readonly SheetExcursion[];
  /** Absent in reports of versions without predictions. */
  readonly predictions?: readonly SheetPrediction[];
  readonly outcomes?: OutcomeCounts;
  readonly gaps: readonly { readonly from: number; readonly to: number }[];
  readonly meanKinetic?: {
    readonly celsius: number;
    readonly hours: number;
    readonly activationEnergy: number;
  };
  readonly days: readonly { readonly date: string; readonly min?: number; readonly max?: number }[];
  readonly isToTheWindow: boolean;
}

interface SheetExcursion {
  readonly ruleId: string;
  readonly side: 'above' | 'below';
  readonly limit: number;
  readonly from: number;
  readonly to?: number;
  readonly lastedMs: number;
  readonly worst: number;
  readonly acknowledged?: { readonly by: string; readonly at: number };
  readonly remarks: readonly { readonly by: string; readonly comment?: string }[];
}

export interface SheetPrediction {
  readonly ruleId: string;
  readonly side: 'above' | 'below';
  readonly limit: number;
  readonly announcedAt: number;
  readonly to?: number;
  readonly crossesAt?: number;
  readonly outcome: Outcome;
  readonly crossedAt?: number;
  readonly leadMs?: number;
  readonly acknowledged?: { readonly by: string; readonly at: number };
  readonly remarks: readonly { readonly by: string; readonly comment?: string }[];
}

export interface SheetOptions {
  /** When the report was made; epoch milliseconds. */
  readonly now: number;
  /** Heading level of the sheet's title, below the title of a page that contains it. */
  readonly level?: 1 | 2;
}

/** A complete page. `style`: report-sheet.css. Texts from devices and people are escaped. */
export function reportSheet(devices: readonly SheetDevice[], style: string, options: SheetOptions): string {
  const title = `Record of ${devices[0]?.month ?? ''}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title><style>body{margin:0;background:#e8eeed}@media print{body{background:#fff}}
${style}</style></head>
<body>${devices.map((device) => sheetOf(device, options)).join('\n')}${totalsPart(devices)}</body></html>
`;
}

/** One device's sheet, an `article` styled by report-sheet.css. */
export function sheetOf(device: SheetDevice, { now, level = 1 }: SheetOptions): string {
  const { report } = device;
  const time = timesOf(device.timeZone);
  const name = report
    ? `${report.metric[0]!.toUpperCase()}${report.metric.slice(1).replaceAll('_', ' ')} record`
    : 'Record';
  return `<article class="sheet"><header><div><h${level} class="title">${escaped(name)}</h${level}>
<p>${escaped([device.deviceId, device.site].filter(Boolean).join(', '))}<br><span class="dim">${escaped(monthText(device))}</span></p></div>
<p><small>Made ${escaped(time.full(now))}<br>${escaped(zoneText(device, time))}</small></p></header>
${report ? bodyOf(device, report, time, level + 1) : '<p>Nothing was measured in this month.</p>'}
<div class="seal"><div>${checkText(device.audit, time)}${sourceText(device.sources, time)}${archiveSealText(device.archiveSeal, time)}</div><p>${escaped(device.calibration ? `Calibration: ${device.calibration}` : 'No calibration is noted (attribute calibration of the thing)')}</p></div>
<p class="sign-line">Seen by, date</p>
${sealLine(device)}</article>`;
}

function bodyOf(device: SheetDevice, report: SheetReport, time: Times, level: number): string {
  const part = (title: string) => `<h${level} class="part">${title}</h${level}>`;
  const { excursions, gaps, meanKinetic, spanMs, measuredMs, inLimitsMs } = report;
  const unit = report.unit ? ` ${report.unit}` : '';
  const total = excursions.reduce((sum, { lastedMs }) => sum + lastedMs, 0);
  const open = excursions.filter(({ to }) => to === undefined).length;
  const facts = [
    [
      limitText(device.limits, unit),
      percent(inLimitsMs, measuredMs),
      `${lengthText(inLimitsMs)} of ${lengthText(measuredMs)} measured`,
    ],
    [
      'Excursions',
      String(excursions.length),
      `${lengthText(total)}${open > 0 ? `, ${open} still open` : ''}`,
    ],
    ...(meanKinetic
      ? [
          [
            'Mean kinetic temperature',
            `${meanKinetic.celsius.toFixed(2).replace('-', '−')} °C`,
            `ΔH ${meanKinetic.activationEnergy} kJ/mol, of ${meanKinetic.hours} hourly ${meanKinetic.hours === 1 ? 'mean' : 'means'}`,
          ],
        ]
      : []),
    [
      'Not measured',
      lengthText(spanMs - measuredMs),
      `${percent(spanMs - measuredMs, spanMs)} of ${lengthText(spanMs)}; an hour or longer`,
    ],
  ];
  return `<dl>${facts.map(([term, value, basis]) => `<div><dt>${escaped(term!)}</dt><dd>${escaped(value!)}<small>${escaped(basis!)}</small></dd></div>`).join('')}</dl>
${part('Lowest and highest, day by day')}${dayParts(report.days, device.limits, unit)}
${part('Excursions')}${excursionTable(excursions, unit, time)}
${device.isPredicted || report.predictions?.length ? `${part('Predictions')}${predictionsPart(report, unit, time)}` : ''}
${part('Hours without measurement')}${gapTable(gaps, time)}
${report.isToTheWindow ? '' : '<p class="dim">The windows of some hours are gone; days, worst values and crossings in them are of whole hours.</p>'}`;
}

/** The chart, and its numbers in a table that readers can open. */
function dayParts(days: SheetReport['days'], limits: SheetDevice['limits'], unit: string): string {
  const text = (value: number | undefined) => (value === undefined ? '–' : `${number(value)}${unit}`);
  const rows = days.map(({ date, min, max }) => [date, text(min), text(max)]);
  return `<figure class="strip" tabindex="0">${daysChart(days, limits, unit)}</figure>
<details><summary>As a table</summary>${table(['Day', 'Lowest', 'Highest'], rows, [1, 2])}</details>`;
}

function excursionTable(excursions: readonly SheetExcursion[], unit: string, time: Times): string {
  if (excursions.length === 0) return '<p>None.</p>';
  const rows = excursions.map((each) => {
    const { acknowledged, remarks, to, lastedMs, worst, side, limit } = each;
    const said = remarks.flatMap(({ comment = [] }) => comment).join(' / ');
    return [
      time.full(each.from),
      to === undefined ? 'open' : time.full(to),
      lengthText(lastedMs),
      `${number(worst)}${unit}`,
      `${side} ${number(limit)}${unit} (${each.ruleId})`,
      acknowledged ? `${whoText(acknowledged.by)}, ${time.full(acknowledged.at)}` : 'nobody',
      said || '–',
    ];
  });
  return table(['From', 'To', 'Lasted', 'Worst', 'Limit', 'Acknowledged by', 'Note'], rows, [2, 3]);
}

function gapTable(gaps: SheetReport['gaps'], time: Times): string {
  if (gaps.length === 0) return '<p>None.</p>';
  const rows = gaps.map(({ from, to }) => [time.full(from), time.full(to), lengthText(to - from)]);
  return table(['From', 'To', 'Lasted'], rows, [2]);
}

function percent(part: number, whole: number): string {
  if (whole <= 0) return '–';
  // Rounded down, so that less than the whole is never 100 %.
  const hundredths = Math.floor((part / whole) * 10_000);
  return `${(hundredths / 100).toFixed(2)} %`;
}

function limitText({ above, below }: SheetDevice['limits'], unit: string): string {
  if (above !== undefined && below !== undefined) return `Within ${number(below)} … ${number(above)}${unit}`;
  if (above !== undefined) return `At most ${number(above)}${unit}`;
  return below === undefined ? 'Without excursion (no limit is set)' : `At least ${number(below)}${unit}`;
}

function monthText({ month, isOver }: SheetDevice): string {
  const [year, number_] = month.split('-').map(Number);
  const name = new Date(Date.UTC(year!, number_! - 1, 1)).toLocaleDateString('en-GB', {
    ...{ month: 'long', year: 'numeric', timeZone: 'UTC' },
  });
  return isOver ? name : `${name} (month not over)`;
}

function zoneText({ timeZone, clockChanges }: SheetDevice, time: Times): string {
  const changes = clockChanges.map(
    ({ at, before, after }) =>
      `; the clocks went ${after > before ? 'forward' : 'back'} ${time.full(at)} (UTC${offset(before)} to UTC${offset(after)})`,
  );
  return `Times in ${timeZone}${changes.join('')}`;
}

function offset(minutes: number): string {
  const size = Math.abs(minutes);
  const rest = size % 60 === 0 ? '' : `:${String(size % 60).padStart(2, '0')}`;
  return `${minutes < 0 ? '−' : '+'}${Math.floor(size / 60)}${rest}`;
}

function timesOf(timeZone: string): Times {
  const format = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone, weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' },
    ...{ hour: '2-digit', minute: '2-digit' },
  });
  const date = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone, day: 'numeric', month: 'short', year: 'numeric' },
  });
  return { full: (ms) => format.format(ms), date: (ms) => date.format(ms) };
}
