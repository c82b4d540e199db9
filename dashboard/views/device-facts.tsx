// Facts beside the plots: the rules that watch the device, statistics of the span, and its identity.

import type { ComponentChildren } from 'preact';
import type { App } from '../data/app.ts';
import type { History } from '../data/history.ts';
import type { Device } from '../model/api-types.ts';
import { reasonText } from '../model/connections.ts';
import { capital, dayMinuteText, numberText } from '../model/format.ts';
import { ruleText, watches } from '../model/rules.ts';
import { linkTo } from '../model/route.ts';
import type { Member } from '../parts/member.ts';
import { Time } from '../parts/time.tsx';
import { CertificateFacts } from './certificate-facts.tsx';
import { OutlookFacts, type Outlooks } from './outlook-facts.tsx';
import { own } from '../../core/own.ts';

function Rules({ app, member }: { app: App; member: Member }) {
  const { device, unit, metric } = member;
  if (app.session.isGuest())
    return (
      <section>
        <h3>Rules that watch it</h3>
        <p class="dim">Log in to see rules and alerts.</p>
      </section>
    );
  const watching = app.store.rules.value.filter((rule) => watches(rule, device));
  return (
    <section>
      <h3>Rules that watch it</h3>
      {watching.length === 0 && <p class="dim">None: no notifications are sent about this device.</p>}
      <dl>
        {watching.map((rule) => (
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
  const statistics = (history?.series() ?? []).flatMap(({ metrics }) => own(metrics, metric ?? '') ?? []);
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
      <h3>In the shown time</h3>
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

/** A row of a list of facts; nothing without a value. */
const Fact = ({ name, look, children }: { name: string; look?: string; children: ComponentChildren }) =>
  children === undefined ? null : (
    <div class="pair">
      <dt>{name}</dt>
      <dd class={look}>{children}</dd>
    </div>
  );

function PresenceFact({ device: { online, presenceSince, disconnectReason } }: { device: Device }) {
  if (presenceSince === undefined) return null;
  const reason = online ? undefined : disconnectReason;
  return (
    <Fact name={online ? 'Connected' : 'Offline'}>
      since <Time at={presenceSince} as={dayMinuteText} />
      {reason !== undefined && ` (${reasonText(reason).toLowerCase()})`}
    </Fact>
  );
}

function Identity({ app, device }: { app: App; device: Device }) {
  const { deviceId, site, type, groups = [], ipAddress } = device;
  const attributes = Object.entries(device.attributes ?? {}).filter(([name]) => name !== 'units');
  return (
    <section>
      <h3>Identity</h3>
      <dl>
        <Fact name="Topic" look="mono break">
          {site && `telemetry/${site}/${deviceId.replaceAll(':', '/')}`}
        </Fact>
        <Fact name="Type">{type}</Fact>
        <Fact name="Groups">{groups.length > 0 ? groups.join(', ') : undefined}</Fact>
        {attributes.map(([name, value]) => (
          <Fact key={name} name={capital(name)} look="break">
            {value}
          </Fact>
        ))}
        <PresenceFact device={device} />
        <CertificateFacts app={app} deviceId={deviceId} />
        <Fact name="Address" look="mono">
          {ipAddress}
        </Fact>
      </dl>
      {!app.session.isGuest() && (
        <p class="g3">
          <a href={linkTo('report', [], { device: deviceId })}>This month’s report</a>
        </p>
      )}
    </section>
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
      <Identity app={app} device={device} />
    </aside>
  );
}
