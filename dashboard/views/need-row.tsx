// A device that needs attention: its value, its problem, who was notified, and the possible actions.

import type { ComponentChildren } from 'preact';
import type { App } from '../data/app.ts';
import type { Alert, Device, Rule } from '../model/api-types.ts';
import { alertText } from '../model/fleet.ts';
import { capital, durationText, momentText, nameText, numberText } from '../model/format.ts';
import { linkTo } from '../model/route.ts';
import { AcknowledgeButton } from '../parts/acknowledge.tsx';
import { memberOf, type Lookups, type Member } from '../parts/member.ts';
import { useSight } from '../parts/sight.ts';
import { SignWord, type Sign } from '../parts/signs.tsx';
import { Time } from '../parts/time.tsx';
import { Spark } from './tile.tsx';

/** What is wrong with a device: a sign with a few words, and a sentence below. */
const Finding = ({ sign, word, children }: { sign: Sign; word: string; children: ComponentChildren }) => (
  <>
    <SignWord name={sign} word={word} />
    <br />
    <span class="dim">{children}</span>
  </>
);

function Silent({ member: { track, device, silentFor, alert }, now }: { member: Member; now: number }) {
  const lastSeenAt = Math.max(track.lastReadingAt ?? 0, device.lastSeenAt ?? 0);
  return (
    <Finding
      sign="silent"
      word={silentFor === undefined ? 'Silent' : `Silent for ${durationText(now - lastSeenAt)}`}
    >
      {lastSeenAt > 0 && (
        <>
          No data since <Time at={lastSeenAt} as={(at) => momentText(at, now)} />.{' '}
        </>
      )}
      {alert?.state === 'acknowledged' && 'Acknowledged.'}
    </Finding>
  );
}

function Pending({ member: { limits, unit, value } }: { member: Member }) {
  const [limit] = limits;
  return (
    <Finding sign="pending" word="About to alarm">
      Beyond {limit && numberText(limit.value, unit, true)}
      {unit && ` ${unit}`}
      {value !== undefined && ', not yet for long enough'}.
    </Finding>
  );
}

function Alarm({
  alert,
  state,
  rule,
  now,
}: {
  alert: Alert;
  state: Sign;
  rule: Rule | undefined;
  now: number;
}) {
  const since = alert.raisedAt ?? alert.since;
  const { notifiedAt, acknowledged } = alert;
  return (
    <Finding
      sign={state}
      word={`${alertText(alert, rule)}${since === undefined ? '' : ` for ${durationText(now - since)}`}`}
    >
      {notifiedAt !== undefined && (
        <>
          Notified at <Time at={notifiedAt} />.{' '}
        </>
      )}
      {acknowledged ? (
        <>
          Acknowledged at <Time at={acknowledged.at} />
          {acknowledged.comment ? `: “${acknowledged.comment}”` : '.'}
        </>
      ) : (
        'Not acknowledged yet.'
      )}
    </Finding>
  );
}

function What({ app, lookups, member }: { app: App; lookups: Lookups; member: Member }) {
  const { state, alert } = member;
  const now = app.store.now.value;
  if (state === 'silent') return <Silent member={member} now={now} />;
  if (state === 'pending') return <Pending member={member} />;
  if (!alert) return null;
  return <Alarm alert={alert} state={state} rule={lookups.rulesById.value.get(alert.ruleId)} now={now} />;
}

export function NeedRow({ app, lookups, device }: { app: App; lookups: Lookups; device: Device }) {
  const member = memberOf(app, lookups, device);
  const { element, isSeen } = useSight<HTMLLIElement>(app, device.deviceId, true);
  const { state, value, unit, alert } = member;
  const place = [device.site && capital(device.site), device.type].filter(Boolean).join(', ');
  return (
    <li class={state} ref={element}>
      <div class="who">
        <a href={linkTo('device', [device.deviceId])}>{nameText(device.deviceId)}</a>
        <div class="dim">{place}</div>
      </div>
      <div class="big">
        {state === 'silent' && <span class="vh">last </span>}
        {value === undefined ? '\u2013' : numberText(value, unit ?? '°C')}
        <small>{unit}</small>
      </div>
      <div class="what">
        <What app={app} lookups={lookups} member={member} />
      </div>
      <div class="sp">{isSeen && <Spark app={app} member={member} />}</div>
      <div class="acts">
        {alert?.state === 'alarm' && <AcknowledgeButton app={app} alert={alert} />}
        <a class="btn" href={linkTo('device', [device.deviceId])}>
          Open<span class="vh"> {nameText(device.deviceId)}</span>
        </a>
      </div>
    </li>
  );
}
