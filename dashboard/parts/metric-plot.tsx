// The plot of one metric of a device, with the values at the pointer.

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { numberText, pointText, utcText } from '../model/format.ts';
import type { PlotData } from '../model/plot-data.ts';
import { MOVES_BY_KEY, type Move } from '../model/view.ts';
import { indexAt, valueAt } from '../model/compare.ts';
import { LINE_STYLES } from './plot-layers.ts';
import { openPlot, type Plot } from './plot.ts';

const NARROW = 640;
const countText = (count: number) => `${count} reading${count === 1 ? '' : 's'}`;

/** The value of each line at the pointer, after the plot's own values. */
const LineValues = ({ lines, seconds, unit }: Pick<PlotData, 'lines' | 'unit'> & { seconds: number }) => (
  <>
    {lines.map((line, index) => {
      const value = valueAt(line.columns, seconds);
      const own = line.unit ?? unit;
      return (
        <span key={line.label} class={LINE_STYLES[index]!.color}>
          {' · '}
          {line.label} <b>{value === undefined ? 'not measured' : numberText(value, own)}</b>
          {value !== undefined && line.range && own && ` ${own}`}
        </span>
      );
    })}
  </>
);

function Readout({ data, seconds, hint }: { data: PlotData; seconds: number | undefined; hint: string }) {
  const { columns, unit, lines } = data;
  if (seconds === undefined) return <p class="readout">{hint}</p>;
  const at = seconds * 1000;
  const index = indexAt(columns, seconds);
  const mean = index === undefined ? undefined : columns.mean[index];
  const text = (value: number | null | undefined) => (value == null ? '\u2013' : numberText(value, unit));
  return (
    <p class="readout">
      <b>{pointText(at, data.to - data.from)}</b>{' '}
      {index === undefined || mean == null ? (
        <b>not measured</b>
      ) : (
        <>
          <span class="hide-s">({utcText(at).slice(11)})</span> · mean <b>{text(mean)}</b> · min{' '}
          {text(columns.min[index])} · max {text(columns.max[index])} · {countText(columns.count[index] ?? 0)}
        </>
      )}
      <LineValues lines={lines} seconds={seconds} unit={unit} />
    </p>
  );
}

interface PlotProps {
  title: string;
  data: PlotData;
  height: number;
  sync?: string;
  hint?: string;
  /** Where a screen reader finds the numbers. */
  numbers?: string;
  theme: string;
  onMove?: (move: Move) => void;
  onSelect?: (from: number, to: number) => void;
  isMain?: boolean;
  /** Whether a plot above has a second scale. */
  isIndented?: boolean;
}

/** Draws into the element of the returned `host`. `point` is the moment of the pointer, in epoch seconds. */
function usePlot({ data, height, sync, theme, onSelect, isMain = false, isIndented = false }: PlotProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | undefined>(undefined);
  const point = useSignal<number | undefined>(undefined);
  const select = useRef(onSelect);
  select.current = onSelect;
  const lines = data.lines.map(({ label, range }) => `${label} ${range !== undefined}`).join();
  useEffect(() => {
    plot.current = openPlot(host.current!, data, {
      ...{ height, hasTimes: isMain, isIndented, axisWidth: innerWidth < NARROW ? 34 : 44 },
      ...(sync !== undefined && { sync }),
      onPoint(seconds) {
        point.value = seconds;
      },
      ...(onSelect && { onSelect: (from: number, to: number) => select.current?.(from, to) }),
    });
    return () => plot.current?.close();
  }, [theme, height, lines, isIndented]);
  useEffect(() => plot.current?.update(data), [data]);
  return { host, point };
}

export function MetricPlot(props: PlotProps) {
  const { title, data, hint = '', numbers, onMove } = props;
  const { host, point } = usePlot(props);
  const press = (event: KeyboardEvent) => {
    const move = MOVES_BY_KEY[event.key];
    if (move === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    onMove?.(move);
  };
  return (
    <div class="plot">
      <header>
        <h3>{title}</h3>
        <Readout data={data} seconds={point.value} hint={hint} />
      </header>
      <div
        class="plotbox"
        ref={host}
        tabIndex={onMove ? 0 : undefined}
        role="img"
        aria-label={numbers === undefined ? title : `${title}; ${numbers}`}
        onKeyDown={onMove ? press : undefined}
      />
    </div>
  );
}
