// Facts beside the plots: rules that watch the device, the span in figures, who it is.

import type { App } from '../data/app.ts';
import type { History } from '../data/history.ts';
import { capital, dayMinuteText, numberText } from '../model/format.ts';
import { ruleText, watches } from '../model/rules.ts';
import type { Member } from '../parts/member.ts';
import { Time } from '../parts/time.tsx';

function Rules({ app, member }: { app: App; member: Member }) {
  const { device, unit, metric } = member;
  if (app.session.isGuest())
    return (
      <section>
        <h3>Rules that watch it</h3>
        <p class="dim">Rules and alerts are for who logged in.</p>
      </section>
    );
  const own = app.store.rules.value.filter((rule) => watches(rule, device));
  return (
    <section>
      <h3>Rules that watch it</h3>
      {own.length === 0 && <p class="dim">None: nobody is told when something is wrong.</p>}
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
  const figures = (history?.series() ?? []).flatMap(({ metrics }) => metrics[metric ?? ''] ?? []);
  if (figures.length === 0) return null;
  const text = (value: number) => numberText(value, unit);
  const [low, high] = [
    Math.min(...figures.map(({ min }) => min)),
    Math.max(...figures.map(({ max }) => max)),
  ];
  const count = figures.reduce((sum, each) => sum + each.count, 0);
  const mean = figures.reduce((sum, each) => sum + each.sum, 0) / count;
  return (
    <section>
      <h3>What is shown</h3>
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

export function DeviceFacts({
  app,
  member,
  history,
}: {
  app: App;
  member: Member;
  history: History | undefined;
}) {
  const { device } = member;
  const attributes = Object.entries(device.attributes ?? {}).filter(([name]) => name !== 'units');
  return (
    <aside class="side" aria-label="Facts">
      <Rules app={app} member={member} />
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
              <dt>{device.online ? 'Connected' : 'Left'}</dt>
              <dd>
                since <Time at={device.presenceSince} as={dayMinuteText} />
                {device.disconnectReason !== undefined && !device.online && ` (${device.disconnectReason})`}
              </dd>
            </>
          )}
          {device.ipAddress !== undefined && (
            <>
              <dt>Address</dt>
              <dd class="mono">{device.ipAddress}</dd>
            </>
          )}
        </dl>
      </section>
    </aside>
  );
}
