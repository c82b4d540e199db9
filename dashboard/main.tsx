// The page's frame with the view that the address names. Other views are loaded when they are opened.

import { effect } from '@preact/signals';
import { render, type VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { openApp, type App } from './data/app.ts';
import type { Opening } from './data/opening.ts';
import { nameText } from './model/format.ts';
import { createLookups, type Lookups } from './parts/member.ts';
import { MOST_TABS, Shell, type Entry } from './parts/shell.tsx';
import { StateBox } from './parts/state-box.tsx';
import { Later } from './parts/later.tsx';
import { Fleet } from './views/fleet.tsx';
import { More } from './views/more.tsx';

const ENTRIES: readonly Entry[] = [
  { view: 'fleet', name: 'Fleet', icon: 'fleet', says: 'All devices, and which need attention' },
  { view: 'alerts', name: 'Alerts', icon: 'alerts', says: 'Open and past alerts, and who acknowledged them' },
  { view: 'rules', name: 'Rules', icon: 'rules', says: 'When people are notified' },
  { view: 'report', name: 'Report', icon: 'report', says: 'Monthly reports, to print' },
  { view: 'console', name: 'Console', icon: 'console', says: 'Live messages over MQTT' },
  {
    view: 'pipeline',
    name: 'Pipeline',
    icon: 'pipeline',
    says: 'Follow a message, and see what failed',
  },
];
const LOCAL_ENTRIES: readonly Entry[] = [
  { view: 'inbox', name: 'Inbox', icon: 'inbox', says: 'Emails and texts, as recipients see them' },
];

/** A button in the bar, and an entry of the list on a phone. */
const ADD: Entry = {
  view: 'add',
  name: 'Add a device',
  icon: 'add',
  says: 'Create its key and set it up',
};

const entriesOf = ({ config }: App) => (config.isLocal ? [...ENTRIES, ...LOCAL_ENTRIES] : ENTRIES);

interface ViewProps {
  app: App;
  lookups: Lookups;
}

/** Views whose code is loaded when they are opened. */
const LATER_VIEWS: Readonly<Record<string, (props: ViewProps) => VNode>> = {
  alerts: ({ app, lookups }) => (
    <Later
      key="alerts"
      name="alerts"
      load={() => import('./views/alerts.tsx').then(({ Alerts }) => Alerts)}
      with={{ app, lookups }}
    />
  ),
  report: ({ app }) => (
    <Later
      key="report"
      name="report"
      load={() => import('./views/report.tsx').then(({ Report }) => Report)}
      with={{ app }}
    />
  ),
  console: ({ app }) => (
    <Later
      key="console"
      name="console"
      load={() => import('./views/console.tsx').then(({ Console }) => Console)}
      with={{ app }}
    />
  ),
  pipeline: ({ app }) => (
    <Later
      key="pipeline"
      name="pipeline"
      load={() => import('./views/pipeline.tsx').then(({ Pipeline }) => Pipeline)}
      with={{ app }}
    />
  ),
  rules: ({ app, lookups }) => (
    <Later
      key="rules"
      name="rules"
      load={() => import('./views/rules.tsx').then(({ Rules }) => Rules)}
      with={{ app, lookups }}
    />
  ),
  add: ({ app }) => (
    <Later
      key="add"
      name="add"
      load={() => import('./views/add-device.tsx').then(({ AddDevice }) => AddDevice)}
      with={{ app }}
    />
  ),
};

function View({ app, lookups }: ViewProps) {
  const { view, path } = app.route.value;
  if (view === 'fleet') return <Fleet app={app} lookups={lookups} />;
  if (view === 'device' && path[0] !== undefined)
    return (
      <Later
        // Nothing of one device is shown for the next one, such as a late answer or the range of a plot.
        key={`device ${path[0]}`}
        name="device"
        load={() => import('./views/device.tsx').then(({ DeviceView }) => DeviceView)}
        with={{ app, lookups, deviceId: path[0] }}
      />
    );
  if (view === 'inbox' && app.config.isLocal)
    return (
      <Later
        key="inbox"
        name="inbox"
        load={() => import('./views/inbox.tsx').then(({ Inbox }) => Inbox)}
        with={{ app }}
      />
    );
  if (view === 'more') return <More app={app} entries={[...entriesOf(app).slice(MOST_TABS), ADD]} />;
  const later = Object.hasOwn(LATER_VIEWS, view) ? LATER_VIEWS[view] : undefined;
  if (later) return later({ app, lookups });
  return (
    <StateBox
      title="There is no such view"
      actions={
        <a class="btn go" href="#/fleet">
          To the fleet
        </a>
      }
    >
      There is no view “{view}”. The link may be from another version of the page.
    </StateBox>
  );
}

function titleOf({ route, store }: App): string {
  const { view, path } = route.value;
  const open = store.alerts.value.filter(({ state }) => state === 'alarm').length;
  const name = view === 'device' ? nameText(path[0] ?? '') : view === ADD.view ? ADD.name : nameText(view);
  return `${open > 0 ? `${open} ${open === 1 ? 'alarm' : 'alarms'} \u00b7 ` : ''}${name} \u00b7 Tidegate`;
}

function Root({ app, lookups }: { app: App; lookups: Lookups }) {
  const { view, path } = app.route.value;
  const place = `${view}/${path.join('/')}`;
  const shown = useRef(place);
  useEffect(() => {
    if (shown.current === place) return;
    shown.current = place;
    document.getElementById('main')?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [place]);
  return (
    <Shell app={app} entries={entriesOf(app)}>
      <View app={app} lookups={lookups} />
    </Shell>
  );
}

/** Shows the view that the address names, or why the page cannot start. */
export async function start(opening: Promise<Opening>): Promise<void> {
  try {
    const app = await openApp(opening);
    const lookups = createLookups(app);
    effect(() => {
      document.title = titleOf(app);
    });
    render(<Root app={app} lookups={lookups} />, document.body);
  } catch (error) {
    render(
      <main>
        <StateBox title="The page cannot start" code={String(error)}>
          {(error as Error).message} Readings are still being stored. Load the page again; if that does not
          help, check the stack.
        </StateBox>
      </main>,
      document.body,
    );
  }
}
