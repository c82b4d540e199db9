// The timeline of an alert: its changes, when and to whom each was sent, and failed deliveries.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { say, type App } from '../data/app.ts';
import type { HistoryEntry, Recipient } from '../model/api-types.ts';
import { secondText } from '../model/format.ts';
import { isHot, stepsOf, storyText, deliveryText } from '../model/story.ts';
import { Time } from '../parts/time.tsx';

/** Undefined until they are loaded. */
function useRecipients(app: App): readonly Recipient[] | undefined {
  const found = useSignal<readonly Recipient[] | undefined>(undefined);
  useEffect(() => {
    app.api.get<{ recipients: readonly Recipient[] }>('/recipients').then(
      ({ recipients }) => {
        found.value = recipients;
      },
      (error: Error) => say(app, { text: `The subscribers cannot be read: ${error.message}` }),
    );
  }, []);
  return found.value;
}

/** To whom a change was sent, and when SNS accepted it. */
function Delivery({
  entry,
  recipients,
}: {
  entry: HistoryEntry;
  recipients: readonly Recipient[] | undefined;
}) {
  const text = deliveryText(entry, recipients);
  if (text === undefined) return null;
  const { sentAt } = entry;
  return (
    <span class="delivery dim break">
      {sentAt !== undefined && (
        <>
          Sent <Time at={sentAt} as={secondText} />{' '}
        </>
      )}
      {text}
    </span>
  );
}

export function Story({
  app,
  entries,
  isSilence,
}: {
  app: App;
  entries: readonly HistoryEntry[];
  isSilence: boolean;
}) {
  const recipients = useRecipients(app);
  const isSent = entries.some(({ sentAt }) => sentAt !== undefined);
  return (
    <>
      <ol class="tl">
        {stepsOf(entries).map(({ entry, failures }) => (
          <li key={entry.entryId} class={isHot(entry) ? 'hot' : undefined}>
            <Time at={entry.at} as={secondText} />
            <i />
            <span>
              {storyText(entry, isSilence)}
              {entry.what !== 'commented' && entry.comment !== undefined && <>: “{entry.comment}”</>}
              <Delivery entry={entry} recipients={recipients} />
              {failures.map(({ entryId, at, reason }) => (
                <span key={entryId} class="delivery undelivered break">
                  <Time at={at} as={secondText} /> Not delivered: {reason}
                </span>
              ))}
            </span>
          </li>
        ))}
      </ol>
      {isSent && (
        <p class="dim small g2">
          “Sent” is the time when Amazon SNS accepted the notification, with the confirmed subscribers at that
          moment. SNS reports failed deliveries only. A subscriber’s filter policy may exclude a notification.
        </p>
      )}
    </>
  );
}
