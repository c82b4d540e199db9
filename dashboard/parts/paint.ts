// Drawing helpers for all plots: the theme's colours, the hatch outside the limits, and text with a halo.

export const FONT = (size: number, weight = 400) =>
  `${weight} ${size}px "Instrument Sans", system-ui, sans-serif`;

const NAMES = {
  mean: '--mean',
  band: '--band',
  grid: '--grid',
  line: '--line',
  ink: '--ink',
  ink2: '--ink-2',
  ink3: '--ink-3',
  ground: '--ground',
  paper: '--paper',
  channel: '--channel',
  hatch: '--hatch',
  alarm: '--alarm',
  wash: '--alarm-wash',
  watch: '--watch',
  second: '--second',
  third: '--third',
  fourth: '--fourth',
} as const;

export type Paint = Readonly<Record<keyof typeof NAMES, string>>;

let held: { readonly theme: string | undefined; readonly paint: Paint } | undefined;

/** The theme's colours, read once for each theme, since a thousand tiles use them. */
export function paintOf(): Paint {
  const { theme } = document.documentElement.dataset;
  if (held && held.theme === theme) return held.paint;
  const style = getComputedStyle(document.documentElement);
  const entries = Object.entries(NAMES).map(([name, variable]) => [
    name,
    style.getPropertyValue(variable).trim(),
  ]);
  held = { theme, paint: Object.fromEntries(entries) as Paint };
  return held.paint;
}

const patterns = new Map<string, CanvasPattern>();

/** Diagonal lines, in device pixels. */
export function hatchOf(color: string, ratio: number, gap = 6): CanvasPattern {
  const key = `${color} ${ratio} ${gap}`;
  const known = patterns.get(key);
  if (known) return known;
  const canvas = document.createElement('canvas');
  const size = Math.round(gap * ratio);
  canvas.width = canvas.height = size;
  const g = canvas.getContext('2d')!;
  g.strokeStyle = color;
  g.lineWidth = ratio * 0.75;
  g.beginPath();
  for (const shift of [-size, 0, size]) {
    g.moveTo(shift - 1, size + 1);
    g.lineTo(shift + size + 1, -1);
  }
  g.stroke();
  const pattern = g.createPattern(canvas, 'repeat')!;
  patterns.set(key, pattern);
  return pattern;
}

/** A size in CSS pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Sizes a canvas to its box and scales it to CSS pixels. Returns undefined while it has no size.
 *
 * @param size the size of its box. Pass it from an observer when drawing many: reading each element's size makes the
 *   browser lay out the page again each time.
 */
export function openCanvas(
  canvas: HTMLCanvasElement,
  { width, height }: Size = { width: canvas.clientWidth, height: canvas.clientHeight },
) {
  const ratio = devicePixelRatio || 1;
  if (width === 0 || height === 0) return undefined;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const g = canvas.getContext('2d')!;
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.clearRect(0, 0, width, height);
  return { g, width, height, ratio };
}

/** The rectangle is in CSS pixels, although the pattern is made in device pixels. */
export function fillHatch(
  g: CanvasRenderingContext2D,
  ratio: number,
  color: string,
  [x, y, width, height]: readonly [number, number, number, number],
): void {
  if (width <= 0 || height <= 0) return;
  g.save();
  g.scale(1 / ratio, 1 / ratio);
  g.fillStyle = hatchOf(color, ratio, 5);
  g.fillRect(x * ratio, y * ratio, width * ratio, height * ratio);
  g.restore();
}

export function haloText(
  g: CanvasRenderingContext2D,
  text: string,
  [x, y]: readonly [number, number],
  { color, halo, ratio = 1 }: { color: string; halo: string; ratio?: number },
): void {
  g.lineJoin = 'round';
  g.lineWidth = 3.5 * ratio;
  g.strokeStyle = halo;
  g.strokeText(text, x, y);
  g.fillStyle = color;
  g.fillText(text, x, y);
}
