// The last step of adding a device: waits for its first message and shows the progress until then.

import { useSignal, type Signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ApiError } from '../data/api-error.ts';
import type { App } from '../data/app.ts';
import { pathOf } from '../model/api-path.ts';
import type { Device, Rejection } from '../model/api-types.ts';
import { durationText, nameText, secondText } from '../model/format.ts';
import { senderOf } from '../model/live-reading.ts';
import { topicOf, type NewDevice } from '../model/new-device.ts';
import { linkTo } from '../model/route.ts';
import { Icon, Shape } from '../parts/signs.tsx';
import { Time } from '../parts/time.tsx';

const POLL_MS = 2000;
const LONGEST_TEXT = 2000;

interface Arrived {
  readonly deviceId: string;
  readonly topic: string;
  readonly at: number;
  readonly text: string;
}

type Known = Device & { readonly lastRejection?: Rejection };

/** Polls the device until its first message. It shows whether the device connected and whether a message was rejected. */
function useProgress(app: App, name: string | undefined, isOver: boolean) {
  const known = useSignal<Known | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  useEffect(() => {
    if (name === undefined || isOver) return undefined;
    const read = async () => {
      try {
        known.value = await app.api.get<Known>(pathOf('devices', name));
        problem.value = undefined;
      } catch (error) {
        const isUnknown = error instanceof ApiError && error.status === 404;
        problem.value = isUnknown ? undefined : (error as Error).message;
      }
    };
    const timer = setInterval(() => void read(), POLL_MS);
    return () => clearInterval(timer);
  }, [name, isOver]);
  return { known: known.value, problem: problem.value };
}

function Progress({
  app,
  known,
  problem,
}: {
  app: App;
  known: Known | undefined;
  problem: string | undefined;
}) {
  const now = app.store.now.value;
  if (problem !== undefined) return <p class="dim">The connection state is unknown: {problem}</p>;
  if (known?.lastRejection !== undefined)
    return (
      <p>
        Its message could not be read: {known.lastRejection.detail}. {known.lastRejection.remedy}
      </p>
    );
  if (known?.presenceSince === undefined) return <p class="dim">It has not connected yet.</p>;
  const ago = durationText(now - known.presenceSince);
  return (
    <p class="dim">
      {known.online ? `Connected ${ago} ago with the new certificate.` : `It was connected until ${ago} ago.`}{' '}
      No message yet.
    </p>
  );
}

/** The first message of the device, or of one behind it. */
function useArrived(app: App, name: string | undefined, hasArrived: Signal<boolean>): Arrived | undefined {
  const arrived = useSignal<Arrived | undefined>(undefined);
  useEffect(() => {
    if (name === undefined) return undefined;
    return app.live.listen((topic, payload, at) => {
      const deviceId = senderOf(topic)?.deviceId;
      const isOurs = deviceId === name || deviceId?.startsWith(`${name}:`);
      if (deviceId === undefined || !isOurs || arrived.peek()) return;
      const text = new TextDecoder().decode(payload.subarray(0, LONGEST_TEXT));
      arrived.value = { deviceId, topic, at, text };
      hasArrived.value = true;
      void app.store.refresh();
    });
  }, [name]);
  return arrived.value;
}

const Found = ({ found: { deviceId, topic, at, text } }: { found: Arrived }) => (
  <>
    <p class="row">
      <Shape name="past" />
      <b>The first message arrived</b>
      <span class="dim">
        at <Time at={at} as={secondText} />, on <span class="mono break">{topic}</span>
      </span>
    </p>
    <div class="g3">
      <pre class="code" tabIndex={0} aria-label="The first message">
        {text}
      </pre>
    </div>
    <p class="g4">
      <a class="btn go" href={linkTo('device', [deviceId], { range: '10m' })}>
        Look at {nameText(deviceId)}
      </a>
    </p>
  </>
);

export function FirstMessage({
  app,
  device,
  hasArrived,
}: {
  app: App;
  device: NewDevice | undefined;
  hasArrived: Signal<boolean>;
}) {
  const found = useArrived(app, device?.name, hasArrived);
  const { known, problem } = useProgress(app, device?.name, found !== undefined);
  return (
    <li class={found ? 'done' : undefined}>
      <div>
        <h2>See its first message</h2>
        {device === undefined && <p class="dim">Its first message appears here.</p>}
        {device && (
          <div class="listen" role="status">
            {found ? (
              <Found found={found} />
            ) : (
              <>
                <p class="row">
                  <Icon name="wave" />
                  <b class="break">Listening on {topicOf(device)}</b>
                </p>
                <Progress app={app} known={known} problem={problem} />
              </>
            )}
          </div>
        )}
      </div>
    </li>
  );
}
