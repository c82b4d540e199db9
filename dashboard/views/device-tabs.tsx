// The tabs of a device: messages, shadow, rejected readings, connections, and the plot as a table.

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { setQuery, type App } from '../data/app.ts';
import type { History } from '../data/history.ts';
import { pathOf } from '../model/api-path.ts';
import type { Device, Rejection } from '../model/api-types.ts';
import { dayMinuteText } from '../model/format.ts';
import type { View } from '../model/view.ts';
import { Time } from '../parts/time.tsx';
import { PresenceTab } from './presence-tab.tsx';
import { ShadowTab } from './shadow-tab.tsx';
import { Messages } from './device-messages.tsx';
import { WindowTable } from './window-table.tsx';

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
              <span class="dim">To fix it: {remedy}</span>
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

const TABS = [
  ['messages', 'Messages'],
  ['shadow', 'Shadow'],
  ['rejected', 'Rejected'],
  ['presence', 'Presence'],
  ['table', 'Table'],
] as const;
type Tab = (typeof TABS)[number][0];
/** Tabs that guests cannot see. */
const CLOSED: readonly string[] = ['shadow', 'rejected', 'presence'];

interface TabsProps {
  app: App;
  device: Device;
  view: View;
  history: History | undefined;
}

/** On phones the row scrolls: scrolls the chosen tab into view without moving the page. */
function useTabInView(tab: string) {
  const row = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const [list, button] = [row.current!, document.getElementById(`tab-${tab}`)!];
    list.scrollLeft = button.offsetLeft - list.offsetLeft - (list.clientWidth - button.clientWidth) / 2;
  }, [tab]);
  return row;
}

/** The row of tabs, with the keys that such a row has: https://www.w3.org/WAI/ARIA/apg/patterns/tabs/ */
function TabRow({ app, chosen }: { app: App; chosen: number }) {
  const row = useTabInView(TABS[chosen]![0]);
  const choose = (index: number) => setQuery(app, { tab: index === 0 ? undefined : TABS[index]![0] }, false);
  const press = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const next = (chosen + step + TABS.length) % TABS.length;
    choose(next);
    document.getElementById(`tab-${TABS[next]![0]}`)?.focus();
  };
  return (
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
  );
}

function Panel({ tab, app, device, view, history }: TabsProps & { tab: Tab }) {
  if (app.session.isGuest() && CLOSED.includes(tab))
    return <p class="dim g4">Log in to see this. As a guest you see only readings.</p>;
  if (tab === 'messages') return <Messages app={app} device={device} />;
  if (tab === 'shadow') return <ShadowTab app={app} deviceId={device.deviceId} />;
  if (tab === 'rejected') return <Rejected app={app} device={device} />;
  if (tab === 'presence') return <PresenceTab app={app} device={device} />;
  return <WindowTable device={device} view={view} history={history} />;
}

export function DeviceTabs(props: TabsProps) {
  const { app } = props;
  const chosen = Math.max(
    0,
    TABS.findIndex(([id]) => id === app.route.value.query['tab']),
  );
  const [tab] = TABS[chosen]!;
  return (
    <>
      <TabRow app={app} chosen={chosen} />
      <div id="panel" role="tabpanel" tabIndex={0} aria-labelledby={`tab-${tab}`}>
        <Panel tab={tab} {...props} />
      </div>
    </>
  );
}
