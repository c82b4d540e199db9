// The device's current problem, who was notified, and the possible actions.

import type { App } from '../data/app.ts';
import { alertText } from '../model/fleet.ts';
import { momentText, numberText } from '../model/format.ts';
import { linkTo } from '../model/route.ts';
import { AcknowledgeButton, ActionButton, snooze } from '../parts/acknowledge.tsx';
import type { Lookups, Member } from '../parts/member.ts';
import { Shape } from '../parts/signs.tsx';
import { Time } from '../parts/time.tsx';

export function DeviceBanner({ app, lookups, member }: { app: App; lookups: Lookups; member: Member }) {
  const { state, alert, track, device, value, unit } = member;
  const now = app.store.now.value;
  const at = (time: number) => <Time at={time} as={(each) => momentText(each, now)} />;
  if (state === 'silent') {
    const lastSeenAt = Math.max(track.lastReadingAt ?? 0, device.lastSeenAt ?? 0);
    return (
      <div class="banner quiet">
        <Shape name="silent" size={20} />
        <div>
          <b>
            {lastSeenAt > 0 ? <>No data since {at(lastSeenAt)}</> : 'No data yet'}
            {value !== undefined &&
              `; the last reading was ${numberText(value, unit)}${unit ? ` ${unit}` : ''}`}
            .
          </b>{' '}
          {alert?.acknowledged && 'Acknowledged.'}
        </div>
        <div class="acts">{alert?.state === 'alarm' && <AcknowledgeButton app={app} alert={alert} />}</div>
      </div>
    );
  }
  if (!alert) return null;
  const isOpen = alert.state === 'alarm';
  const since = alert.since ?? alert.raisedAt;
  return (
    <div class={isOpen ? 'banner' : 'banner quiet'}>
      <Shape name={isOpen ? 'alarm' : 'ack'} size={20} />
      <div>
        <b>
          {alertText(alert, lookups.rulesById.value.get(alert.ruleId))}
          {since !== undefined && alert.words === undefined && <> since {at(since)}</>}.
        </b>{' '}
        {alert.notifiedAt !== undefined && <>Notified at {at(alert.notifiedAt)}. </>}
        {alert.escalatedAt !== undefined && <>Escalated at {at(alert.escalatedAt)}. </>}
        {alert.acknowledged ? (
          <>
            Acknowledged at {at(alert.acknowledged.at)}
            {alert.acknowledged.comment ? `: “${alert.acknowledged.comment}”` : '.'}
          </>
        ) : (
          'Not acknowledged yet.'
        )}
      </div>
      <div class="acts">
        {isOpen && <AcknowledgeButton app={app} alert={alert} />}
        {isOpen && <ActionButton app={app} label="Snooze 30 min" run={() => snooze(app, device.deviceId)} />}
        <a class="btn" href={linkTo('alerts', [device.deviceId, alert.ruleId])}>
          Details
        </a>
      </div>
    </div>
  );
}
