// Failures in the errors bucket: what was rejected or failed and why, its current state, and replay.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ApiError, asApiError } from '../data/api-error.ts';
import { setQuery, type App } from '../data/app.ts';
import type { Followed } from '../model/followed.ts';
import { dayMinuteText } from '../model/format.ts';
import { replayText, type Replayed } from '../model/replay.ts';
import { ActionButton } from '../parts/acknowledge.tsx';
import { ReadOut, MessageSteps } from '../parts/followed.tsx';
import { Failure as Failed } from '../parts/state-box.tsx';
import { Time } from '../parts/time.tsx';

interface Failure {
  readonly key: string;
  readonly kind: 'rejected' | 'rule' | 'function';
  readonly storedAt: number;
  readonly deviceId?: string;
  readonly reasons: readonly string[];
  readonly canReplay: boolean;
  readonly problem?: string;
}
interface Listed {
  readonly failures: readonly Failure[];
  readonly total: number;
  readonly isWhole: boolean;
}
interface Looked {
  readonly failure: Failure;
  readonly messages: readonly Followed[];
}

const KINDS = [
  [undefined, 'All'],
  ['rejected', 'Rejected'],
  ['rule', 'Rule failed'],
  ['function', 'Function failed'],
] as const;
const KIND_NAMES = { rejected: 'Rejected', rule: 'Rule failed', function: 'Function failed' } as const;
const MOST = 50;

/** Replays all messages of an object. The API replays as many as time allows and returns where to continue. */
async function replayAll(app: App, key: string): Promise<Replayed> {
  let [replayed, from]: [number, number | undefined] = [0, 0];
  const failed: Replayed['failed'][number][] = [];
  while (from !== undefined) {
    const page: Replayed & { next?: number } = await app.api.send('POST', '/errors/replay', { key, from });
    replayed += page.replayed;
    failed.push(...page.failed);
    from = page.next;
  }
  return { replayed, failed };
}

function countTextOf({ failures, total, isWhole }: Listed): string {
  if (!isWhole) return `The newest ${failures.length} of those listed; the bucket has more.`;
  return failures.length === total ? '' : `The newest ${failures.length} of ${total.toLocaleString('en')}.`;
}

const Heading = ({ failure: { kind, deviceId, storedAt } }: { failure: Failure }) => (
  <div class="row">
    <b>{KIND_NAMES[kind]}</b>
    <span class="mono">{deviceId ?? 'no device'}</span>
    <span class="dim push">
      <Time at={storedAt} as={dayMinuteText} />
    </span>
  </div>
);

function Entry({ app, failure }: { app: App; failure: Failure }) {
  const looked = useSignal<Looked | undefined>(undefined);
  const outcome = useSignal('');
  const { key } = failure;
  const look = async () => {
    looked.value = await app.api.get<Looked>('/errors/entry', { key });
  };
  const replay = async () => {
    outcome.value = replayText(await replayAll(app, key));
    await look();
  };
  const { canReplay, problem } = looked.value?.failure ?? failure;
  return (
    <li class="failure">
      <Heading failure={failure} />
      {failure.reasons.map((reason) => (
        <p key={reason} class="break">
          {reason}
        </p>
      ))}
      {looked.value?.messages.map((message, index) => (
        <div class="became" key={index}>
          <ReadOut message={message} />
          <MessageSteps message={message} />
        </div>
      ))}
      {looked.value && <p class="dim small mono break">{key}</p>}
      <div class="row g2">
        <ActionButton app={app} group="viewer" label={looked.value ? 'Check again' : 'Details'} run={look} />
        {canReplay && <ActionButton app={app} label="Replay" run={replay} />}
        <span role="status" class="dim">
          {outcome.value || (problem !== undefined && `Cannot be replayed: ${problem}.`)}
        </span>
      </div>
    </li>
  );
}

/** The newest failures of the kind; undefined while they load. */
function useFailures(app: App, kind: string | undefined) {
  const found = useSignal<Listed | ApiError | undefined>(undefined);
  const tries = useSignal(0);
  useEffect(() => {
    found.value = undefined;
    let isWanted = true;
    const show = (answer: Listed | ApiError) => {
      if (isWanted) found.value = answer;
    };
    const asked = app.api.get<Listed>('/errors', { kind, limit: MOST });
    asked.then(show, (error: unknown) => show(asApiError(error)));
    return () => {
      isWanted = false;
    };
  }, [kind, tries.value]);
  const retry = () => {
    tries.value += 1;
  };
  return { found: found.value, retry };
}

const Kinds = ({ app, kind }: { app: App; kind: string | undefined }) => (
  <span class="seg push" role="group" aria-label="Kind">
    {KINDS.map(([value, name]) => (
      <button key={name} aria-pressed={kind === value} onClick={() => setQuery(app, { kind: value })}>
        {name}
      </button>
    ))}
  </span>
);

const Entries = ({ app, listed }: { app: App; listed: Listed }) => (
  <>
    <ul class="failures">
      {listed.failures.map((failure) => (
        <Entry key={failure.key} app={app} failure={failure} />
      ))}
    </ul>
    <p class="dim g3">
      {countTextOf(listed)} A replay sends the message to the ingest function again. Readings that are already
      counted are not counted twice.
    </p>
  </>
);

export function Failures({ app }: { app: App }) {
  const { kind } = app.route.value.query;
  const { found, retry } = useFailures(app, kind);
  if (found instanceof ApiError)
    return (
      <Failed
        what="The errors bucket did not load"
        error={found}
        spared="Failed messages are still being stored."
        retry={retry}
      />
    );
  return (
    <section>
      <div class="row b3">
        <h2>What failed</h2>
        <Kinds app={app} kind={kind} />
      </div>
      {!found && <div aria-busy="true" class="plot-wait" />}
      {found?.failures.length === 0 && (
        <p class="dim">Nothing was rejected, and nothing failed{kind ? ' of this kind' : ''}.</p>
      )}
      {found && found.failures.length > 0 && <Entries app={app} listed={found} />}
    </section>
  );
}
