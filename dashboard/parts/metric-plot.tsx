// One metric of one device over a stretch of time, with what the pointer or the keyboard reads off it.

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { numberText, pointText, utcText } from '../model/format.ts';
import { MOVES_BY_KEY, type Move } from '../model/view.ts';
import type { PlotData } from './plot-layers.ts';
import { openPlot, type Plot } from './plot.ts';

const NARROW = 640;

function Readout({ data, index, hint }: { data: PlotData; index: number | undefined; hint: string }) {
  const { columns, unit } = data;
  const seconds = index === undefined ? undefined : columns.x[index];
  if (index === undefined || seconds === undefined) return <p class="readout">{hint}</p>;
  const at = seconds * 1000;
  const moment = pointText(at, data.to - data.from);
  const mean = columns.mean[index];
  const text = (value: number | null | undefined) => (value == null ? '\u2013' : numberText(value, unit));
  if (mean == null)
    return (
      <p class="readout">
        {moment} <b>not measured</b>
      </p>
    );
  return (
    <p class="readout">
      <b>{moment}</b> <span class="hide-s">({utcText(at).slice(11)})</span> · mean <b>{text(mean)}</b> · min{' '}
      {text(columns.min[index])} · max {text(columns.max[index])} · {columns.count[index]} readings
    </p>
  );
}

export function MetricPlot({
  title,
  data,
  height,
  sync,
  hint = '',
  theme,
  onMove,
  onSelect,
  isMain = false,
}: {
  title: string;
  data: PlotData;
  height: number;
  sync?: string;
  hint?: string;
  theme: string;
  onMove?: (move: Move) => void;
  onSelect?: (from: number, to: number) => void;
  isMain?: boolean;
}) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | undefined>(undefined);
  const point = useSignal<number | undefined>(undefined);
  const select = useRef(onSelect);
  select.current = onSelect;
  const hasSecond = data.second !== undefined;
  useEffect(() => {
    plot.current = openPlot(host.current!, data, {
      ...{ height, hasTimes: isMain, axisWidth: innerWidth < NARROW ? 34 : 44 },
      ...(sync !== undefined && { sync }),
      onPoint(index) {
        point.value = index;
      },
      ...(onSelect && { onSelect: (from: number, to: number) => select.current?.(from, to) }),
    });
    return () => plot.current?.close();
  }, [theme, height, hasSecond]);
  useEffect(() => plot.current?.update(data), [data]);
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
        <Readout data={data} index={point.value} hint={hint} />
      </header>
      <div
        class="plotbox"
        ref={host}
        tabIndex={onMove ? 0 : undefined}
        role="img"
        aria-label={`${title}; the numbers are in the table below`}
        onKeyDown={onMove ? press : undefined}
      />
    </div>
  );
}
