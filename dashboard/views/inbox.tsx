// The emails and text messages that recipients get. The local cloud stores them as files, so no mailbox is needed.

import type { App } from '../data/app.ts';
import { usePolled } from '../data/polled.ts';
import { longText, momentText, plural } from '../model/format.ts';
import { piecesOf } from '../model/mail-links.ts';
import { linkTo } from '../model/route.ts';
import { Icon } from '../parts/signs.tsx';
import { StateBox } from '../parts/state-box.tsx';
import { Time } from '../parts/time.tsx';

const EVERY_MS = 3000;

/** An entry of `/inbox.json`, which lists the newest first. */
interface Mail {
  readonly kind: 'mail';
  readonly id: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}
interface Sms {
  readonly kind: 'sms';
  readonly id: string;
  readonly at: number;
  readonly to: string;
  readonly text: string;
  readonly length: number;
  readonly parts: number;
}
type Message = Mail | Sms;
interface Delivered {
  readonly total: number;
  readonly messages: readonly Message[];
}

const titleOf = (message: Message) => (message.kind === 'mail' ? message.subject : message.text);
const sizeOf = ({ length, parts }: Sms) => `${plural(length, 'character')}, ${plural(parts, 'part')}`;

function List({
  messages,
  chosen,
  now,
}: {
  messages: readonly Message[];
  chosen: string | undefined;
  now: number;
}) {
  return (
    <nav class="list" aria-label="Messages">
      {messages.map((message) => (
        <a
          key={message.id}
          href={linkTo('inbox', [message.id])}
          aria-current={message.id === chosen ? 'true' : undefined}
        >
          <Icon name={message.kind === 'mail' ? 'inbox' : 'phone'} />
          <span class="t cut">{titleOf(message)}</span>
          <span class="w">
            <Time at={message.at} as={(at) => momentText(at, now)} />
          </span>
          <span class="s">
            {message.kind === 'mail' ? 'Mail' : 'SMS'} to {message.to}
          </span>
        </a>
      ))}
    </nav>
  );
}

const Text = ({ text }: { text: string }) => (
  <div class="letter mono">
    {piecesOf(text, location.origin).map((piece, index) =>
      piece.hash === undefined ? (
        piece.text
      ) : (
        <a key={index} href={piece.hash}>
          {piece.text}
        </a>
      ),
    )}
  </div>
);

function Letter({ message }: { message: Message }) {
  const facts: readonly (readonly [string, string])[] = [
    ...(message.kind === 'mail' ? ([['From', message.from]] as const) : []),
    ['To', message.to],
    ['Sent', longText(message.at)],
    ...(message.kind === 'sms' ? ([['Length', sizeOf(message)]] as const) : []),
  ];
  return (
    <article>
      <h2>{message.kind === 'mail' ? message.subject : `SMS to ${message.to}`}</h2>
      <dl class="letterhead">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Text text={message.text} />
    </article>
  );
}

function Messages({ app, messages }: { app: App; messages: readonly Message[] }) {
  const { path } = app.route.value;
  const chosen = path[0] ?? messages[0]?.id;
  const message = messages.find(({ id }) => id === chosen);
  return (
    <div class="panes g4" data-open={path.length > 0 ? '' : undefined}>
      <List messages={messages} chosen={chosen} now={app.store.now.value} />
      <div>
        <a class="back" href={linkTo('inbox')}>
          ← All messages
        </a>
        {message ? (
          <Letter message={message} />
        ) : (
          <StateBox title="This message is no longer listed">
            The list has the newest {messages.length} messages. Older ones are in the data folder.
          </StateBox>
        )}
      </div>
    </div>
  );
}

/** Only on the local cloud: on AWS, messages are delivered to their recipients. */
export function Inbox({ app }: { app: App }) {
  const { value, problem } = usePolled('/inbox.json', EVERY_MS);
  const delivered = value as Delivered | undefined;
  if (!delivered && problem === undefined) return <div aria-busy="true" />;
  const { messages = [], total = 0 } = delivered ?? {};
  return (
    <>
      <h1>Inbox</h1>
      <p class="lede">
        Emails and text messages, as their recipients see them.
        {total > messages.length && ` The newest ${messages.length} of ${total}.`}
      </p>
      {problem !== undefined && (
        <StateBox title="Emails and text messages cannot be read">
          Is npm start still running? {problem}. The messages below may be out of date.
        </StateBox>
      )}
      {delivered && messages.length === 0 && (
        <StateBox title="Nothing was sent yet">The first email is sent when an alert is raised.</StateBox>
      )}
      {messages.length > 0 && <Messages app={app} messages={messages} />}
    </>
  );
}
