// The fleet view: devices that need attention first, then all devices by site.

import { untracked, useComputed } from '@preact/signals';
import type { App } from '../data/app.ts';
import { byUrgency, findingOf, isShown } from '../model/fleet.ts';
import { longText, secondText } from '../model/format.ts';
import { linkTo } from '../model/route.ts';
import { memberOf, type Lookups, type Member } from '../parts/member.ts';
import { StateBox } from '../parts/state-box.tsx';
import { Time } from '../parts/time.tsx';
import { NeedRow } from './need-row.tsx';
import { Site } from './fleet-site.tsx';
import { Empty, Loading, NotLoaded } from './fleet-states.tsx';
import { FleetTable } from './fleet-table.tsx';
import { Tools } from './fleet-tools.tsx';

const BEAT_MS = 2000;
/** About as many tiles as a window shows at once. */
const EARLY = 48;
const MOST_NEEDS = 8;

function Clock({ app: { store, live } }: { app: App }) {
  const state = live.state.value;
  return (
    <p class="dim nb clock">
      {state.kind === 'off' ? (
        <>
          As of <Time at={state.since} as={secondText} />
        </>
      ) : (
        <Time at={store.now.value} as={longText} />
      )}
    </p>
  );
}

/** The devices that need attention, the most urgent first. */
function Needs({ app, lookups, members }: { app: App; lookups: Lookups; members: readonly Member[] }) {
  const needs = members
    .filter(({ state }) => state !== 'ok')
    .sort(byUrgency)
    .slice(0, MOST_NEEDS);
  if (needs.length === 0) return null;
  return (
    <>
      <h2 class="vh">Needs attention</h2>
      <ul class="need">
        {needs.map(({ device }) => (
          <NeedRow key={device.deviceId} app={app} lookups={lookups} device={device} />
        ))}
      </ul>
    </>
  );
}

/** The devices that match the search and the filters, by site. */
function Shown({ app, lookups, members }: { app: App; lookups: Lookups; members: readonly Member[] }) {
  const { query } = app.route.value;
  const shown = members.filter((member) => isShown(member, query));
  if (shown.length === 0)
    return (
      <StateBox
        title="No device matches"
        actions={
          <a class="btn" href={linkTo('fleet')}>
            Clear search and filters
          </a>
        }
      >
        {query['q']
          ? `No device has “${query['q']}” in its name, site or type and passes the filters.`
          : 'No device passes the filters.'}
      </StateBox>
    );
  const sites = [...Map.groupBy(shown, ({ device }) => device.site ?? '')].sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  if (query['as'] === 'rows') return <FleetTable app={app} lookups={lookups} sites={sites} />;
  const early = new Set(sites.flatMap(([, list]) => list).slice(0, EARLY));
  return (
    <>
      {sites.map(([name, list]) => (
        <Site key={name} {...{ app, lookups, name, members: list, early }} />
      ))}
    </>
  );
}

export function Fleet({ app, lookups }: { app: App; lookups: Lookups }) {
  const { store, session } = app;
  // Tiles update every second; the headline and the attention list every two seconds.
  const beat = useComputed(() => Math.floor(store.now.value / BEAT_MS));
  void beat.value;
  const devices = store.devices.value;
  if (!devices && store.failure.value)
    return <NotLoaded error={store.failure.value} retry={() => void store.refresh()} />;
  if (!devices) return <Loading />;
  if (devices.length === 0) return <Empty />;
  const members = untracked(() => devices.map((device) => memberOf(app, lookups, device)));
  void lookups.alertsByDevice.value;
  void lookups.rulesById.value;
  const { heading, lede } = findingOf(members, { alerts: !session.isGuest() });
  return (
    <>
      <div class="headrow">
        <div>
          <h1>{heading}</h1>
          <p class="lede">{lede}</p>
        </div>
        <Clock app={app} />
      </div>
      {store.failure.value && (
        <p class="banner quiet" role="status">
          <span>
            {store.failure.value.message} The list may be out of date. The page retries automatically.
          </span>
        </p>
      )}
      <Needs app={app} lookups={lookups} members={members} />
      <Tools app={app} members={members} />
      <Shown app={app} lookups={lookups} members={members} />
    </>
  );
}
