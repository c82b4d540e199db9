// A device's messages: live ones and earlier ones from the archive, each with its path through the stack.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { App } from '../data/app.ts';
import { pathOf } from '../model/api-path.ts';
import type { Device } from '../model/api-types.ts';
import type { ArchivedMessage, Followed } from '../model/followed.ts';
import { dayMinuteText, secondText } from '../model/format.ts';
import { linkTo } from '../model/route.ts';
import { senderOf } from '../model/live-reading.ts';
import { ActionButton } from '../parts/acknowledge.tsx';
import { ReadOut, MessageSteps } from '../parts/followed.tsx';
import { Time } from '../parts/time.tsx';

const MOST_MESSAGES = 40;
const LONGEST_TEXT = 2000;
const EARLIER = 10;

interface Received {
  readonly id: number;
  readonly at: number;
  readonly topic: string;
  readonly payload: Uint8Array;
}

const textOf = (payload: Uint8Array) => new TextDecoder().decode(payload.subarray(0, LONGEST_TEXT));

function base64Of(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

function LiveMessage({ app, device, received }: { app: App; device: Device; received: Received }) {
  const found = useSignal<Followed | undefined>(undefined);
  const { at, topic, payload } = received;
  const explain = async () => {
    found.value = await app.api.send<Followed>(
      'POST',
      `${pathOf('devices', device.deviceId)}/messages/explain`,
      { topic, payload: base64Of(payload), receivedAt: at },
    );
  };
  return (
    <li class="msg">
      <Time at={at} as={secondText} />
      <code>{textOf(payload)}</code>
      {!app.session.isGuest() && (
        <ActionButton
          app={app}
          isBare
          group="viewer"
          label={found.value ? 'Check again' : 'Explain'}
          run={explain}
        />
      )}
      {found.value && (
        <div class="became">
          <ReadOut message={found.value} />
          <MessageSteps message={found.value} />
        </div>
      )}
    </li>
  );
}

interface Page {
  readonly messages: readonly ArchivedMessage[];
  readonly seen: number;
}

function Archived({ deviceId, message }: { deviceId: string; message: ArchivedMessage }) {
  const { receivedAt, payload, traceId } = message;
  const link = linkTo('pipeline', [], { device: deviceId, trace: traceId, at: String(receivedAt) });
  return (
    <li class="msg">
      <Time at={receivedAt ?? 0} as={dayMinuteText} />
      <details>
        <summary>
          <code>{payload}</code>
        </summary>
        <div class="became">
          <ReadOut message={message} />
          <MessageSteps message={message} />
          <p class="dim">
            <a href={link}>
              Trace ID <span class="mono">{traceId}</span>
            </a>
          </p>
        </div>
      </details>
    </li>
  );
}

/** Archived messages with their steps, which the archive's record and the windows' fingerprints prove. */
function Earlier({ app, device: { deviceId } }: { app: App; device: Device }) {
  const found = useSignal<Page | undefined>(undefined);
  const read = async () => {
    const before = found.peek()?.messages.at(-1)?.receivedAt;
    const query = { limit: EARLIER, before };
    const page = await app.api.get<Page>(`${pathOf('devices', deviceId)}/messages`, query);
    found.value = { ...page, messages: [...(found.peek()?.messages ?? []), ...page.messages] };
  };
  const messages = found.value?.messages ?? [];
  return (
    <>
      <ul>
        {messages.map((message) => (
          <Archived key={message.traceId} deviceId={deviceId} message={message} />
        ))}
      </ul>
      <div class="row g4">
        <ActionButton
          app={app}
          group="viewer"
          label={messages.length > 0 ? 'More' : 'Earlier messages, from the archive'}
          run={read}
        />
        <span class="dim small">
          {found.value && messages.length === 0
            ? `None among the last ${found.value.seen} messages in the archive.`
            : 'Messages appear in the archive up to 300 seconds after they arrive.'}
        </span>
      </div>
    </>
  );
}

export function Messages({ app, device }: { app: App; device: Device }) {
  const received = useSignal<readonly Received[]>([]);
  useEffect(
    () =>
      app.live.listen((topic, payload, at) => {
        if (senderOf(topic)?.deviceId !== device.deviceId) return;
        const id = (received.peek()[0]?.id ?? 0) + 1;
        received.value = [{ id, at, topic, payload }, ...received.peek()].slice(0, MOST_MESSAGES);
      }),
    [device.deviceId],
  );
  return (
    <>
      {received.value.length === 0 && <p class="dim g4">New messages appear here.</p>}
      <ul>
        {received.value.map((each) => (
          <LiveMessage key={each.id} app={app} device={device} received={each} />
        ))}
      </ul>
      {!app.session.isGuest() && <Earlier app={app} device={device} />}
    </>
  );
}
