// The fleet view: devices that need attention first, then all devices by site.

import { untracked, useComputed } from '@preact/signals';
import type { ApiError } from '../data/api.ts';
import { type App, setQuery } from '../data/app.ts';
import { byUrgency, findingOf, isShown } from '../model/fleet.ts';
import { capital, longText, nameText, secondText } from '../model/format.ts';
import { linkTo } from '../model/route.ts';
import { memberOf, type Lookups, type Member } from '../parts/member.ts';
import { Failure, StateBox } from '../parts/state-box.tsx';
import { Time } from '../parts/time.tsx';
import { NeedRow } from './need-row.tsx';
import { FleetTable } from './fleet-table.tsx';
import { Tile } from './tile.tsx';

const BEAT_MS = 2000;
/** About as many tiles as a window shows at once. */
const EARLY = 48;
const START = 'npm run device -- create my-sensor --local';

/** The gateway that a device is behind, if any. */
const gatewayOf = ({ device }: Member) =>
  device.deviceId.includes(':') ? device.deviceId.split(':')[0]! : undefined;

function Site({
  app,
  lookups,
  name,
  members,
  early,
}: {
  app: App;
  lookups: Lookups;
  name: string;
  members: Member[];
  early: ReadonlySet<Member>;
}) {
  const own = members.filter((member) => gatewayOf(member) === undefined);
  const children = Map.groupBy(
    members.filter((member) => gatewayOf(member) !== undefined),
    (member) => gatewayOf(member)!,
  );
  const well = members.filter(({ state }) => state === 'ok').length;
  const id = `site-${name}`;
  const tiles = (list: readonly Member[]) => (
    <div class="tiles">
      {list.map((member) => (
        <Tile
          key={member.device.deviceId}
          {...{ app, lookups, device: member.device, state: member.state, isEarly: early.has(member) }}
        />
      ))}
    </div>
  );
  return (
    <section class="site" aria-labelledby={id}>
      <header>
        <h2 id={id}>{name === '' ? 'Without a site' : capital(name)}</h2>
        <dl>
          <dt>Devices</dt>
          <dd>{members.length}</dd>
          {!app.session.isGuest() && (
            <>
              <dt>In limits</dt>
              <dd>
                {well} of {members.length}
              </dd>
            </>
          )}
        </dl>
      </header>
      {own.length > 0 && tiles(own)}
      {[...children].map(([gateway, list]) => (
        <div class="gate" key={gateway}>
          <p>
            <b>{nameText(gateway)}</b>
            <span class="dim">{list.length} behind this gateway</span>
          </p>
          {tiles(list)}
        </div>
      ))}
    </section>
  );
}

function Tools({ app, members }: { app: App; members: readonly Member[] }) {
  const { query } = app.route.value;
  const sites = [...new Set(members.map(({ device }) => device.site ?? ''))]
    .filter((site) => site !== '')
    .sort();
  const types = [...new Set(members.map(({ device }) => device.type ?? ''))]
    .filter((type) => type !== '')
    .sort();
  const pick = (name: string, value: string | undefined, text: string) => (
    <button
      aria-pressed={(query[name] ?? '') === (value ?? '')}
      onClick={() => setQuery(app, { [name]: value })}
    >
      {text}
    </button>
  );
  const select = (name: string, label: string, all: string, values: readonly string[]) =>
    values.length > 1 && (
      <>
        <label class="vh" for={`filter-${name}`}>
          {label}
        </label>
        <select
          id={`filter-${name}`}
          value={query[name] ?? ''}
          onChange={(event) => setQuery(app, { [name]: event.currentTarget.value })}
        >
          <option value="">{all}</option>
          {values.map((value) => (
            <option key={value} value={value}>
              {capital(value)}
            </option>
          ))}
        </select>
      </>
    );
  return (
    <div class="tools">
      <label class="vh" for="search">
        Search devices
      </label>
      <input
        type="search"
        id="search"
        placeholder="Name, site or type"
        value={query['q'] ?? ''}
        onInput={(event) => setQuery(app, { q: event.currentTarget.value }, false)}
      />
      <span class="seg" role="group" aria-label="Show">
        {pick('show', undefined, 'All')}
        {pick('show', 'attention', 'Needs attention')}
      </span>
      {select('site', 'Site', 'All sites', sites)}
      {select('type', 'Type', 'All types', types)}
      <span class="seg push" role="group" aria-label="Layout">
        {pick('as', undefined, 'Tiles')}
        {pick('as', 'rows', 'Rows')}
      </span>
    </div>
  );
}

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

const Loading = () => (
  <div aria-busy="true">
    <p class="vh" role="status">
      Loading
    </p>
    <div class="headrow">
      <h1>Fleet</h1>
    </div>
    <div class="tiles late">
      {Array.from({ length: 6 }, (_, index) => (
        <div class="tile wait" key={index}>
          <span class="bone w1" />
          <span class="bone w2" />
          <span class="bone w3" />
        </div>
      ))}
    </div>
  </div>
);

const Empty = () => (
  <>
    <div class="headrow">
      <h1>Fleet</h1>
    </div>
    <StateBox
      title="No device yet"
      code={START}
      actions={
        <a class="btn go" href={linkTo('add')}>
          Add a device
        </a>
      }
    >
      Connect one, or start the demo fleet with <span class="mono">npm start</span>. The first reading appears
      on this page by itself.
    </StateBox>
  </>
);

function NotLoaded({ error, retry }: { error: ApiError; retry: () => void }) {
  return (
    <>
      <div class="headrow">
        <h1>Fleet</h1>
      </div>
      <Failure
        what="The list of devices did not load"
        error={error}
        spared="Readings are still being stored; only this page is blind. It tries again by itself."
        retry={retry}
      />
    </>
  );
}

export function Fleet({ app, lookups }: { app: App; lookups: Lookups }) {
  const { store, session, route } = app;
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
  const needs = members
    .filter(({ state }) => state === 'alarm' || state === 'silent' || state === 'ack' || state === 'pending')
    .sort(byUrgency)
    .slice(0, 8);
  const { query } = route.value;
  const shown = members.filter((member) => isShown(member, query));
  const sites = [...Map.groupBy(shown, ({ device }) => device.site ?? '')].sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  const early = new Set(sites.flatMap(([, list]) => list).slice(0, EARLY));
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
      {needs.length > 0 && (
        <>
          <h2 class="vh">Needs attention</h2>
          <ul class="need">
            {needs.map((member) => (
              <NeedRow key={member.device.deviceId} app={app} lookups={lookups} device={member.device} />
            ))}
          </ul>
        </>
      )}
      <Tools app={app} members={members} />
      {shown.length === 0 && (
        <StateBox
          title="No device matches"
          actions={
            <a class="btn" href={linkTo('fleet')}>
              Clear search and filters
            </a>
          }
        >
          No device matches “{query['q'] ?? ''}” and the filters.
        </StateBox>
      )}
      {query['as'] === 'rows' && shown.length > 0 ? (
        <FleetTable app={app} lookups={lookups} sites={sites} />
      ) : (
        sites.map(([name, list]) => <Site key={name} {...{ app, lookups, name, members: list, early }} />)
      )}
    </>
  );
}
