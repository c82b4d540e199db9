// A report as one CSV table for spreadsheets (RFC 4180): a line a day, an excursion, a prediction, a gap, a check, a source and a summary, by `kind`.

import type { SourceSpan } from './archive/day-choice.ts';
import type { Checked } from './archive-check.ts';
import type { ArchiveSeal } from './archive-seal.ts';
import { countOutcomes, type JudgedAnnouncement } from './prediction-outcome.ts';
import type { DeviceReport } from './report.ts';

export interface ReportHead {
  readonly deviceId: string;
  readonly site?: string | undefined;
  readonly month: string;
  readonly timeZone: string;
  readonly audit: Checked;
  readonly sources: readonly SourceSpan[];
  readonly archiveSeal: ArchiveSeal;
  readonly seal: string;
}

const COLUMNS = [
  ...['kind', 'device', 'site', 'month', 'timeZone', 'metric', 'unit', 'date', 'from', 'to', 'minutes'],
  ...['readings', 'min', 'max', 'mean', 'meanKinetic', 'measuredMinutes', 'inLimitsMinutes'],
  ...['rule', 'severity', 'limit', 'worst', 'acknowledgedBy', 'acknowledgedAt', 'comment'],
  ...['windows', 'differing', 'checkedAt', 'seal'],
  ...['outcome', 'expectedAt', 'crossedAt', 'leadMinutes'],
  ...['announced', 'crossed', 'early', 'averted', 'false', 'open', 'ended', 'source'],
  ...['head', 'key'],
] as const;

type Row = Partial<Readonly<Record<(typeof COLUMNS)[number], string | number | undefined>>>;

/** Times in UTC, ISO 8601; the byte order mark tells spreadsheets that it is UTF-8. */
export function reportCsv(
  reports: readonly (ReportHead & { readonly report?: DeviceReport | undefined })[],
): string {
  const rows = reports.flatMap(({ report, audit, sources, archiveSeal, seal, deviceId, ...head }) =>
    report
      ? [...rowsOf(report, seal), ...checkRows(audit), ...sourceRows(sources), ...sealRows(archiveSeal)].map(
          (row) => ({
            device: deviceId,
            ...head,
            metric: report.metric,
            unit: report.unit,
            ...row,
          }),
        )
      : [],
  );
  const lines = [COLUMNS.join(','), ...rows.map(lineOf)];
  return `\uFEFF${lines.join('\r\n')}\r\n`;
}

function rowsOf({ days, excursions, predictions, gaps, ...report }: DeviceReport, seal: string): Row[] {
  const { readings, min, max, mean, meanKinetic, measuredMs, inLimitsMs } = report;
  return [
    {
      ...{ kind: 'summary', readings, min, max, mean, meanKinetic: meanKinetic?.celsius },
      ...{ measuredMinutes: minutes(measuredMs), inLimitsMinutes: minutes(inLimitsMs), seal },
      ...countOutcomes(predictions),
    },
    ...days.map((day) => ({ kind: 'day', ...day })),
    ...excursions.map(({ from, to, lastedMs, ruleId, severity, limit, worst, acknowledged, remarks }) => ({
      ...{ kind: 'excursion', from: iso(from), to: to && iso(to), minutes: minutes(lastedMs) },
      ...{ rule: ruleId, severity, limit, worst, acknowledgedBy: acknowledged?.by },
      acknowledgedAt: acknowledged && iso(acknowledged.at),
      comment: remarks.flatMap(({ comment = [] }) => comment).join(' / '),
    })),
    ...predictions.map(predictionRow),
    ...gaps.map(({ from, to }) => ({
      kind: 'gap',
      from: iso(from),
      to: iso(to),
      minutes: minutes(to - from),
    })),
  ];
}

function predictionRow(each: JudgedAnnouncement): Row {
  const { announcedAt, to, crossesAt, crossedAt, leadMs, ruleId, severity, limit, outcome } = each;
  const { acknowledged, remarks } = each;
  return {
    ...{
      kind: 'prediction',
      from: iso(announcedAt),
      to: to && iso(to),
      rule: ruleId,
      severity,
      limit,
      outcome,
    },
    minutes: to === undefined ? undefined : minutes(to - announcedAt),
    ...{ expectedAt: crossesAt && iso(crossesAt), crossedAt: crossedAt && iso(crossedAt) },
    leadMinutes: leadMs === undefined ? undefined : minutes(leadMs),
    ...{ acknowledgedBy: acknowledged?.by, acknowledgedAt: acknowledged && iso(acknowledged.at) },
    comment: remarks.flatMap(({ comment = [] }) => comment).join(' / '),
  };
}

function checkRows({ checked, unchecked }: Checked): Row[] {
  const span = ({ from, to }: { readonly from: number; readonly to: number }) => ({
    ...{ from: iso(from), to: iso(to), minutes: minutes(to - from) },
  });
  return [
    ...checked.map(({ windows, differing, checkedTo, ...each }) => ({
      ...{ kind: 'checked', ...span(each), windows, differing, checkedAt: iso(checkedTo) },
    })),
    ...unchecked.map((each) => ({ kind: 'unchecked', ...span(each) })),
  ];
}

const sourceRows = (sources: readonly SourceSpan[]): Row[] =>
  sources.map(({ from, to, source }) => ({
    ...{ kind: 'source', from: iso(from), to: iso(to), minutes: minutes(to - from), source },
  }));

/** Of the archive: a line for what is sealed until when, and one for the rest. */
function sealRows({ sealedTo, head, key, unsealed, problem }: ArchiveSeal): Row[] {
  return [
    ...(sealedTo === undefined ? [] : [{ kind: 'sealed', to: iso(sealedTo), head, key }]),
    ...(unsealed
      ? [{ kind: 'unsealed', from: iso(unsealed.from), to: iso(unsealed.to), comment: problem }]
      : []),
  ];
}

const iso = (ms: number) => new Date(ms).toISOString();
const minutes = (ms: number) => String(Math.round(ms / 600) / 100);

const lineOf = (row: Row) => COLUMNS.map((column) => cell(row[column])).join(',');

/** Text that a spreadsheet would read as a formula gets an apostrophe; negative numbers do not. */
function cell(value: string | number | undefined): string {
  if (value === undefined) return '';
  const text = String(value);
  const isFormula = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text);
  const safe = isFormula ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
