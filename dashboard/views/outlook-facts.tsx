// What rules about predicted limits and unusual behaviour have learned about the device. Users can correct its defrosts or let it learn again.

import { useSignal, type ReadonlySignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ApiError } from '../data/api-error.ts';
import type { App } from '../data/app.ts';
import { pathOf } from '../model/api-path.ts';
import { bandText, defrostText, sayingText, type Outlook } from '../model/outlook.ts';
import { Shape } from '../parts/signs.tsx';
import { CorrectDefrosts } from './correct-defrosts.tsx';
import { own } from '../../core/own.ts';

const EVERY_MS = 60_000;

export interface Outlooks {
  readonly list: ReadonlySignal<readonly Outlook[]>;
  readonly read: () => void;
}

/** Polled every minute if there is such a rule. */
export function useOutlooks(app: App, deviceId: string): Outlooks {
  const list = useSignal<readonly Outlook[]>([]);
  const hasRule = app.store.rules.value.some(({ predicted, unusual }) => predicted ?? unusual);
  const isWanted = hasRule && !app.session.isGuest();
  const read = () => {
    app.api.get<{ outlooks: readonly Outlook[] }>(`${pathOf('devices', deviceId)}/outlook`).then(
      ({ outlooks }) => {
        list.value = outlooks;
      },
      () => undefined, // a failure is not shown, and the next poll retries
    );
  };
  useEffect(() => {
    list.value = [];
    if (!isWanted) return undefined;
    read();
    const timer = setInterval(read, EVERY_MS);
    return () => clearInterval(timer);
  }, [deviceId, isWanted]);
  return { list, read };
}

function LearnAgain({ app, path, read }: { app: App; path: string; read: () => void }) {
  const problem = useSignal<string | undefined>(undefined);
  const learn = async () => {
    try {
      await app.api.send('DELETE', path);
      read();
    } catch (error) {
      problem.value = (error as ApiError).message;
    }
  };
  return (
    <>
      <button
        class="btn small"
        title="Forgets what was learned about this device and starts again"
        onClick={() => void learn()}
      >
        Learn again
      </button>
      {problem.value !== undefined && <p role="alert">{problem.value}</p>}
    </>
  );
}

function Corrections({
  app,
  deviceId,
  outlook: { ruleId, kind, entered, learned },
  read,
}: {
  app: App;
  deviceId: string;
  outlook: Outlook;
  read: () => void;
}) {
  const path = `${pathOf('devices', deviceId)}/outlook/${encodeURIComponent(ruleId)}`;
  return (
    <dd>
      {kind === 'predicted' && (
        <CorrectDefrosts app={app} entered={entered} path={`${path}/defrosts`} read={read} />
      )}{' '}
      {learned && <LearnAgain app={app} path={path} read={read} />}
    </dd>
  );
}

function Defrosts({ outlook, now }: { outlook: Outlook; now: number }) {
  const text = defrostText(outlook, now);
  if (text === undefined) return null;
  return (
    <>
      <dt>Defrosts</dt>
      <dd>{text}</dd>
    </>
  );
}

export function OutlookFacts({
  app,
  deviceId,
  outlooks,
  units,
}: {
  app: App;
  deviceId: string;
  outlooks: Outlooks;
  units: Readonly<Record<string, string>>;
}) {
  const found = outlooks.list.value;
  if (found.length === 0) return null;
  const now = app.store.now.value;
  return (
    <section>
      <h3>Predictions</h3>
      {found.map((outlook) => (
        <dl key={outlook.ruleId}>
          <dt>{outlook.ruleId}</dt>
          <dd class={outlook.ahead ? 'watch-text' : undefined}>
            {outlook.ahead && <Shape name="pending" />} {sayingText(outlook)}
          </dd>
          {outlook.learned && (
            <>
              <dt>Normal band</dt>
              <dd>{bandText(outlook.learned, own(units, outlook.metric))}</dd>
            </>
          )}
          <Defrosts outlook={outlook} now={now} />
          {app.session.may('operator') && (
            <Corrections app={app} deviceId={deviceId} outlook={outlook} read={outlooks.read} />
          )}
        </dl>
      ))}
    </section>
  );
}
