// The expected texts of a report, computed only from archived lines and without the product's code.

export interface ArchivedReading {
  /** Epoch milliseconds. */
  readonly timestamp: number;
  readonly temperature: number;
}

/** Texts exactly as on the sheet. */
export interface Printed {
  /** Name, value and subject. */
  readonly facts: readonly (readonly [name: string, figure: string, basis: string])[];
  readonly days: readonly (readonly string[])[];
  readonly excursions: readonly (readonly string[])[];
  readonly gaps: readonly (readonly string[])[];
}

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
const WINDOW = 10_000;
const TIME = new Intl.DateTimeFormat('en-GB', {
  ...{ timeZone: 'UTC', weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' },
  ...{ hour: '2-digit', minute: '2-digit' },
});

type Span = readonly [from: number, to: number];

/** The month in UTC as far as it has passed; a rule that is raised above `above` and cleared under `clearBelow`. */
export function printedOf(
  archived: readonly ArchivedReading[],
  month: { readonly from: number; readonly until: number },
  rule: { readonly id: string; readonly above: number; readonly clearBelow: number },
): Printed {
  const { from, until } = month;
  const all = archived.toSorted((a, b) => a.timestamp - b.timestamp);
  const inMonth = all.filter(({ timestamp }) => timestamp >= from && timestamp < until);
  const gaps = gapsIn(inMonth, [from, until]);
  const excursions = excursionsIn(all, rule).filter(([[begin, end]]) => begin < until && end > from);
  const clipped = excursions.map(([[begin, end]]): Span => [Math.max(begin, from), Math.min(end, until)]);
  const notMeasured = lengthOf(gaps);
  const measured = until - from - notMeasured;
  const inLimits = until - from - lengthOf([...gaps, ...clipped]);
  const hours = Map.groupBy(inMonth, ({ timestamp }) => Math.floor(timestamp / HOUR));
  return {
    facts: [
      ['Within \u22121 … 8', percent(inLimits, measured), `${time(inLimits)} of ${time(measured)} measured`],
      ['Excursions', String(excursions.length), time(clipped.reduce((sum, [a, b]) => sum + b - a, 0))],
      [
        'Mean kinetic temperature',
        `${meanKinetic([...hours.values()].map(meanOf)).toFixed(2)} °C`,
        `ΔH 83.144 kJ/mol, of ${hours.size} hourly means`,
      ],
      [
        'Not measured',
        time(notMeasured),
        `${percent(notMeasured, until - from)} of ${time(until - from)}; an hour or longer`,
      ],
    ],
    days: daysOf(inMonth, month),
    excursions: excursions.map(([[begin, end], worst], index) => [
      ...[TIME.format(begin), TIME.format(end), time(clipped[index]![1] - clipped[index]![0])],
      ...[String(worst), `above ${rule.above} (${rule.id})`, 'nobody', '–'],
    ]),
    gaps: gaps.map(([begin, end]) => [TIME.format(begin), TIME.format(end), time(end - begin)]),
  };
}

function gapsIn(readings: readonly ArchivedReading[], [from, until]: Span): Span[] {
  const times = [from, ...readings.map(({ timestamp }) => timestamp), until];
  return times
    .slice(1)
    .flatMap((to, index): Span[] => (to - times[index]! >= HOUR ? [[times[index]!, to]] : []));
}

/** From the window of the first reading beyond the limit to that of the first that is back; of one reading a window. */
function excursionsIn(
  readings: readonly ArchivedReading[],
  { above, clearBelow }: { readonly above: number; readonly clearBelow: number },
): [Span, worst: number][] {
  const found: [Span, worst: number][] = [];
  let begun: { readonly at: number; readonly worst: number } | undefined;
  for (const { timestamp, temperature } of readings) {
    const at = timestamp - (timestamp % WINDOW);
    if (begun && temperature < clearBelow) {
      found.push([[begun.at, at], begun.worst]);
      begun = undefined;
    } else if (begun) begun = { at: begun.at, worst: Math.max(begun.worst, temperature) };
    else if (temperature > above) begun = { at, worst: temperature };
  }
  return found;
}

function daysOf(readings: readonly ArchivedReading[], { from, until }: { from: number; until: number }) {
  const count = Math.ceil((until - from) / DAY);
  return Array.from({ length: count }, (_, n) => {
    const start = from + n * DAY;
    const values = readings
      .filter(({ timestamp }) => timestamp >= start && timestamp < start + DAY)
      .map(({ temperature }) => temperature);
    const texts = values.length > 0 ? [Math.min(...values), Math.max(...values)].map(String) : ['–', '–'];
    return [new Date(start).toISOString().slice(0, 10), ...texts];
  });
}

/** Values have three decimals at most, so thousandths add up exactly. */
const meanOf = (readings: readonly ArchivedReading[]) =>
  readings.reduce((sum, { temperature }) => sum + Math.round(temperature * 1000), 0) / 1000 / readings.length;

/** As USP <1079.2> has it: 83.144 kJ/mol, 8.3144 J/(mol K). */
function meanKinetic(celsius: readonly number[]): number {
  const overGas = 83_144 / 8.3144;
  const mean =
    celsius.reduce((sum, value) => sum + Math.exp(-overGas / (value + 273.15)), 0) / celsius.length;
  return overGas / -Math.log(mean) - 273.15;
}

/** Of the union of the spans, edge by edge. */
function lengthOf(spans: readonly Span[]): number {
  const edges = [...new Set(spans.flat())].sort((a, b) => a - b);
  return edges.slice(1).reduce((sum, edge, index) => {
    const middle = (edge + edges[index]!) / 2;
    return spans.some(([from, to]) => middle > from && middle < to) ? sum + edge - edges[index]! : sum;
  }, 0);
}

const percent = (part: number, whole: number) =>
  `${(Math.floor((part / whole) * 10_000) / 100).toFixed(2)} %`;

function time(ms: number): string {
  if (ms < MINUTE) return `${Math.round(ms / 1000)} s`;
  const [hours, minutes] = [Math.floor(ms / HOUR), Math.floor((ms % HOUR) / MINUTE)];
  if (hours === 0) return `${minutes} min`;
  return minutes === 0 ? `${hours} h` : `${hours} h ${minutes} min`;
}
