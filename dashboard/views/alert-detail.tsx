// One alert: the readings around it, its history, and notes.

import type { App } from '../data/app.ts';
import type { Case } from '../model/alert-cases.ts';
import type { HistoryEntry, Rule } from '../model/api-types.ts';
import { alertText } from '../model/fleet.ts';
import { capital, dayMinuteText, nameText } from '../model/format.ts';
import { linkTo } from '../model/route.ts';
import { isSilenceRule } from '../model/rules.ts';
import { acknowledge, ActionButton, snooze } from '../parts/acknowledge.tsx';
import type { Lookups } from '../parts/member.ts';
import { SignWord } from '../parts/signs.tsx';
import { Time } from '../parts/time.tsx';
import { Notes } from './alert-notes.tsx';
import { AFTER_MS, BEFORE_MS, Picture } from './alert-picture.tsx';
import { Story } from './alert-story.tsx';

/** The device with the span of the alert's plot. */
function deviceLinkOf({ deviceId, from, to }: Case): string {
  return linkTo('device', [deviceId], {
    from: String(Math.round(from - BEFORE_MS)),
    to: to === undefined ? undefined : String(Math.round(to + AFTER_MS)),
  });
}

function StateSign({ of: { alert, span }, isSilence }: { of: Case; isSilence: boolean }) {
  const severity = capital(alert?.severity ?? span?.severity ?? 'alert');
  if (!alert) return <SignWord name="past" word={`${severity}, over`} />;
  if (alert.state === 'acknowledged') return <SignWord name="ack" word={`${severity}, acknowledged`} />;
  return <SignWord name={isSilence ? 'silent' : 'alarm'} word={`${severity}, open`} />;
}

function Heading({ app, of, rule }: { app: App; of: Case; rule: Rule | undefined }) {
  const { deviceId, ruleId, from, to, alert, span } = of;
  const device = app.store.devices.value?.find((each) => each.deviceId === deviceId);
  const past = { deviceId, ruleId, state: 'ok' as const, value: span?.worst ?? '', unit: span?.unit };
  return (
    <div>
      <StateSign of={of} isSilence={isSilenceRule(rule)} />
      <h2>
        <a href={deviceLinkOf(of)}>{nameText(deviceId)}</a>
        {device?.site !== undefined && `, ${capital(device.site)}`}
      </h2>
      <p class="dim">
        {alertText(alert ?? past, rule)} since <Time at={from} as={dayMinuteText} />
        {to !== undefined && (
          <>
            {' '}
            to <Time at={to} />
          </>
        )}{' '}
        · rule <span class="mono">{ruleId}</span>
      </p>
    </div>
  );
}

function Happened({ app, of: { alert, span }, rule }: { app: App; of: Case; rule: Rule | undefined }) {
  const entries: readonly HistoryEntry[] = span?.entries ?? [];
  return (
    <section>
      <h3>What happened</h3>
      {entries.length > 0 ? (
        <Story app={app} entries={entries} isSilence={isSilenceRule(rule)} />
      ) : (
        <p class="dim">No history yet.</p>
      )}
      {rule?.repeatEvery !== undefined && alert?.state === 'alarm' && (
        <p class="dim">A reminder is sent every {rule.repeatEvery} until the alert is acknowledged.</p>
      )}
    </section>
  );
}

export function AlertDetail({ app, lookups, of }: { app: App; lookups: Lookups; of: Case }) {
  const { deviceId, ruleId, alert, span } = of;
  const rule = lookups.rulesById.value.get(ruleId);
  return (
    <>
      <div class="headrow">
        <Heading app={app} of={of} rule={rule} />
        {alert?.state === 'alarm' && (
          <div class="row">
            <ActionButton app={app} isMain label="Acknowledge" run={() => acknowledge(app, alert)} />
            <ActionButton app={app} label="Snooze 30 min" run={() => snooze(app, deviceId)} />
          </div>
        )}
      </div>
      <Picture app={app} lookups={lookups} of={of} />
      <div class="cols">
        <Happened app={app} of={of} rule={rule} />
        <Notes app={app} of={of} entries={span?.entries ?? []} />
      </div>
    </>
  );
}
