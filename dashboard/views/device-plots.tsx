// A device's plots: the main metric first, the others below it, with their controls above and their key below.

import { setQuery, type App } from '../data/app.ts';
import type { History } from '../data/history.ts';
import type { Device } from '../model/api-types.ts';
import { comparedOf } from '../model/compare.ts';
import type { Drawn } from '../model/drawn.ts';
import { metricText } from '../model/format.ts';
import type { Step } from '../model/ladder.ts';
import type { Outlook } from '../model/outlook.ts';
import { moved, queryOf, type Move, type View } from '../model/view.ts';
import { MetricPlot } from '../parts/metric-plot.tsx';
import { Failure, StateBox } from '../parts/state-box.tsx';
import { useSpans } from './alert-spans.ts';
import { CompareTools } from './compare-tools.tsx';
import { useDrawn, useHistories } from './device-data.ts';
import { PlotKey, PlotTools } from './plot-tools.tsx';

const SECOND_HEIGHT = 104;

interface DrawnProps {
  app: App;
  drawn: readonly Drawn[];
  onMove: (name: Move) => void;
  onSelect: (from: number, to: number) => void;
}

const titleOf = ({ metric, data }: Drawn) => `${metricText(metric)}${data.unit ? `, ${data.unit}` : ''}`;

/** The plot of the main metric, and below it those of the others. */
function DrawnPlots({ app, drawn, onMove, onSelect }: DrawnProps) {
  const isNarrow = innerWidth < 640;
  const [first, ...others] = drawn;
  const numbers = 'the tab Table below has the numbers';
  const shared = { sync: 'device', theme: app.theme.value, numbers, onSelect };
  if (!first) return null;
  return (
    <>
      <MetricPlot
        key={first.metric}
        isMain
        title={titleOf(first)}
        data={first.data}
        height={isNarrow ? 240 : 320}
        hint={isNarrow ? '' : 'Drag to zoom. Keys: ← → to move, + − to zoom, L for live, Esc to reset'}
        onMove={onMove}
        {...shared}
      />
      {others.map((each) => (
        <MetricPlot
          key={each.metric}
          title={titleOf(each)}
          data={each.data}
          height={SECOND_HEIGHT}
          isIndented={first.data.lines.some(({ range }) => range !== undefined)}
          {...shared}
        />
      ))}
    </>
  );
}

function NothingDrawn({ device, isLoaded }: { device: Device; isLoaded: boolean }) {
  return isLoaded ? (
    <StateBox title="Nothing measured in this time">
      {device.lastSeenAt === undefined
        ? 'This device has not sent a reading yet.'
        : 'Go earlier, or back to live.'}
    </StateBox>
  ) : (
    <div class="plot-wait" aria-busy="true">
      <span class="bone w3 late" />
    </div>
  );
}

const Key = ({ first: { data }, hasAlarm }: { first: Drawn; hasAlarm: boolean }) => (
  <PlotKey
    hasLimits={data.limits.length > 0}
    hasAlarm={hasAlarm}
    hasBand={data.band !== undefined}
    hasForecast={(data.forecast ?? []).length > 0}
  />
);

interface PlotsProps {
  app: App;
  device: Device;
  view: View;
  step: Step;
  history: History | undefined;
  outlooks: readonly Outlook[];
}

export function Plots({ app, device, view, step, history, outlooks }: PlotsProps) {
  const spans = useSpans(app, device.deviceId, view);
  const compared = comparedOf(app.route.value, device.deviceId);
  const histories = useHistories(app, compared.devices, view, step);
  const drawn = useDrawn(app, device, history, view, step, spans, {
    ...{ histories, metric: compared.metric, outlooks },
  });
  const now = () => app.store.now.peek();
  const move = (name: Move) => setQuery(app, moved(view, name, now()));
  const select = (from: number, to: number) => setQuery(app, queryOf(from, to, now()));
  const isLoaded = history?.isLoaded.value ?? false;
  const metrics = drawn.map(({ metric }) => metric);
  return (
    <section class="plots" aria-labelledby="history">
      <h2 class="vh" id="history">
        History
      </h2>
      <PlotTools app={app} view={view} step={step} onMove={move} />
      <CompareTools app={app} device={device} compared={compared} metrics={metrics} />
      {history?.failure.value && !isLoaded ? (
        <Failure
          what="The history did not load"
          error={history.failure.value}
          spared="Readings are still being stored."
          retry={history.retry}
        />
      ) : (
        <>
          <DrawnPlots app={app} drawn={drawn} onMove={move} onSelect={select} />
          {drawn[0] ? (
            <Key first={drawn[0]} hasAlarm={spans.length > 0} />
          ) : (
            <NothingDrawn device={device} isLoaded={isLoaded} />
          )}
        </>
      )}
    </section>
  );
}
