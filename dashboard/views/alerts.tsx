// The alerts view: open, acknowledged and past alerts, and the details of one.

import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { asApiError, type ApiError } from '../data/api-error.ts';
import { setQuery, type App } from '../data/app.ts';
import { caseFilterOf, casesOf, historyFromOf, type Case, type CaseFilter } from '../model/alert-cases.ts';
import { alertSpansOf } from '../model/alert-spans.ts';
import type { HistoryEntry } from '../model/api-types.ts';
import { alertText } from '../model/fleet.ts';
import { capital, dayMinuteText, durationText, momentText, nameText, plural } from '../model/format.ts';
import { linkTo, type Route } from '../model/route.ts';
import { isSilenceRule } from '../model/rules.ts';
import { GuestView } from '../parts/guest-view.tsx';
import type { Lookups } from '../parts/member.ts';
import { Shape, type Sign } from '../parts/signs.tsx';
import { Failure, StateBox } from '../parts/state-box.tsx';
import { Time } from '../parts/time.tsx';
import { AlertDetail } from './alert-detail.tsx';

const HISTORY_LIMIT = 1000;
/** The link keeps the filter. */
const linkOfCase = ({ deviceId, ruleId, from, alert }: Case, query: Route['query'] = {}) =>
  linkTo('alerts', [deviceId, ruleId, ...(alert ? [] : [String(from)])], query);

/** A link without a time leads to the active alert, or to the newest past one: the first match in the list. */
const isChosen = ({ deviceId, ruleId, from }: Case, [device, rule, at]: readonly string[]) =>
  deviceId === device && ruleId === rule && (at === undefined || String(from) === at);

function textOfCase({ span, alert, from, to }: Case, lookups: Lookups, now: number): string {
  const ruleId = (alert ?? span)!.ruleId;
  const rule = lookups.rulesById.value.get(ruleId);
  const known = alert ?? { ...span!, state: 'ok' as const, value: span!.worst ?? '' };
  const text = alertText(known, rule);
  return `${text} for ${durationText((to ?? now) - from)}`;
}

function signOfCase(
  { alert, ruleId }: Case,
  lookups: Lookups,
): { readonly sign: Sign; readonly look: string } {
  if (!alert) return { sign: 'past', look: 'past' };
  if (alert.state === 'acknowledged') return { sign: 'ack', look: 'silent' };
  const isSilence = isSilenceRule(lookups.rulesById.value.get(ruleId));
  return isSilence ? { sign: 'silent', look: 'silent' } : { sign: 'alarm', look: 'alarm' };
}

interface ListProps {
  app: App;
  lookups: Lookups;
  cases: readonly Case[];
  chosen: Case | undefined;
}

function CaseLink({
  app,
  lookups,
  of,
  isChosen,
}: Omit<ListProps, 'cases' | 'chosen'> & { of: Case; isChosen: boolean }) {
  const now = app.store.now.value;
  const { sign, look } = signOfCase(of, lookups);
  return (
    <a href={linkOfCase(of, app.route.value.query)} class={look} aria-current={isChosen ? 'true' : undefined}>
      <Shape name={sign} />
      <span class="t">{nameText(of.deviceId)}</span>
      <span class="w">
        {of.alert ? durationText(now - of.from) : <Time at={of.from} as={(at) => momentText(at, now)} />}
      </span>
      <span class="s">{textOfCase(of, lookups, now)}</span>
    </a>
  );
}

function List({ app, lookups, cases, chosen }: ListProps) {
  const groups = [
    ['Open', cases.filter(({ alert }) => alert?.state === 'alarm')],
    ['Acknowledged', cases.filter(({ alert }) => alert?.state === 'acknowledged')],
    ['Over', cases.filter(({ alert }) => alert === undefined)],
  ] as const;
  return (
    <nav class="list" aria-label="Alerts">
      {groups.map(
        ([name, list]) =>
          list.length > 0 && (
            <section key={name}>
              <h2 class="grp">{name}</h2>
              {list.map((each) => (
                <CaseLink key={linkOfCase(each)} {...{ app, lookups, of: each, isChosen: each === chosen }} />
              ))}
            </section>
          ),
      )}
    </nav>
  );
}

/** The history. It is loaded again when an open alert changes. */
function useHistory(app: App, since: number | undefined) {
  const entries = useSignal<readonly HistoryEntry[] | undefined>(undefined);
  const failure = useSignal<ApiError | undefined>(undefined);
  const query = { from: since, limit: HISTORY_LIMIT };
  const load = () =>
    app.api.get<{ entries: readonly HistoryEntry[] }>('/alerts/history', query).then(
      (answer) => {
        entries.value = answer.entries;
        failure.value = undefined;
      },
      (error: unknown) => {
        failure.value = asApiError(error);
      },
    );
  useEffect(() => void load(), [app.store.alerts.value, since]);
  return { entries, failure, load };
}

/** The active filters, each with a button to remove it. */
function Filter({ app, filter: { from, site } }: { app: App; filter: CaseFilter }) {
  if (from === undefined && site === undefined) return null;
  const part = (name: 'from' | 'site', text: string) => (
    <button
      class="btn"
      aria-label={`Remove the filter: ${text}`}
      onClick={() => setQuery(app, { [name]: undefined })}
    >
      {text} <span aria-hidden="true">×</span>
    </button>
  );
  return (
    <div class="tools" role="group" aria-label="Filters">
      {from !== undefined && part('from', `Since ${dayMinuteText(from)}`)}
      {site !== undefined && part('site', `Site ${site}`)}
    </div>
  );
}

function headingOf(cases: readonly Case[], isFiltered: boolean): string {
  if (isFiltered && cases.length === 0) return 'Alerts';
  const open = cases.filter(({ alert }) => alert?.state === 'alarm').length;
  if (open > 0) return `${capital(plural(open, 'alert'))} not acknowledged`;
  const acknowledged = cases.filter(({ alert }) => alert !== undefined).length;
  if (acknowledged > 0) return `${capital(plural(acknowledged, 'alert'))}, acknowledged`;
  return isFiltered ? 'None of these alerts is open' : 'No open alerts';
}

function NoAlerts({ app: { store } }: { app: App }) {
  const { length } = store.rules.value;
  return (
    <StateBox title="No alerts">
      Nothing has crossed a limit in the last seven days; {plural(length, 'rule')}{' '}
      {length === 1 ? 'is' : 'are'} watching {plural(store.devices.value?.length ?? 0, 'device')}.
    </StateBox>
  );
}

const NoMatch = ({ filter: { from, site } }: { filter: CaseFilter }) => (
  <StateBox
    title="No alert matches"
    actions={
      <a class="btn" href={linkTo('alerts')}>
        Clear the filters
      </a>
    }
  >
    {from === undefined
      ? 'There was no alert in the last seven days'
      : `Nothing changed since ${dayMinuteText(from)}`}
    {site !== undefined && ` at the site “${site}”`}.
  </StateBox>
);

/** The list of alerts, with the chosen one beside it. `isLoaded` says whether the history is there. */
function Panes({ app, lookups, cases, isLoaded }: Omit<ListProps, 'chosen'> & { isLoaded: boolean }) {
  const { path, query } = app.route.value;
  const shown = path.length > 0 ? cases.find((each) => isChosen(each, path)) : cases[0];
  return (
    <div class="panes" data-open={path.length > 0 ? '' : undefined}>
      <List app={app} lookups={lookups} cases={cases} chosen={shown} />
      <div>
        <a class="back" href={linkTo('alerts', [], query)}>
          ← All alerts
        </a>
        {shown && <AlertDetail key={linkOfCase(shown)} app={app} lookups={lookups} of={shown} />}
        {!shown && isLoaded && (
          <StateBox title="This alert is not in the list">
            It ended more than seven days ago.{' '}
            {path[0] !== undefined && <a href={linkTo('device', [path[0]])}>See the device</a>}
          </StateBox>
        )}
      </div>
    </div>
  );
}

export function Alerts({ app, lookups }: { app: App; lookups: Lookups }) {
  const { store, session, route } = app;
  const filter = caseFilterOf(route.value);
  const isFiltered = Object.keys(filter).length > 0;
  const since = historyFromOf(filter, store.now.peek());
  const { entries, failure, load } = useHistory(app, since);
  const spans = useMemo(() => alertSpansOf(entries.value ?? []), [entries.value]);
  const siteOf = (id: string) => store.devices.value?.find(({ deviceId }) => deviceId === id)?.site;
  const cases = casesOf(store.alerts.value, spans, filter, siteOf);
  if (session.isGuest()) return <GuestView app={app} heading="Alerts" title="Log in to see alerts" />;
  const isLoaded = entries.value !== undefined;
  const isEmpty = cases.length === 0 && isLoaded && !failure.value;
  return (
    <>
      <div class="headrow">
        <h1>{headingOf(cases, isFiltered)}</h1>
      </div>
      <Filter app={app} filter={filter} />
      {failure.value && (
        <Failure
          what="The history of alerts did not load"
          error={failure.value}
          spared="Alerts are still raised and sent."
          retry={() => void load()}
        />
      )}
      {isEmpty && (isFiltered ? <NoMatch filter={filter} /> : <NoAlerts app={app} />)}
      {cases.length > 0 && <Panes app={app} lookups={lookups} cases={cases} isLoaded={isLoaded} />}
    </>
  );
}
