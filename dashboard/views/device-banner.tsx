// The device's current problem, who was notified, and the possible actions.

import type { App } from '../data/app.ts';
import type { Alert } from '../model/api-types.ts';
import { alertText } from '../model/fleet.ts';
import { momentText, numberText } from '../model/format.ts';
import { linkTo } from '../model/route.ts';
import { AcknowledgeButton, ActionButton, snooze } from '../parts/acknowledge.tsx';
import type { Lookups, Member } from '../parts/member.ts';
import { Shape } from '../parts/signs.tsx';
import { Time } from '../parts/time.tsx';

/** A moment, with the day if it is not today. */
const At = ({ app, time }: { app: App; time: number }) => {
  const now = app.store.now.value;
  return <Time at={time} as={(each) => momentText(each, now)} />;
};

function SilentBanner({ app, member: { alert, track, device, value, unit } }: { app: App; member: Member }) {
  const lastSeenAt = Math.max(track.lastReadingAt ?? 0, device.lastSeenAt ?? 0);
  return (
    <div class="banner quiet">
      <Shape name="silent" size={20} />
      <div>
        <b>
          {lastSeenAt > 0 ? (
            <>
              No data since <At app={app} time={lastSeenAt} />
            </>
          ) : (
            'No data yet'
          )}
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

/** What was done about an alert so far. */
const Progress = ({ app, alert: { notifiedAt, escalatedAt, acknowledged } }: { app: App; alert: Alert }) => (
  <>
    {notifiedAt !== undefined && (
      <>
        Notified at <At app={app} time={notifiedAt} />.{' '}
      </>
    )}
    {escalatedAt !== undefined && (
      <>
        Escalated at <At app={app} time={escalatedAt} />.{' '}
      </>
    )}
    {acknowledged ? (
      <>
        Acknowledged at <At app={app} time={acknowledged.at} />
        {acknowledged.comment ? `: “${acknowledged.comment}”` : '.'}
      </>
    ) : (
      'Not acknowledged yet.'
    )}
  </>
);

export function DeviceBanner({ app, lookups, member }: { app: App; lookups: Lookups; member: Member }) {
  const { state, alert, device } = member;
  if (state === 'silent') return <SilentBanner app={app} member={member} />;
  if (!alert) return null;
  const isOpen = alert.state === 'alarm';
  const since = alert.since ?? alert.raisedAt;
  return (
    <div class={isOpen ? 'banner' : 'banner quiet'}>
      <Shape name={isOpen ? 'alarm' : 'ack'} size={20} />
      <div>
        <b>
          {alertText(alert, lookups.rulesById.value.get(alert.ruleId))}
          {since !== undefined && alert.words === undefined && (
            <>
              {' '}
              since <At app={app} time={since} />
            </>
          )}
          .
        </b>{' '}
        <Progress app={app} alert={alert} />
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
