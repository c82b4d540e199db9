// The tabs of a device: messages, shadow, rejected readings, connections, and the plot as a table.

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { pathOf } from '../data/api.ts';
import { setQuery, type App } from '../data/app.ts';
import type { History } from '../data/history.ts';
import type { Device, Rejection } from '../model/api-types.ts';
import { dayMinuteText, edgeText, metricText, numberText, secondText } from '../model/format.ts';
import type { View } from '../model/view.ts';
import { Time } from '../parts/time.tsx';
import { PresenceTab } from './presence-tab.tsx';
import { ShadowTab } from './shadow-tab.tsx';
import { Messages } from './device-messages.tsx';

const MOST_ROWS = 120;
const DAY_MS = 86_400_000;

function Rejected({ app, device }: { app: App; device: Device }) {
  const rejections = useSignal<readonly Rejection[] | string>([]);
  useEffect(() => {
    app.api
      .get<{ rejections: readonly Rejection[] }>(`${pathOf('devices', device.deviceId)}/rejections`)
      .then(
        (answer) => {
          rejections.value = answer.rejections;
        },
        (error: Error) => {
          rejections.value = error.message;
        },
      );
  }, [device.deviceId]);
  const found = rejections.value;
  if (typeof found === 'string') return <p class="dim g4">{found}</p>;
  return (
    <>
      {found.length === 0 && <p class="dim g4">No reading of this device was rejected.</p>}
      <ul>
        {found.map(({ reason, detail, remedy, at }) => (
          <li class="msg" key={reason}>
            <Time at={at} as={dayMinuteText} />
            <span>
              <b class="mono">{reason}</b>: {detail}
              <br />
              <span class="dim">{remedy}</span>
            </span>
          </li>
        ))}
      </ul>
      {device.skipped !== undefined && device.skipped.length > 0 && (
        <>
          <h3 class="g5">Message fields that are not metrics</h3>
          <p class="mono g2 break">{device.skipped.join(', ')}</p>
        </>
      )}
    </>
  );
}

function Table({ device, view, history }: { device: Device; view: View; history: History | undefined }) {
  void history?.version.value;
  const windows = (history?.series() ?? []).filter(({ start }) => start >= view.from && start < view.to);
  const newest = windows.slice(-MOST_ROWS).toReversed();
  const names = [...new Set(newest.flatMap(({ metrics }) => Object.keys(metrics)))].sort();
  const span = view.to - view.from;
  // Within a day the time is unique.
  const rowText = (at: number) => (span < DAY_MS ? secondText(at) : edgeText(at, span));
  const unitOf = (name: string) => history?.units()[name] ?? device.units?.[name];
  return (
    <div class="scroll g4" tabIndex={0} role="region" aria-label="Windows, newest first">
      <table>
        <thead>
          <tr>
            <th>From</th>
            <th>Metric</th>
            <th class="num">Lowest</th>
            <th class="num">Mean</th>
            <th class="num">Highest</th>
            <th class="num">Readings</th>
          </tr>
        </thead>
        <tbody>
          {newest.flatMap(({ start, metrics }) =>
            names.flatMap((name) => {
              const statistics = metrics[name];
              if (!statistics) return [];
              const text = (value: number) => numberText(value, unitOf(name));
              return [
                <tr key={`${start} ${name}`}>
                  <td class="nb">
                    <Time at={start} as={rowText} />
                  </td>
                  <td>
                    {metricText(name)}
                    {unitOf(name) && `, ${unitOf(name)}`}
                  </td>
                  <td class="num">{text(statistics.min)}</td>
                  <td class="num">{text(statistics.sum / statistics.count)}</td>
                  <td class="num">{text(statistics.max)}</td>
                  <td class="num">{statistics.count}</td>
                </tr>,
              ];
            }),
          )}
        </tbody>
      </table>
    </div>
  );
}

const TABS = [
  ['messages', 'Messages'],
  ['shadow', 'Shadow'],
  ['rejected', 'Rejected'],
  ['presence', 'Presence'],
  ['table', 'As a table'],
] as const;
/** Tabs that guests cannot see. */
const CLOSED: readonly string[] = ['shadow', 'rejected', 'presence'];

export function DeviceTabs({
  app,
  device,
  view,
  history,
}: {
  app: App;
  device: Device;
  view: View;
  history: History | undefined;
}) {
  const chosen = Math.max(
    0,
    TABS.findIndex(([id]) => id === app.route.value.query['tab']),
  );
  const [tab] = TABS[chosen]!;
  const choose = (index: number) => setQuery(app, { tab: index === 0 ? undefined : TABS[index]![0] }, false);
  const press = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const next = (chosen + step + TABS.length) % TABS.length;
    choose(next);
    document.getElementById(`tab-${TABS[next]![0]}`)?.focus();
  };
  const { deviceId } = device;
  const row = useRef<HTMLDivElement>(null);
  // On phones the row scrolls. This scrolls the chosen tab into view without moving the page.
  useEffect(() => {
    const [list, button] = [row.current!, document.getElementById(`tab-${tab}`)!];
    list.scrollLeft = button.offsetLeft - list.offsetLeft - (list.clientWidth - button.clientWidth) / 2;
  }, [tab]);
  return (
    <>
      <div class="tabsrow" role="tablist" ref={row} aria-label="More about this device">
        {TABS.map(([id, name], index) => (
          <button
            key={id}
            role="tab"
            id={`tab-${id}`}
            aria-selected={index === chosen}
            aria-controls="panel"
            tabIndex={index === chosen ? 0 : -1}
            onClick={() => choose(index)}
            onKeyDown={press}
          >
            {name}
          </button>
        ))}
      </div>
      <div id="panel" role="tabpanel" tabIndex={0} aria-labelledby={`tab-${tab}`}>
        {app.session.isGuest() && CLOSED.includes(tab) ? (
          <p class="dim g4">Log in to see this. As a guest you see only readings.</p>
        ) : (
          <>
            {tab === 'messages' && <Messages key={deviceId} app={app} device={device} />}
            {tab === 'shadow' && <ShadowTab key={deviceId} app={app} deviceId={deviceId} />}
            {tab === 'rejected' && <Rejected key={deviceId} app={app} device={device} />}
            {tab === 'presence' && <PresenceTab key={deviceId} app={app} device={device} />}
            {tab === 'table' && <Table device={device} view={view} history={history} />}
          </>
        )}
      </div>
    </>
  );
}
