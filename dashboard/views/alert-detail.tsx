// One alert: the readings around it, its history, and notes.

import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { pathOf } from '../data/api.ts';
import { say, type App } from '../data/app.ts';
import { openHistory, type History } from '../data/history.ts';
import type { HistoryEntry } from '../model/api-types.ts';
import type { Case } from '../model/alert-cases.ts';
import { alertText } from '../model/fleet.ts';
import { capital, dayMinuteText, metricText, minuteText, nameText, numberText } from '../model/format.ts';
import { stepFor } from '../model/ladder.ts';
import { rangeOf } from '../model/plot-range.ts';
import { linkTo } from '../model/route.ts';
import { channelOf, isSilenceRule, limitsOf, mainMetricOf } from '../model/rules.ts';
import { personText } from '../model/story.ts';
import { columnsOf } from '../model/windows.ts';
import { acknowledge, ActionButton, snooze } from '../parts/acknowledge.tsx';
import type { Lookups } from '../parts/member.ts';
import { MetricPlot } from '../parts/metric-plot.tsx';
import type { PlotData } from '../parts/plot-layers.ts';
import { SignWord } from '../parts/signs.tsx';
import { Time } from '../parts/time.tsx';
import { Story } from './alert-story.tsx';

const BEFORE_MS = 40 * 60_000;
const AFTER_MS = 20 * 60_000;
const LONGEST_NOTE = 500;
/** The room to the right of now, as a part of the span. */
const EDGE = 0.012;

/** The plot from 40 minutes before the alert to 20 minutes after it, or to now. */
function Picture({
  app,
  lookups,
  of: { deviceId, ruleId, from, to },
}: {
  app: App;
  lookups: Lookups;
  of: Case;
}) {
  const history = useSignal<History | undefined>(undefined);
  const isLive = to === undefined;
  const until = useMemo(() => (to === undefined ? undefined : Math.min(to + AFTER_MS, Date.now())), [to]);
  const start = from - BEFORE_MS;
  const isGone = history.value?.isGone.value ?? false;
  const isCoarse = useSignal(false);
  useEffect(() => {
    if (isGone) isCoarse.value = true;
  }, [isGone]);
  const stepTo = (to: number) => stepFor({ from: start, to }, Date.now(), app.config.storage, isCoarse.value);
  useEffect(() => {
    const step = stepTo(until ?? Date.now());
    const opened = openHistory(app, deviceId, { from: start, to: until ?? Date.now(), isLive, step });
    history.value = opened;
    return opened.close;
  }, [deviceId, start, until, isCoarse.value]);
  const rule = lookups.rulesById.value.get(ruleId);
  const version = history.value?.version.value;
  const now = Math.floor(app.store.now.value / 1000) * 1000;
  const end = until ?? now;
  const drawn = useMemo((): { metric: string; data: PlotData } | undefined => {
    const windows = history.value?.series() ?? [];
    const names = [...new Set(windows.flatMap(({ metrics }) => Object.keys(metrics)))];
    const metric = names.find((name) => name === rule?.metric) ?? mainMetricOf(names);
    if (metric === undefined) return undefined;
    const device = app.store.devices.peek()?.find((each) => each.deviceId === deviceId) ?? { deviceId };
    const limits = limitsOf(app.store.rules.peek(), device, metric);
    const { size } = stepTo(end);
    const columns = columnsOf(windows, metric, size, isLive ? end : undefined);
    const inner = channelOf(limits);
    const near = [inner.low, inner.high].filter((limit) => limit !== undefined);
    const unit = history.value?.units()[metric] ?? device.units?.[metric];
    const spans = isSilenceRule(rule)
      ? []
      : [{ from, to: to ?? Number.MAX_SAFE_INTEGER, label: `alarm since ${minuteText(from)}` }];
    const range = rangeOf([...columns.min, ...columns.max], near);
    const edge = isLive ? end + (end - start) * EDGE : end;
    const data = { columns, limits, spans, range, unit, from: start, to: edge, isLive, lines: [] };
    return { metric, data };
  }, [version, history.value, rule, end, start]);
  return (
    <div class="plots">
      {drawn && !isSilenceRule(rule) && <Worst {...drawn.data} alarmFrom={from} alarmTo={to} />}
      {drawn ? (
        <MetricPlot
          isMain
          title={`${metricText(drawn.metric)}${drawn.data.unit ? `, ${drawn.data.unit}` : ''}`}
          data={drawn.data}
          height={260}
          hint={`from 40 min before ${isLive ? 'to now' : 'to 20 min after'}`}
          theme={app.theme.value}
        />
      ) : (
        <div class="plot-wait" aria-busy={!history.value?.isLoaded.value}>
          {history.value?.isLoaded.value && <p class="dim">Nothing was measured in this time.</p>}
        </div>
      )}
    </div>
  );
}

/** The value furthest beyond a limit during the alarm. */
function Worst({
  columns,
  limits,
  unit,
  alarmFrom,
  alarmTo = Infinity,
}: PlotData & { alarmFrom: number; alarmTo?: number }) {
  const { low, high } = channelOf(limits);
  const inside = columns.x.flatMap((x, index) =>
    x * 1000 >= alarmFrom && x * 1000 <= alarmTo ? [index] : [],
  );
  const [top, bottom] = [
    Math.max(...inside.map((index) => columns.max[index] ?? -Infinity)),
    Math.min(...inside.map((index) => columns.min[index] ?? Infinity)),
  ];
  const worst =
    high !== undefined && top > high ? top : low !== undefined && bottom < low ? bottom : undefined;
  if (worst === undefined) return null;
  return (
    <p class="worst">
      Worst{' '}
      <b>
        {numberText(worst, unit)}
        {unit !== undefined && ` ${unit}`}
      </b>
    </p>
  );
}

function Notes({
  app,
  of: { deviceId, ruleId, alert },
  entries,
}: {
  app: App;
  of: Case;
  entries: readonly HistoryEntry[];
}) {
  const note = useSignal('');
  const notes = entries.filter(({ comment }) => comment !== undefined);
  const comment = async () => {
    const path = `${pathOf('devices', deviceId, 'alerts', ruleId)}/comment`;
    await app.api.send('POST', path, { comment: note.value.trim() });
    note.value = '';
    say(app, { text: 'Your note is in the history.' });
    app.store.alerts.value = [...app.store.alerts.value]; // makes the view read the history again
  };
  const answer = async () => {
    if (await acknowledge(app, { deviceId, ruleId }, note.value.trim())) note.value = '';
  };
  const isEmpty = note.value.trim() === '';
  return (
    <section>
      <h3>Notes</h3>
      {notes.length === 0 && <p class="dim">No notes yet. Your note appears in the month's report.</p>}
      {notes.map(({ entryId, by, at, comment }) => (
        <p key={entryId} class="note">
          “{comment}”{' '}
          <span class="dim nb">
            {personText(by)}, <Time at={at} as={dayMinuteText} />
          </span>
        </p>
      ))}
      <label class="g4" for="note">
        What did you find, and what did you do?
      </label>
      <textarea
        id="note"
        rows={3}
        maxLength={LONGEST_NOTE}
        placeholder="Door was open, shut it."
        value={note.value}
        onInput={(event) => {
          note.value = event.currentTarget.value;
        }}
      />
      <div class="row g3">
        {alert?.state === 'alarm' && (
          <ActionButton
            app={app}
            isMain
            label={isEmpty ? 'Acknowledge' : 'Acknowledge with note'}
            run={answer}
          />
        )}
        {!isEmpty && <ActionButton app={app} label="Add note" run={comment} />}
      </div>
    </section>
  );
}

export function AlertDetail({ app, lookups, of: own }: { app: App; lookups: Lookups; of: Case }) {
  const { deviceId, ruleId, from, to, alert, span } = own;
  const rule = lookups.rulesById.value.get(ruleId);
  const isSilence = isSilenceRule(rule);
  const severity = alert?.severity ?? span?.severity ?? 'alert';
  const entries = span?.entries ?? [];
  const device = app.store.devices.value?.find((each) => each.deviceId === deviceId);
  const known = alert ?? {
    deviceId,
    ruleId,
    state: 'ok' as const,
    value: span?.worst ?? '',
    unit: span?.unit,
  };
  const until = Math.round(to === undefined ? Date.now() : to + AFTER_MS);
  const link = linkTo('device', [deviceId], {
    from: String(Math.round(from - BEFORE_MS)),
    to: to === undefined ? undefined : String(until),
  });
  return (
    <>
      <div class="headrow">
        <div>
          {alert ? (
            <SignWord
              name={alert.state === 'acknowledged' ? 'ack' : isSilence ? 'silent' : 'alarm'}
              word={`${capital(severity)}, ${alert.state === 'acknowledged' ? 'acknowledged' : 'open'}`}
            />
          ) : (
            <SignWord name="past" word={`${capital(severity)}, over`} />
          )}
          <h2>
            <a href={link}>{nameText(deviceId)}</a>
            {device?.site !== undefined && `, ${capital(device.site)}`}
          </h2>
          <p class="dim">
            {alertText(known, rule)} since <Time at={from} as={dayMinuteText} />
            {to !== undefined && (
              <>
                {' '}
                to <Time at={to} />
              </>
            )}{' '}
            · rule <span class="mono">{ruleId}</span>
          </p>
        </div>
        {alert?.state === 'alarm' && (
          <div class="row">
            <ActionButton app={app} isMain label="Acknowledge" run={() => acknowledge(app, alert)} />
            <ActionButton app={app} label="Snooze 30 min" run={() => snooze(app, deviceId)} />
          </div>
        )}
      </div>
      <Picture app={app} lookups={lookups} of={own} />
      <div class="cols">
        <section>
          <h3>What happened</h3>
          {entries.length > 0 ? (
            <Story app={app} entries={entries} isSilence={isSilence} />
          ) : (
            <p class="dim">No history yet.</p>
          )}
          {rule?.repeatEvery !== undefined && alert?.state === 'alarm' && (
            <p class="dim">A reminder is sent every {rule.repeatEvery} until the alert is acknowledged.</p>
          )}
        </section>
        <Notes app={app} of={own} entries={entries} />
      </div>
    </>
  );
}
