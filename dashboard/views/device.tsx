// The device view: its value with its limits, its alert, and its history.

import { useEffect } from 'preact/hooks';
import type { App } from '../data/app.ts';
import { capital, durationText, nameText, numberText } from '../model/format.ts';
import { linkTo } from '../model/route.ts';
import { viewOf } from '../model/view.ts';
import { memberOf, type Lookups, type Member } from '../parts/member.ts';
import { SignWord } from '../parts/signs.tsx';
import { Staff } from '../parts/staff.tsx';
import { DeviceBanner } from './device-banner.tsx';
import { useDetails, useHistories, useStep } from './device-data.ts';
import { DeviceFacts } from './device-facts.tsx';
import { Plots } from './device-plots.tsx';
import { DeviceTabs } from './device-tabs.tsx';
import { useOutlooks } from './outlook-facts.tsx';

const Crumb = ({ site }: { site: string | undefined }) => (
  <p class="crumb">
    <a href={linkTo('fleet')}>Fleet</a>
    {site !== undefined && (
      <>
        {' / '}
        <a href={linkTo('fleet', [], { site })}>{capital(site)}</a>
      </>
    )}
  </p>
);

function Head({ app, member }: { app: App; member: Member }) {
  const { device, value, unit, state, word, low, high, silentFor } = member;
  const hasLimits = low !== undefined || high !== undefined;
  const showsState = state !== 'ok' || (!app.session.isGuest() && silentFor !== undefined);
  return (
    <div class="now">
      <div>
        <h1>{nameText(device.deviceId)}</h1>
        <p class="dim">
          {device.type && `${capital(device.type)} · `}
          <span class="mono">{device.deviceId}</span>
        </p>
      </div>
      <div class={`big ${state}`}>
        {state === 'silent' && <span class="vh">last </span>}
        {value === undefined ? '\u2013' : numberText(value, unit ?? '°C')}
        <small>{unit}</small>
      </div>
      {value !== undefined && hasLimits && (
        <Staff value={value} low={low} high={high} unit={unit} state={state} theme={app.theme.value} />
      )}
      <p class="dim">
        {showsState && (
          <>
            <SignWord name={state} word={word} />
            <br />
          </>
        )}
        {silentFor === undefined ? 'no data yet' : `last data ${durationText(silentFor)} ago`}
      </p>
    </div>
  );
}

/** Shown for a device that is not in the list and sends nothing. */
const Missing = ({ deviceId }: { deviceId: string }) => (
  <p class="banner quiet">
    <span>
      “{deviceId}” is not in the list of devices: it has not sent a message yet, or it was removed. Any
      earlier readings are still shown. <a href={linkTo('fleet')}>See all devices</a>
    </span>
  </p>
);

export function DeviceView({ app, lookups, deviceId }: { app: App; lookups: Lookups; deviceId: string }) {
  const { store, route } = app;
  const now = store.now.value;
  const view = viewOf(route.value, now);
  const { step, gone } = useStep(app, view, now);
  const history = useHistories(app, [deviceId], view, step).get(deviceId);
  const isGone = history?.isGone.value ?? false;
  useEffect(() => {
    if (isGone) gone();
  }, [isGone]);
  const listed = store.devices.value?.find((device) => device.deviceId === deviceId);
  const device = useDetails(app, deviceId, listed);
  const isMissing = store.devices.value !== undefined && listed === undefined;
  const member = memberOf(app, lookups, device);
  const outlooks = useOutlooks(app, deviceId);
  return (
    <>
      <Crumb site={device.site} />
      <Head app={app} member={member} />
      {isMissing && store.track(deviceId).lastReadingAt === undefined && <Missing deviceId={deviceId} />}
      <DeviceBanner app={app} lookups={lookups} member={member} />
      <div class="dev">
        <div class="wide">
          <Plots {...{ app, device, view, step, history }} outlooks={outlooks.list.value} />
          <DeviceTabs app={app} device={device} view={view} history={history} />
        </div>
        <DeviceFacts app={app} member={member} history={history} outlooks={outlooks} />
      </div>
    </>
  );
}
