// Acknowledging alerts: shown at once, and sent after five seconds unless undone. Disabled buttons say why they are disabled.

import { useSignal } from '@preact/signals';
import type { Group } from '../../core/access.ts';
import { say, sayUndoable, type App } from '../data/app.ts';
import { pathOf } from '../model/api-path.ts';
import type { Alert } from '../model/api-types.ts';
import { nameText } from '../model/format.ts';

/** Returns false if the user undid it. @throws ApiError if the API refuses */
export async function acknowledge(
  app: App,
  { deviceId, ruleId }: Pick<Alert, 'deviceId' | 'ruleId'>,
  comment?: string,
): Promise<boolean> {
  const path = `${pathOf('devices', deviceId, 'alerts', ruleId)}/acknowledge`;
  const body = comment ? { comment } : {};
  const end = app.store.assume({ deviceId, ruleId });
  let atOnce: (() => Promise<void>) | undefined;
  app.api.prepare('POST', path, body).then(
    (prepared) => {
      atOnce = prepared;
    },
    () => {}, // the request is sent the usual way, which reports the failure
  );
  const send = (isLeaving: boolean) =>
    isLeaving && atOnce ? atOnce() : app.api.send<unknown>('POST', path, body);
  try {
    const text = `${nameText(deviceId)} acknowledged. Reminders stop.`;
    if (!(await sayUndoable(app, text, send))) return false;
    await app.store.refreshAlerts();
    return true;
  } finally {
    end();
  }
}

/** Snoozes the device's notifications for 30 minutes. @throws ApiError if the API refuses */
export async function snooze(app: App, deviceId: string): Promise<void> {
  const path = `${pathOf('devices', deviceId)}/snooze`;
  await app.api.send('PUT', path, { until: '30m' });
  say(app, {
    text: `No notifications about ${nameText(deviceId)} for 30 minutes.`,
    undo: () => void app.api.send('DELETE', path),
  });
}

/** Why the user cannot do this now; undefined if nothing prevents it. */
function hindranceOf(app: App, group: Group): string | undefined {
  if (app.live.state.value.kind === 'off') return 'Needs a connection';
  if (app.session.may(group)) return undefined;
  return `Needs the group ${group}: ask your Tidegate administrator`;
}

interface ActionProps {
  app: App;
  label: string;
  run: () => Promise<unknown>;
  isMain?: boolean;
  /** Without a border, for rows of buttons. */
  isBare?: boolean;
  /** The group with the fewest permissions that may use it. */
  group?: Group;
  /** Added to the label for screen readers. */
  says?: string;
}

export function ActionButton(props: ActionProps) {
  const { app, label, run, isMain = false, isBare = false, says, group = 'operator' } = props;
  const isBusy = useSignal(false);
  const reason = hindranceOf(app, group);
  const press = async () => {
    isBusy.value = true;
    try {
      await run();
    } catch (error) {
      say(app, { text: (error as Error).message });
    } finally {
      isBusy.value = false;
    }
  };
  return (
    <button
      class={isMain ? 'btn go' : isBare ? 'btn bare' : 'btn'}
      disabled={isBusy.value || reason !== undefined}
      title={reason}
      onClick={() => void press()}
    >
      {label}
      {says !== undefined && <span class="vh"> {says}</span>}
    </button>
  );
}

export const AcknowledgeButton = ({ app, alert }: { app: App; alert: Alert }) => (
  <ActionButton
    app={app}
    isMain
    label="Acknowledge"
    says={nameText(alert.deviceId)}
    run={() => acknowledge(app, alert)}
  />
);
