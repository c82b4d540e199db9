// The stream of received messages, together with what the local cloud refused.

import { secondText } from '../model/format.ts';
import { refusalText, type Refused } from '../model/refusals.ts';
import { Time } from './time.tsx';

export interface Message {
  readonly id: number;
  readonly topic: string;
  readonly at: number;
  readonly text: string;
}

const Received = ({ message: { at, topic, text } }: { message: Message }) => (
  <article>
    <Time at={at} as={secondText} />
    <div class="topic">{topic}</div>
    <div class="body">{text}</div>
  </article>
);

/** A refusal: what was refused, the statement that decided, and the client. */
function RefusedEntry({ refused }: { refused: Refused }) {
  const { head, reason, who } = refusalText(refused);
  return (
    <article class="no">
      <Time at={refused.at} as={secondText} />
      <div class="topic">{head}</div>
      <div class="body">
        {reason}
        {who !== '' && <div class="dim">{who}</div>}
      </div>
    </article>
  );
}

type Entry = { readonly at: number; readonly key: string } & (
  { readonly message: Message } | { readonly refused: Refused }
);

/** Messages and refusals in one stream, newest first. */
export function Stream({
  messages,
  refusals,
}: {
  messages: readonly Message[];
  refusals: readonly Refused[];
}) {
  const entries: Entry[] = [
    ...messages.map((message) => ({ at: message.at, key: `m${message.id}`, message })),
    ...refusals.map((refused) => ({ at: refused.at, key: `r${refused.id}`, refused })),
  ].sort((a, b) => b.at - a.at);
  return (
    <>
      {entries.map((entry) =>
        'message' in entry ? (
          <Received key={entry.key} message={entry.message} />
        ) : (
          <RefusedEntry key={entry.key} refused={entry.refused} />
        ),
      )}
    </>
  );
}
