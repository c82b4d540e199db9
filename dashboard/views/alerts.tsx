// Alerts: what stands, what is acknowledged, what is over; and of one what happened and who did what.

import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { ApiError } from '../data/api.ts';
import type { App } from '../data/app.ts';
import { alertSpansOf, type AlertSpan } from '../model/alert-spans.ts';
import type { Alert, HistoryEntry } from '../model/api-types.ts';
import { alertText } from '../model/fleet.ts';
import { capital, durationText, momentText, nameText, plural } from '../model/format.ts';
import { linkTo } from '../model/route.ts';
import { isAbsenceRule } from '../model/rules.ts';
import type { Lookups } from '../parts/member.ts';
import { Shape, type Sign } from '../parts/signs.tsx';
import { Failure, StateBox } from '../parts/state-box.tsx';
import { Time } from '../parts/time.tsx';
import { AlertDetail } from './alert-detail.tsx';

const HISTORY_LIMIT = 1000;
const MOST_PAST = 60;

/** One alert of the list: it stands, or it is over. */
export interface Case {
  readonly deviceId: string;
  readonly ruleId: string;
  readonly from: number;
  readonly to?: number;
  readonly alert?: Alert;
  readonly span?: AlertSpan;
}

function casesOf(alerts: readonly Alert[], spans: readonly AlertSpan[]): readonly Case[] {
  const standing = alerts.map((alert): Case => {
    const { deviceId, ruleId } = alert;
    const span = spans.find(
      (each) => each.to === undefined && each.deviceId === deviceId && each.ruleId === ruleId,
    );
    const from = alert.since ?? alert.raisedAt ?? span?.from ?? 0;
    return { ...{ deviceId, ruleId, from, alert }, ...(span && { span }) };
  });
  const over = spans.flatMap((span): Case[] => {
    const { deviceId, ruleId, from, to } = span;
    return to === undefined ? [] : [{ deviceId, ruleId, from, to, span }];
  });
  return [...standing, ...over.slice(0, MOST_PAST)];
}

const pathOfCase = ({ deviceId, ruleId, from, alert }: Case) =>
  linkTo('alerts', [deviceId, ruleId, ...(alert ? [] : [String(from)])]);

const isChosen = ({ deviceId, ruleId, from, alert }: Case, [device, rule, at]: readonly string[]) =>
  deviceId === device && ruleId === rule && (at === undefined ? alert !== undefined : String(from) === at);

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
  const isAbsence = isAbsenceRule(lookups.rulesById.value.get(ruleId));
  return isAbsence ? { sign: 'silent', look: 'silent' } : { sign: 'alarm', look: 'alarm' };
}

function List({
  app,
  lookups,
  cases,
  chosen,
}: {
  app: App;
  lookups: Lookups;
  cases: readonly Case[];
  chosen: Case | undefined;
}) {
  const now = app.store.now.value;
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
              {list.map((each) => {
                const { sign, look } = signOfCase(each, lookups);
                return (
                  <a
                    key={pathOfCase(each)}
                    href={pathOfCase(each)}
                    class={look}
                    aria-current={each === chosen ? 'true' : undefined}
                  >
                    <Shape name={sign} />
                    <span class="t">{nameText(each.deviceId)}</span>
                    <span class="w">
                      {each.alert ? (
                        durationText(now - each.from)
                      ) : (
                        <Time at={each.from} as={(at) => momentText(at, now)} />
                      )}
                    </span>
                    <span class="s">{textOfCase(each, lookups, now)}</span>
                  </a>
                );
              })}
            </section>
          ),
      )}
    </nav>
  );
}

/** The history anew whenever an open alert changes. */
function useHistory(app: App) {
  const entries = useSignal<readonly HistoryEntry[] | undefined>(undefined);
  const failure = useSignal<ApiError | undefined>(undefined);
  const load = () =>
    app.api.get<{ entries: readonly HistoryEntry[] }>('/alerts/history', { limit: HISTORY_LIMIT }).then(
      (answer) => {
        entries.value = answer.entries;
        failure.value = undefined;
      },
      (error: unknown) => {
        failure.value = error instanceof ApiError ? error : new ApiError(0, String(error), '');
      },
    );
  useEffect(() => void load(), [app.store.alerts.value]);
  return { entries, failure, load };
}

const Guest = ({ app }: { app: App }) => (
  <>
    <div class="headrow">
      <h1>Alerts</h1>
    </div>
    <StateBox
      title="Alerts are for who logged in"
      actions={
        app.session.canLogIn && (
          <button class="btn go" onClick={() => void app.session.logIn()}>
            Log in
          </button>
        )
      }
    >
      As a guest you see devices and what they measure.
    </StateBox>
  </>
);

function headingOf(cases: readonly Case[]): string {
  const open = cases.filter(({ alert }) => alert?.state === 'alarm').length;
  if (open > 0) return `${capital(plural(open, 'alert'))} ${open === 1 ? 'waits' : 'wait'} for an answer`;
  const acknowledged = cases.filter(({ alert }) => alert !== undefined).length;
  if (acknowledged > 0) return `${capital(plural(acknowledged, 'alert'))}, acknowledged`;
  return 'No alert stands';
}

export function Alerts({ app, lookups }: { app: App; lookups: Lookups }) {
  const { store, session, route } = app;
  const { entries, failure, load } = useHistory(app);
  const spans = useMemo(() => alertSpansOf(entries.value ?? []), [entries.value]);
  const cases = casesOf(store.alerts.value, spans);
  if (session.isGuest()) return <Guest app={app} />;
  const { path } = route.value;
  const chosen = path.length > 0 ? cases.find((each) => isChosen(each, path)) : undefined;
  const shown = chosen ?? (path.length === 0 ? cases[0] : undefined);
  return (
    <>
      <div class="headrow">
        <h1>{headingOf(cases)}</h1>
      </div>
      {failure.value && (
        <Failure
          what="The history of alerts did not load"
          error={failure.value}
          spared="Alerts are still raised and sent."
          retry={() => void load()}
        />
      )}
      {cases.length === 0 && entries.value !== undefined && !failure.value && (
        <StateBox title="No alerts">
          Nothing has crossed a limit in the last seven days; {plural(store.rules.value.length, 'rule')}{' '}
          {store.rules.value.length === 1 ? 'is' : 'are'} watching{' '}
          {plural(store.devices.value?.length ?? 0, 'device')}.
        </StateBox>
      )}
      {cases.length > 0 && (
        <div class="panes" data-open={path.length > 0 ? '' : undefined}>
          <List app={app} lookups={lookups} cases={cases} chosen={shown} />
          <div>
            <a class="back" href={linkTo('alerts')}>
              ← All alerts
            </a>
            {shown && <AlertDetail key={pathOfCase(shown)} app={app} lookups={lookups} of={shown} />}
            {!shown && entries.value !== undefined && (
              <StateBox title="This alert is not in the list">
                It ended, or it was more than seven days ago.{' '}
                {path[0] !== undefined && <a href={linkTo('device', [path[0]])}>See the device</a>}
              </StateBox>
            )}
          </div>
        </div>
      )}
    </>
  );
}
