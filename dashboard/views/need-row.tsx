// A device that needs attention: its value, its problem, who was notified, and the possible actions.

import type { App } from '../data/app.ts';
import type { Device } from '../model/api-types.ts';
import { alertText } from '../model/fleet.ts';
import { capital, durationText, momentText, nameText, numberText } from '../model/format.ts';
import { linkTo } from '../model/route.ts';
import { AcknowledgeButton } from '../parts/acknowledge.tsx';
import { memberOf, type Lookups, type Member } from '../parts/member.ts';
import { useSight } from '../parts/sight.ts';
import { SignWord } from '../parts/signs.tsx';
import { Time } from '../parts/time.tsx';
import { Spark } from './tile.tsx';

function What({ app, lookups, member }: { app: App; lookups: Lookups; member: Member }) {
  const { state, alert, track, device, silentFor, unit, limits, value } = member;
  const now = app.store.now.value;
  const lastSeenAt = Math.max(track.lastReadingAt ?? 0, device.lastSeenAt ?? 0);
  if (state === 'silent')
    return (
      <>
        <SignWord
          name="silent"
          word={silentFor === undefined ? 'Silent' : `Silent for ${durationText(now - lastSeenAt)}`}
        />
        <br />
        <span class="dim">
          {lastSeenAt > 0 && (
            <>
              No data since <Time at={lastSeenAt} as={(at) => momentText(at, now)} />.{' '}
            </>
          )}
          {alert?.state === 'acknowledged' && 'Acknowledged.'}
        </span>
      </>
    );
  if (state === 'pending')
    return (
      <>
        <SignWord name="pending" word="About to alarm" />
        <br />
        <span class="dim">
          Beyond {limits.map((limit) => `${numberText(limit.value, unit, true)}${unit ? ` ${unit}` : ''}`)[0]}
          {value !== undefined && ', not yet for long enough'}.
        </span>
      </>
    );
  if (!alert) return null;
  const since = alert.raisedAt ?? alert.since;
  const text = alertText(alert, lookups.rulesById.value.get(alert.ruleId));
  return (
    <>
      <SignWord
        name={state}
        word={`${text}${since === undefined ? '' : ` for ${durationText(now - since)}`}`}
      />
      <br />
      <span class="dim">
        {alert.notifiedAt !== undefined && (
          <>
            Notified at <Time at={alert.notifiedAt} />.{' '}
          </>
        )}
        {alert.acknowledged ? (
          <>
            Acknowledged at <Time at={alert.acknowledged.at} />
            {alert.acknowledged.comment ? `: “${alert.acknowledged.comment}”` : '.'}
          </>
        ) : (
          'Not acknowledged yet.'
        )}
      </span>
    </>
  );
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
