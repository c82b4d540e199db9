// Traces a message from publishing to the email. It is found in the archive by its trace ID, or is the device's last one.

import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { ApiError, asApiError } from '../data/api-error.ts';
import { setQuery, type App } from '../data/app.ts';
import { pathOf } from '../model/api-path.ts';
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

function NotFound({ page: { seen, seenFrom } }: { page: Page }) {
  const delay = 'Messages appear in the archive up to 300 seconds after they arrive.';
  if (seen === 0) return <p class="dim g4">The archive has no message of this device yet. {delay}</p>;
  return (
    <p class="dim g4">
      Not found among {plural(seen, 'message')}
      {seenFrom !== undefined && (
        <>
          , back to <Time at={seenFrom} as={dayMinuteText} />
        </>
      )}
      . {delay} For an older message, enter its time as well.
    </p>
  );
}

const Found = ({ message }: { message: ArchivedMessage }) => (
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

/** What the address names: a device, a trace ID or an empty text, and an arrival time or an empty text. */
interface Wanted {
  readonly device: string;
  readonly trace: string;
  readonly at: string;
}

/** The message, found in the archive; undefined while it is looked for. */
function useMessage(app: App, { device, trace, at }: Wanted, tries: number) {
  const found = useSignal<Page | ApiError | undefined>(undefined);
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
  }, [device, trace, at, tries]);
  return found.value;
}

const Field = ({
  name,
  label,
  ...input
}: { name: keyof Wanted; label: string } & JSX.IntrinsicElements['input']) => (
  <div>
    <label for={`trace-${name}`}>{label}</label>
    <input class="mono" id={`trace-${name}`} name={name} {...input} />
  </div>
);

function Form({ app, wanted, again }: { app: App; wanted: Wanted; again: () => void }) {
  const { device, trace, at } = wanted;
  const arrivedAt = timeOf(at);
  const follow = (form: HTMLFormElement) => {
    const given = new FormData(form);
    const text = (name: keyof Wanted) => (given.get(name) as string).trim() || undefined;
    const arrived = text('at');
    setQuery(app, {
      ...{ device: text('device'), trace: text('trace') },
      at: arrived && String(new Date(arrived).getTime()),
    });
    again();
  };
  return (
    <form
      class="row end g3"
      onSubmit={(event) => {
        event.preventDefault();
        follow(event.currentTarget);
      }}
    >
      <Field name="device" label="Device" value={device} placeholder="demo-fridge-1" required />
      <Field name="trace" label="Trace ID (optional)" value={trace} placeholder="the last message" />
      <Field
        name="at"
        label="Arrived at (optional)"
        type="datetime-local"
        step={1}
        value={arrivedAt === undefined ? '' : clockText(arrivedAt)}
      />
      <button class="btn go">Follow</button>
    </form>
  );
}

function Result({ found, retry }: { found: Page | ApiError; retry: () => void }) {
  if (!(found instanceof ApiError))
    return found.messages[0] ? <Found message={found.messages[0]} /> : <NotFound page={found} />;
  return (
    <Failure
      what="The message was not found"
      error={found}
      spared="The archive is not affected."
      retry={retry}
    />
  );
}

export function Trace({ app }: { app: App }) {
  const { device = '', trace = '', at = '' } = app.route.value.query;
  const wanted = { device, trace, at };
  const tries = useSignal(0);
  const found = useMessage(app, wanted, tries.value);
  const again = () => {
    tries.value += 1;
  };
  return (
    <section class="b3">
      <h2>Follow a message</h2>
      <Form app={app} wanted={wanted} again={again} />
      {found && <Result found={found} retry={again} />}
      {device !== '' && !found && <div aria-busy="true" class="plot-wait" />}
    </section>
  );
}
