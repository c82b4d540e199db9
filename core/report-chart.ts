// A report's chart of days, as SVG that is sharp on paper: one bar per day from the lowest to the highest value, with the limits.

interface DayExtremes {
  readonly date: string;
  readonly min?: number;
  readonly max?: number;
}

const [WIDTH, HEIGHT, LEFT, BOTTOM] = [732, 120, 56, 18];
const INK = '#42575f';

interface Limits {
  readonly above?: number;
  readonly below?: number;
}

/** The height of a value in the chart; undefined without any value. */
function scaleOf(days: readonly DayExtremes[], limits: Limits): ((value: number) => number) | undefined {
  const values = [...days.flatMap(({ min, max }) => [min, max]), limits.above, limits.below].filter(
    (value) => value !== undefined,
  );
  if (values.length === 0) return undefined;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const margin = (high - low || 1) / 8;
  return (value) => round((HEIGHT - BOTTOM) * ((high + margin - value) / (high - low + 2 * margin)));
}

const text = (x: number, at: number, words: string, anchor = 'middle', colour = INK, kind = '') =>
  `<text${kind} x="${round(x)}" y="${at}" text-anchor="${anchor}" fill="${colour}" font-size="12">${words}</text>`;
const number = (value: number) => String(value).replace('-', '−');

/** @param x where the day begins @param step its width */
function barOf(
  { min, max }: DayExtremes,
  { above, below }: Limits,
  { x, step, y }: { readonly x: number; readonly step: number; readonly y: (value: number) => number },
): string {
  if (min === undefined || max === undefined) return '';
  const isBeyond = (above !== undefined && max > above) || (below !== undefined && min < below);
  const height = Math.max(1, round(y(min) - y(max)));
  const colour = isBeyond ? '#b3201a' : '#0b5563';
  const worst = above !== undefined && max > above ? max : min;
  const at = worst === max ? y(max) - 4 : y(min) + 13;
  const note = isBeyond
    ? text(x + step / 2, round(at), number(round(worst)), 'middle', colour, ' class="worst"')
    : '';
  return `<rect x="${round(x + step * 0.3)}" y="${y(max)}" width="${round(step * 0.4)}" height="${height}" fill="${colour}"/>${note}`;
}

/** `unit`: with a space before it, or empty. */
export function daysChart(days: readonly DayExtremes[], { above, below }: Limits, unit: string): string {
  const y = scaleOf(days, { above, below });
  if (!y) return '';
  // The width is that of a whole month from its first day on.
  const step = (WIDTH - LEFT) / Math.max(days.length, 31);
  const channel =
    above !== undefined && below !== undefined
      ? `<rect x="${LEFT}" y="${y(above)}" width="${WIDTH - LEFT}" height="${round(y(below) - y(above))}" fill="#ebf4f4"/>`
      : '';
  const lines = [above, below].flatMap((limit) =>
    limit === undefined
      ? []
      : `<path d="M${LEFT} ${y(limit)}H${WIDTH}" stroke="${INK}" stroke-dasharray="5 3"/>${text(LEFT - 6, y(limit) + 4, `${number(limit)}${escapedUnit(unit)}`, 'end')}`,
  );
  const bars = days.map((day, index) => {
    const x = LEFT + index * step;
    const label = index % 7 === 0 ? text(x + step / 2, HEIGHT - 3, String(Number(day.date.slice(-2)))) : '';
    return `${barOf(day, { above, below }, { x, step, y })}${label}`;
  });
  return `<svg viewBox="0 -12 ${WIDTH} ${HEIGHT + 12}" role="img" aria-label="Lowest and highest of each day; the numbers are in the CSV">${channel}${lines.join('')}${bars.join('')}</svg>`;
}

const round = (value: number) => Math.round(value * 10) / 10;
const escapedUnit = (unit: string) => unit.replaceAll(/[&<>"']/g, '');
