// Facts beside the plots: the rules that watch the device, statistics of the span, and its identity.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { pathOf, type ApiError } from '../data/api.ts';
import type { App } from '../data/app.ts';
import type { History } from '../data/history.ts';
import {
  ageText,
  certificateProblem,
  reasonText,
  untilText,
  type Certificate,
} from '../model/connections.ts';
import { capital, dayMinuteText, numberText } from '../model/format.ts';
import { ruleText, watches } from '../model/rules.ts';
import { linkTo } from '../model/route.ts';
import type { Member } from '../parts/member.ts';
import { Shape } from '../parts/signs.tsx';
import { Time } from '../parts/time.tsx';
import { OutlookFacts, type Outlooks } from './outlook-facts.tsx';

function Rules({ app, member }: { app: App; member: Member }) {
  const { device, unit, metric } = member;
  if (app.session.isGuest())
    return (
      <section>
        <h3>Rules that watch it</h3>
        <p class="dim">Log in to see rules and alerts.</p>
      </section>
    );
  const own = app.store.rules.value.filter((rule) => watches(rule, device));
  return (
    <section>
      <h3>Rules that watch it</h3>
      {own.length === 0 && <p class="dim">None: no notifications are sent about this device.</p>}
      <dl>
        {own.map((rule) => (
          <div class="pair" key={rule.id}>
            <dt>{rule.id}</dt>
            <dd>{ruleText(rule, rule.metric === metric ? unit : '')}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Shown({ member, history }: { member: Member; history: History | undefined }) {
  const { metric, unit } = member;
  void history?.version.value;
  const statistics = (history?.series() ?? []).flatMap(({ metrics }) => metrics[metric ?? ''] ?? []);
  if (statistics.length === 0) return null;
  const text = (value: number) => numberText(value, unit);
  const [low, high] = [
    Math.min(...statistics.map(({ min }) => min)),
    Math.max(...statistics.map(({ max }) => max)),
  ];
  const count = statistics.reduce((sum, each) => sum + each.count, 0);
  const mean = statistics.reduce((sum, each) => sum + each.sum, 0) / count;
  return (
    <section>
      <h3>Shown span</h3>
      <dl>
        <dt>Lowest, highest</dt>
        <dd>
          {text(low)} … {text(high)} {unit}
        </dd>
        <dt>Mean</dt>
        <dd>
          {text(mean)} {unit}
        </dd>
        <dt>Readings</dt>
        <dd>{count.toLocaleString('en')}</dd>
      </dl>
    </section>
  );
}

/** Loaded once, since it changes only with a rotation. */
function CertificateFacts({ app, deviceId }: { app: App; deviceId: string }) {
  const certificates = useSignal<readonly Certificate[]>([]);
  const problem = useSignal<string | undefined>(undefined);
  useEffect(() => {
    certificates.value = [];
    if (app.session.isGuest()) return;
    app.api.get<{ certificates: readonly Certificate[] }>(`${pathOf('devices', deviceId)}/certificates`).then(
      (found) => {
        certificates.value = found.certificates;
      },
      (error: ApiError) => {
        // A device behind a gateway has no certificate.
        problem.value = error.status === 404 ? undefined : error.message;
      },
    );
  }, [deviceId]);
  const now = app.store.now.value;
  const active = certificates.value.filter(({ status }) => status === 'ACTIVE');
  const newest = active[0] ?? certificates.value[0];
  if (newest === undefined && problem.value === undefined) return null;
  const warning = newest && certificateProblem(newest, deviceId, now);
  return (
    <>
      <dt>Certificate</dt>
      <dd>
        {newest === undefined ? (
          `not known: ${problem.value}`
        ) : (
          <>
            issued {ageText(newest, now)}, until <span class="nb">{untilText(newest)}</span>
          </>
        )}
        {active.length > 1 && `; ${active.length} are active`}
        {warning !== undefined && (
          <p class="watch-text">
            <Shape name="pending" /> {warning}
          </p>
        )}
      </dd>
    </>
  );
}

export function DeviceFacts({
  app,
  member,
  history,
  outlooks,
}: {
  app: App;
  member: Member;
  history: History | undefined;
  outlooks: Outlooks;
}) {
  const { device } = member;
  const attributes = Object.entries(device.attributes ?? {}).filter(([name]) => name !== 'units');
  return (
    <aside class="side" aria-label="Facts">
      <Rules app={app} member={member} />
      <OutlookFacts
        app={app}
        deviceId={device.deviceId}
        outlooks={outlooks}
        units={{ ...device.units, ...history?.units() }}
      />
      <Shown member={member} history={history} />
      <section>
        <h3>Identity</h3>
        <dl>
          {device.site !== undefined && (
            <>
              <dt>Topic</dt>
              <dd class="mono break">
                telemetry/{device.site}/{device.deviceId.replaceAll(':', '/')}
              </dd>
            </>
          )}
          {device.type !== undefined && (
            <>
              <dt>Type</dt>
              <dd>{device.type}</dd>
            </>
          )}
          {device.groups !== undefined && device.groups.length > 0 && (
            <>
              <dt>Groups</dt>
              <dd>{device.groups.join(', ')}</dd>
            </>
          )}
          {attributes.map(([name, value]) => (
            <div class="pair" key={name}>
              <dt>{capital(name)}</dt>
              <dd class="break">{value}</dd>
            </div>
          ))}
          {device.presenceSince !== undefined && (
            <>
              <dt>{device.online ? 'Connected' : 'Offline'}</dt>
              <dd>
                since <Time at={device.presenceSince} as={dayMinuteText} />
                {device.disconnectReason !== undefined &&
                  !device.online &&
                  ` (${reasonText(device.disconnectReason).toLowerCase()})`}
              </dd>
            </>
          )}
          <CertificateFacts app={app} deviceId={device.deviceId} />
          {device.ipAddress !== undefined && (
            <>
              <dt>Address</dt>
              <dd class="mono">{device.ipAddress}</dd>
            </>
          )}
        </dl>
        {!app.session.isGuest() && (
          <p class="g3">
            <a href={linkTo('report', [], { device: device.deviceId })}>This month’s report</a>
          </p>
        )}
      </section>
    </aside>
  );
}
