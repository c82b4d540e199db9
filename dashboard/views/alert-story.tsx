// What happened to an alert, as a line of times: to whom each notification was sent, when, and what was not delivered.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { say, type App } from '../data/app.ts';
import type { HistoryEntry, Recipient } from '../model/api-types.ts';
import { secondText } from '../model/format.ts';
import { isHot, stepsOf, storyText, tellingText } from '../model/story.ts';
import { Time } from '../parts/time.tsx';

/** Undefined until they are known. */
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

/** To whom a change was sent, and when SNS took it. */
function Telling({
  entry,
  recipients,
}: {
  entry: HistoryEntry;
  recipients: readonly Recipient[] | undefined;
}) {
  const text = tellingText(entry, recipients);
  if (text === undefined) return null;
  const { sentAt } = entry;
  return (
    <span class="told dim break">
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
              <Telling entry={entry} recipients={recipients} />
              {failures.map(({ entryId, at, reason }) => (
                <span key={entryId} class="told undelivered break">
                  <Time at={at} as={secondText} /> Not delivered: {reason}
                </span>
              ))}
            </span>
          </li>
        ))}
      </ol>
      {isSent && (
        <p class="dim small g2">
          “Sent” is when Amazon SNS accepted the notification, with the confirmed subscribers at that moment.
          SNS reports deliveries that failed, and none that succeeded; a subscriber’s own filter may exclude a
          notification.
        </p>
      )}
    </>
  );
}
