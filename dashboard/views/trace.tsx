// Traces a message from publishing to the email. It is found in the archive by its trace ID, or is the device's last one.

import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { ApiError, asApiError, pathOf } from '../data/api.ts';
import { setQuery, type App } from '../data/app.ts';
import type { ArchivedMessage } from '../model/followed.ts';
import { dayMinuteText, plural } from '../model/format.ts';
import { clockText, timeOf } from '../model/view.ts';
import { ReadOut, MessageSteps } from '../parts/followed.tsx';
import { Failure } from '../parts/state-box.tsx';
import { Time } from '../parts/time.tsx';

interface Page {
  readonly messages: readonly ArchivedMessage[];
  readonly seen: number;
  readonly seenFrom?: number;
}

/** For a message with a known arrival time, later archive objects are not read. */
const MARGIN_MS = 1000;

function Found({ page }: { page: Page }) {
  const [message] = page.messages;
  if (!message)
    return (
      <p class="dim g4">
        Not found among {plural(page.seen, 'message')}
        {page.seenFrom !== undefined && (
          <>
            , back to <Time at={page.seenFrom} as={dayMinuteText} />
          </>
        )}
        . Messages appear in the archive up to 300 seconds after they arrive. For an older message, enter its
        time as well.
      </p>
    );
  return (
    <>
      <pre class="g4" tabIndex={0}>
        {message.payload}
      </pre>
      <div class="cols">
        <section>
          <h3>Steps</h3>
          <MessageSteps message={message} />
          <p class="dim">
            Windows do not store when they were written, and SNS does not report when an email arrived or who
            read it.
          </p>
        </section>
        <section>
          <h3>What was read</h3>
          <ReadOut message={message} />
          <p class="dim g3 break">
            Trace ID <span class="mono">{message.traceId}</span>
          </p>
        </section>
      </div>
    </>
  );
}

export function Trace({ app }: { app: App }) {
  const { device = '', trace = '', at = '' } = app.route.value.query;
  const found = useSignal<Page | ApiError | undefined>(undefined);
  const tries = useSignal(0);
  useEffect(() => {
    found.value = undefined;
    if (device === '') return undefined;
    let isWanted = true;
    const arrived = timeOf(at);
    const query = {
      limit: 1,
      traceId: trace || undefined,
      before: arrived === undefined ? undefined : Math.round(arrived) + MARGIN_MS,
    };
    app.api.get<Page>(`${pathOf('devices', device)}/messages`, query).then(
      (page) => {
        if (isWanted) found.value = page;
      },
      (error: unknown) => {
        if (isWanted) found.value = asApiError(error);
      },
    );
    return () => {
      isWanted = false;
    };
  }, [device, trace, at, tries.value]);
  const arrivedAt = timeOf(at);
  const field = (name: 'device' | 'trace' | 'at', label: string, input: JSX.IntrinsicElements['input']) => (
    <div>
      <label for={`trace-${name}`}>{label}</label>
      <input class="mono" id={`trace-${name}`} name={name} {...input} />
    </div>
  );
  return (
    <section class="b3">
      <h2>One message</h2>
      <form
        class="row end g3"
        onSubmit={(event) => {
          event.preventDefault();
          const given = new FormData(event.currentTarget);
          const text = (name: string) => (given.get(name) as string).trim() || undefined;
          const arrived = text('at');
          setQuery(app, {
            ...{ device: text('device'), trace: text('trace') },
            at: arrived && String(new Date(arrived).getTime()),
          });
          tries.value += 1;
        }}
      >
        {field('device', 'Device', { value: device, placeholder: 'demo-fridge-1', required: true })}
        {field('trace', 'Trace ID', { value: trace, placeholder: 'its last message' })}
        {field('at', 'Arrived', {
          ...{ type: 'datetime-local', step: 1 },
          value: arrivedAt === undefined ? '' : clockText(arrivedAt),
        })}
        <button class="btn go">Follow</button>
      </form>
      {found.value instanceof ApiError ? (
        <Failure
          what="The message was not found"
          error={found.value}
          spared="The archive is not affected."
          retry={() => {
            tries.value += 1;
          }}
        />
      ) : (
        found.value && <Found page={found.value} />
      )}
      {device !== '' && !found.value && <div aria-busy="true" class="plot-wait" />}
    </section>
  );
}
