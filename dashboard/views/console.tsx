// The MQTT test client, within the user's policy.

import { useSignal, type Signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { say, setQuery, type App } from '../data/app.ts';
import { usePolled } from '../data/polled.ts';
import { matchesFilter, filterProblem, prettyPayload } from '../model/topic.ts';
import type { Refused } from '../model/refusals.ts';
import { ActionButton } from '../parts/acknowledge.tsx';
import { Stream, type Message } from '../parts/message-stream.tsx';

const MOST_MESSAGES = 200;
const LONGEST_PAYLOAD = 4000;
const DRAW_EVERY_MS = 250;
const REFUSALS_EVERY_MS = 1000;

/** Received messages, drawn at most four times a second. */
function useMessages(app: App, filters: readonly string[], isPaused: boolean) {
  const shown = useSignal<readonly Message[]>([]);
  useEffect(() => {
    if (isPaused) return undefined;
    let waiting: Message[] = [];
    let id = shown.peek()[0]?.id ?? 0;
    const stop = app.live.listen((topic, payload, at) => {
      if (!filters.some((filter) => matchesFilter(filter, topic))) return;
      id += 1;
      waiting.push({ id, topic, at, text: prettyPayload(payload.subarray(0, LONGEST_PAYLOAD)) });
    });
    const timer = setInterval(() => {
      if (waiting.length === 0) return;
      shown.value = [...waiting.toReversed(), ...shown.peek()].slice(0, MOST_MESSAGES);
      waiting = [];
    }, DRAW_EVERY_MS);
    return () => {
      stop();
      clearInterval(timer);
    };
  }, [filters.join('\0'), isPaused]);
  return shown;
}

function useRefusals({ config }: App, isPaused: boolean): readonly Refused[] {
  const { value } = usePolled(config.isLocal && !isPaused ? '/refusals.json' : undefined, REFUSALS_EVERY_MS);
  return (value as { readonly refusals: readonly Refused[] } | undefined)?.refusals ?? [];
}

function FilterField({ filter, problem }: { filter: Signal<string>; problem: string | undefined }) {
  return (
    <div class="field">
      <label for="filter">Topic filter</label>
      <input
        class="mono"
        id="filter"
        value={filter.value}
        aria-invalid={problem !== undefined}
        aria-describedby="filter-problem"
        onInput={(event) => {
          filter.value = event.currentTarget.value;
        }}
      />
      <p class="err" id="filter-problem">
        {problem}
      </p>
    </div>
  );
}

function Subscribe({ app, filters }: { app: App; filters: readonly string[] }) {
  const filter = useSignal('telemetry/#');
  const problem = filterProblem(filter.value);
  const set = (next: readonly string[]) => setQuery(app, { filters: next.join(' ') || undefined });
  return (
    <>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (problem === undefined && !filters.includes(filter.value)) set([...filters, filter.value]);
        }}
      >
        <h2 class="vh">Subscribe</h2>
        <FilterField filter={filter} problem={problem} />
        <button class="btn go g2" disabled={problem !== undefined}>
          Subscribe
        </button>
      </form>
      <section>
        <h3>Subscribed</h3>
        {filters.length === 0 && <p class="dim">Nothing yet.</p>}
        <ul class="subs">
          {filters.map((each) => (
            <li key={each}>
              <span class="mono break">{each}</span>
              <button
                class="btn bare"
                aria-label={`Unsubscribe from ${each}`}
                onClick={() => set(filters.filter((other) => other !== each))}
              >
                Unsubscribe
              </button>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

/** The topic and the payload to publish. */
function MessageFields({
  topic,
  payload,
  bytes,
}: {
  topic: Signal<string>;
  payload: Signal<string>;
  bytes: number;
}) {
  return (
    <>
      <div class="field g2">
        <label for="topic">Topic</label>
        <input
          class="mono"
          id="topic"
          value={topic.value}
          onInput={(event) => {
            topic.value = event.currentTarget.value;
          }}
        />
      </div>
      <div class="field">
        <label for="payload">Payload, {bytes} bytes</label>
        <textarea
          class="mono"
          id="payload"
          rows={4}
          value={payload.value}
          onInput={(event) => {
            payload.value = event.currentTarget.value;
          }}
        />
      </div>
    </>
  );
}

function Publish({ app }: { app: App }) {
  const topic = useSignal('commands/demo-fridge-1/door');
  const payload = useSignal('{ "door": "close" }');
  const bytes = new TextEncoder().encode(payload.value).length;
  const isGuest = app.session.isGuest();
  const publish = async () => {
    await app.live.publish(topic.value, payload.value);
    say(app, { text: `Published ${bytes} bytes to ${topic.value}.` });
  };
  return (
    <form onSubmit={(event) => event.preventDefault()}>
      <h3>Publish</h3>
      <MessageFields topic={topic} payload={payload} bytes={bytes} />
      <div class="row g3">
        {isGuest ? (
          <button class="btn" disabled>
            Publish
          </button>
        ) : (
          <ActionButton app={app} label="Publish" run={publish} />
        )}
        <span class="dim small">
          {isGuest
            ? 'Log in to publish.'
            : 'You may publish to commands/… and shadows. The broker closes a connection that publishes anywhere else.'}
        </span>
      </div>
    </form>
  );
}

/** What the stream shows while it is empty. */
const emptyText = ({ config }: App, filters: readonly string[]) => {
  if (filters.length > 0) return 'No message yet.';
  const refusals = ' Requests that the broker refuses, from any client, are shown here too.';
  return `Subscribe to a topic filter to see its messages.${config.isLocal ? refusals : ''}`;
};

function Received({ app, filters }: { app: App; filters: readonly string[] }) {
  const isPaused = useSignal(false);
  const messages = useMessages(app, filters, isPaused.value).value;
  const refusals = useRefusals(app, isPaused.value);
  return (
    <div>
      <div class="row b3">
        <span class="dim">
          {app.live.rate.value} messages/s on this connection. The last {MOST_MESSAGES}, newest first.
        </span>
        <button
          class="btn push"
          aria-pressed={isPaused.value}
          onClick={() => {
            isPaused.value = !isPaused.value;
          }}
        >
          {isPaused.value ? 'Resume' : 'Pause'}
        </button>
      </div>
      <div class="stream" tabIndex={0} role="region" aria-label="Messages">
        <Stream messages={messages} refusals={refusals} />
        {messages.length + refusals.length === 0 && <p class="dim empty">{emptyText(app, filters)}</p>}
      </div>
    </div>
  );
}

export function Console({ app }: { app: App }) {
  const { query } = app.route.value;
  const filters = (query['filters'] ?? '').split(' ').filter((filter) => filterProblem(filter) === undefined);
  useEffect(() => {
    const leave = filters.map((filter) => app.live.subscribe(filter));
    return () => leave.forEach((run) => run());
  }, [filters.join('\0')]);
  return (
    <>
      <div class="headrow">
        <div>
          <h1>Console</h1>
          <p class="lede">Subscribe and publish over MQTT as yourself, with what your policy allows.</p>
        </div>
      </div>
      <div class="console">
        <div class="stack">
          <Subscribe app={app} filters={filters} />
          <Publish app={app} />
        </div>
        <Received app={app} filters={filters} />
      </div>
    </>
  );
}
