// The fleet as a table.

import type { App } from '../data/app.ts';
import { capital, durationText, metricText, nameText, numberText } from '../model/format.ts';
import type { Device } from '../model/api-types.ts';
import { linkTo } from '../model/route.ts';
import { memberOf, type Lookups, type Member } from '../parts/member.ts';
import { useSight } from '../parts/sight.ts';
import { SignWord } from '../parts/signs.tsx';
import { limitsText, Spark } from './tile.tsx';

function Row({ app, lookups, device }: { app: App; lookups: Lookups; device: Device }) {
  const member = memberOf(app, lookups, device);
  const { element, isSeen } = useSight<HTMLTableRowElement>(app, device.deviceId);
  const { state, value, unit, word, metric, silentFor } = member;
  const isGuest = app.session.isGuest();
  return (
    <tr class={state} ref={element}>
      <td class={device.deviceId.includes(':') ? 'child' : undefined}>
        <a class="dn" href={linkTo('device', [device.deviceId])}>
          {nameText(device.deviceId)}
        </a>
      </td>
      <td>{isGuest && state === 'ok' ? '' : <SignWord name={state} word={word} />}</td>
      <td class="num val nb">
        {value === undefined ? '\u2013' : `${numberText(value, unit ?? '°C')} ${unit ?? ''}`}
      </td>
      <td class="dim nb hide-s">{metric && metricText(metric)}</td>
      <td class="num dim nb">{limitsText(member)}</td>
      <td class="sp">{isSeen && <Spark app={app} member={member} />}</td>
      <td class="num dim nb">{silentFor === undefined ? 'never' : durationText(silentFor)}</td>
      <td class="mono dim nb">{device.deviceId}</td>
    </tr>
  );
}

export function FleetTable({
  app,
  lookups,
  sites,
}: {
  app: App;
  lookups: Lookups;
  sites: readonly (readonly [string, readonly Member[]])[];
}) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Devices">
      <table class="fleet-t">
        <thead>
          <tr>
            <th>Device</th>
            <th>State</th>
            <th class="num">Now</th>
            <th class="hide-s">Metric</th>
            <th class="num">Limits</th>
            <th>Last 10 min</th>
            <th class="num">Last data</th>
            <th>Device ID</th>
          </tr>
        </thead>
        {sites.map(([name, members]) => (
          <tbody key={name}>
            <tr class="grp">
              <th colSpan={8} scope="rowgroup">
                {name === '' ? 'Without a site' : capital(name)}
              </th>
            </tr>
            {members.map(({ device }) => (
              <Row key={device.deviceId} app={app} lookups={lookups} device={device} />
            ))}
          </tbody>
        ))}
      </table>
    </div>
  );
}
