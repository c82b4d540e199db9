// A report's chart of days, as SVG that is sharp on paper: one bar per day from the lowest to the highest value, with the limits.

interface DayExtremes {
  readonly date: string;
  readonly min?: number;
  readonly max?: number;
}

const [WIDTH, HEIGHT, LEFT, BOTTOM] = [732, 120, 56, 18];
const INK = '#42575f';

/** `unit`: with a space before it, or empty. */
export function stripOf(
  days: readonly DayExtremes[],
  { above, below }: { readonly above?: number; readonly below?: number },
  unit: string,
): string {
  const values = [
    ...days.flatMap(({ min = [], max = [] }) => [min, max].flat()),
    above ?? [],
    below ?? [],
  ].flat();
  if (values.length === 0) return '';
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const margin = (high - low || 1) / 8;
  const y = (value: number) =>
    round((HEIGHT - BOTTOM) * ((high + margin - value) / (high - low + 2 * margin)));
  // The width is that of a whole month from its first day on.
  const step = (WIDTH - LEFT) / Math.max(days.length, 31);
  const text = (x: number, at: number, words: string, anchor = 'middle', colour = INK, kind = '') =>
    `<text${kind} x="${round(x)}" y="${at}" text-anchor="${anchor}" fill="${colour}" font-size="12">${words}</text>`;
  const number = (value: number) => String(value).replace('-', '−');
  const channel =
    above !== undefined && below !== undefined
      ? `<rect x="${LEFT}" y="${y(above)}" width="${WIDTH - LEFT}" height="${round(y(below) - y(above))}" fill="#ebf4f4"/>`
      : '';
  const lines = [above, below].flatMap((limit) =>
    limit === undefined
      ? []
      : `<path d="M${LEFT} ${y(limit)}H${WIDTH}" stroke="${INK}" stroke-dasharray="5 3"/>${text(LEFT - 6, y(limit) + 4, `${number(limit)}${escapedUnit(unit)}`, 'end')}`,
  );
  const bars = days.map(({ date, min, max }, index) => {
    const x = LEFT + index * step;
    const label = index % 7 === 0 ? text(x + step / 2, HEIGHT - 3, String(Number(date.slice(-2)))) : '';
    if (min === undefined || max === undefined) return label;
    const isBeyond = (above !== undefined && max > above) || (below !== undefined && min < below);
    const height = Math.max(1, round(y(min) - y(max)));
    const colour = isBeyond ? '#b3201a' : '#0b5563';
    const worst = above !== undefined && max > above ? max : min;
    const at = worst === max ? y(max) - 4 : y(min) + 13;
    const note = isBeyond
      ? text(x + step / 2, round(at), number(round(worst)), 'middle', colour, ' class="worst"')
      : '';
    return `<rect x="${round(x + step * 0.3)}" y="${y(max)}" width="${round(step * 0.4)}" height="${height}" fill="${colour}"/>${note}${label}`;
  });
  return `<svg viewBox="0 -12 ${WIDTH} ${HEIGHT + 12}" role="img" aria-label="Lowest and highest of each day; the numbers are in the CSV">${channel}${lines.join('')}${bars.join('')}</svg>`;
}

const round = (value: number) => Math.round(value * 10) / 10;
const escapedUnit = (unit: string) => unit.replaceAll(/[&<>"']/g, '');
