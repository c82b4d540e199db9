// The device view: its value with its limits, its alert, and its history.

import { useEffect } from 'preact/hooks';
import { setQuery, type App } from '../data/app.ts';
import type { History } from '../data/history.ts';
import type { Device } from '../model/api-types.ts';
import { comparedOf } from '../model/compare.ts';
import { capital, durationText, metricText, nameText, numberText } from '../model/format.ts';
import type { Step } from '../model/ladder.ts';
import { linkTo } from '../model/route.ts';
import type { Outlook } from '../model/outlook.ts';
import { moved, queryOf, viewOf, type Move, type View } from '../model/view.ts';
import { memberOf, type Lookups, type Member } from '../parts/member.ts';
import { MetricPlot } from '../parts/metric-plot.tsx';
import { SignWord } from '../parts/signs.tsx';
import { Staff } from '../parts/staff.tsx';
import { Failure, StateBox } from '../parts/state-box.tsx';
import { DeviceBanner } from './device-banner.tsx';
import { CompareTools } from './compare-tools.tsx';
import { useDetails, useDrawn, useHistories, useStep } from './device-data.ts';
import { DeviceFacts } from './device-facts.tsx';
import { DeviceTabs } from './device-tabs.tsx';
import type { Drawn } from './drawn.ts';
import { PlotKey, PlotTools } from './plot-tools.tsx';
import { useSpans } from './alert-spans.ts';
import { useOutlooks } from './outlook-facts.tsx';

const SECOND_HEIGHT = 104;

function Head({ app, member }: { app: App; member: Member }) {
  const { device, value, unit, state, word, low, high, silentFor } = member;
  return (
    <>
      <p class="crumb">
        <a href={linkTo('fleet')}>Fleet</a>
        {device.site !== undefined && (
          <>
            {' / '}
            <a href={linkTo('fleet', [], { site: device.site })}>{capital(device.site)}</a>
          </>
        )}
      </p>
      <div class="now">
        <div>
          <h1>{nameText(device.deviceId)}</h1>
          <p class="dim">
            {device.type && `${capital(device.type)} · `}
            <span class="mono">{device.deviceId}</span>
          </p>
        </div>
        <div class={`big ${state}`}>
          {state === 'silent' && <span class="vh">last </span>}
          {value === undefined ? '\u2013' : numberText(value, unit ?? '°C')}
          <small>{unit}</small>
        </div>
        {value !== undefined && (low !== undefined || high !== undefined) && (
          <Staff value={value} low={low} high={high} unit={unit} state={state} theme={app.theme.value} />
        )}
        <p class="dim">
          {(!app.session.isGuest() || state !== 'ok') && (
            <>
              <SignWord name={state} word={word} />
              <br />
            </>
          )}
          {silentFor === undefined ? 'no data yet' : `last data ${durationText(silentFor)} ago`}
        </p>
      </div>
    </>
  );
}

const titleOf = ({ metric, data }: Drawn) => `${metricText(metric)}${data.unit ? `, ${data.unit}` : ''}`;

/** The plot of the main metric, and below it those of the others. */
function DrawnPlots({
  app,
  drawn,
  onMove,
  onSelect,
}: {
  app: App;
  drawn: readonly Drawn[];
  onMove: (name: Move) => void;
  onSelect: (from: number, to: number) => void;
}) {
  const isNarrow = innerWidth < 640;
  const [first, ...others] = drawn;
  return (
    <>
      {first && (
        <MetricPlot
          key={first.metric}
          isMain
          title={titleOf(first)}
          data={first.data}
          height={isNarrow ? 240 : 320}
          sync="device"
          hint={isNarrow ? '' : 'Point at the plot, drag to zoom, or focus it and use ← → + − L Esc'}
          theme={app.theme.value}
          onMove={onMove}
          onSelect={onSelect}
        />
      )}
      {others.map((each) => (
        <MetricPlot
          key={each.metric}
          title={titleOf(each)}
          data={each.data}
          height={SECOND_HEIGHT}
          isIndented={first!.data.lines.some(({ range }) => range !== undefined)}
          sync="device"
          theme={app.theme.value}
          onSelect={onSelect}
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

function Plots({
  app,
  device,
  view,
  step,
  history,
  outlooks,
}: {
  app: App;
  device: Device;
  view: View;
  step: Step;
  history: History | undefined;
  outlooks: readonly Outlook[];
}) {
  const spans = useSpans(app, device.deviceId, view);
  const compared = comparedOf(app.route.value, device.deviceId);
  const histories = useHistories(app, compared.devices, view, step);
  const drawn = useDrawn(app, device, history, view, step, spans, {
    ...{ histories, metric: compared.metric, outlooks },
  });
  const now = () => app.store.now.peek();
  const move = (name: Move) => setQuery(app, moved(view, name, now()));
  const select = (from: number, to: number) => setQuery(app, queryOf(from, to, now()));
  const [first] = drawn;
  return (
    <section class="plots" aria-labelledby="history">
      <h2 class="vh" id="history">
        History
      </h2>
      <PlotTools app={app} view={view} step={step} onMove={move} />
      <CompareTools
        app={app}
        device={device}
        compared={compared}
        metrics={drawn.map(({ metric }) => metric)}
      />
      {history?.failure.value && !history.isLoaded.value ? (
        <Failure
          what="The history did not load"
          error={history.failure.value}
          spared="Readings are still being stored."
          retry={history.retry}
        />
      ) : (
        <>
          <DrawnPlots app={app} drawn={drawn} onMove={move} onSelect={select} />
          {drawn.length === 0 && <NothingDrawn device={device} isLoaded={history?.isLoaded.value ?? false} />}
          {drawn.length > 0 && (
            <PlotKey
              hasLimits={first!.data.limits.length > 0}
              hasAlarm={spans.length > 0}
              hasBand={first!.data.band !== undefined}
              hasForecast={(first!.data.forecast ?? []).length > 0}
            />
          )}
        </>
      )}
    </section>
  );
}

export function DeviceView({ app, lookups, deviceId }: { app: App; lookups: Lookups; deviceId: string }) {
  const { store, route } = app;
  const now = store.now.value;
  const view = viewOf(route.value, now);
  const { step, gone } = useStep(app, deviceId, view, now);
  const history = useHistories(app, [deviceId], view, step).get(deviceId);
  const isGone = history?.isGone.value ?? false;
  useEffect(() => {
    if (isGone) gone();
  }, [isGone]);
  const listed = store.devices.value?.find((device) => device.deviceId === deviceId);
  const device = useDetails(app, deviceId, listed);
  const isMissing = store.devices.value !== undefined && listed === undefined;
  const member = memberOf(app, lookups, device);
  const outlooks = useOutlooks(app, deviceId);
  return (
    <>
      <Head app={app} member={member} />
      {isMissing && store.track(deviceId).lastReadingAt === undefined && (
        <p class="banner quiet">
          <span>There is no device with this name now. Its earlier readings are still shown.</span>
        </p>
      )}
      <DeviceBanner app={app} lookups={lookups} member={member} />
      <div class="dev">
        <div class="wide">
          <Plots {...{ app, device, view, step, history }} outlooks={outlooks.list.value} />
          <DeviceTabs app={app} device={device} view={view} history={history} />
        </div>
        <DeviceFacts app={app} member={member} history={history} outlooks={outlooks} />
      </div>
    </>
  );
}
