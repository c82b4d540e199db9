// A device's connections in the last 30 days, and why each one ended.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { App } from '../data/app.ts';
import { pathOf } from '../model/api-path.ts';
import type { Device } from '../model/api-types.ts';
import { connectionsOf, reasonText, type PresenceEvent } from '../model/connections.ts';
import { dayMinuteText, durationText, secondText } from '../model/format.ts';
import { Time } from '../parts/time.tsx';

const PAGE = 100;
const POLL_MS = 10_000;

interface Page {
  readonly events: readonly PresenceEvent[];
  readonly next?: string;
}

const exactText = (at: number) => `${dayMinuteText(at)}:${secondText(at).slice(-2)}`;

type Connection = ReturnType<typeof connectionsOf>[number];

function ConnectionRow({
  connection: { from, to, reason, ipAddress },
  isNewest,
  now,
}: {
  connection: Connection;
  isNewest: boolean;
  now: number;
}) {
  const isOpen = to === undefined && isNewest;
  const end = to ?? (isOpen ? now : undefined);
  return (
    <tr>
      <td class="nb">{from === undefined ? 'earlier' : <Time at={from} as={exactText} />}</td>
      <td class="nb">{to === undefined ? isOpen ? 'now' : '\u2013' : <Time at={to} as={exactText} />}</td>
      <td>{to === undefined ? '\u2013' : reasonText(reason)}</td>
      <td class="num nb">{from === undefined || end === undefined ? '\u2013' : durationText(end - from)}</td>
      <td class="mono hide-s">{ipAddress ?? '\u2013'}</td>
    </tr>
  );
}

const Connections = ({ connections, now }: { connections: readonly Connection[]; now: number }) => (
  <div class="scroll g4" tabIndex={0} role="region" aria-label="Connections, newest first">
    <table>
      <thead>
        <tr>
          <th>Connected</th>
          <th>Until</th>
          <th>Ended by</th>
          <th class="num">Lasted</th>
          <th class="hide-s">IP address</th>
        </tr>
      </thead>
      <tbody>
        {connections.map((connection, index) => (
          <ConnectionRow
            key={connection.sessionId}
            connection={connection}
            isNewest={index === 0}
            now={now}
          />
        ))}
      </tbody>
    </table>
  </div>
);

/** The events of the last 30 days; undefined while they load. `next` names the page after those that are loaded. */
function usePresence(app: App, { deviceId, presenceSince }: Device) {
  const events = useSignal<readonly PresenceEvent[] | undefined>(undefined);
  const next = useSignal<string | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  const read = async (from?: string) => {
    try {
      const query = { limit: PAGE, next: from };
      const page: Page = await app.api.get(`${pathOf('devices', deviceId)}/presence`, query);
      events.value = from === undefined ? page.events : [...(events.peek() ?? []), ...page.events];
      next.value = page.next;
      problem.value = undefined;
    } catch (error) {
      problem.value = (error as Error).message;
    }
  };
  useEffect(() => {
    void read();
    // Does not replace older pages that the user has loaded.
    const timer = setInterval(() => {
      if (!document.hidden && (events.peek()?.length ?? 0) <= PAGE) void read();
    }, POLL_MS);
    return () => clearInterval(timer);
  }, [deviceId, presenceSince]);
  return { events: events.value, next: next.value, problem: problem.value, read };
}

export function PresenceTab({ app, device }: { app: App; device: Device }) {
  const { events, next, problem, read } = usePresence(app, device);
  if (problem !== undefined && events === undefined)
    return (
      <p class="row g4">
        <span>Its connections did not load. {problem}</span>
        <button class="btn" onClick={() => void read()}>
          Try now
        </button>
      </p>
    );
  if (events === undefined) return <div class="plot-wait" aria-busy="true" />;
  const connections = connectionsOf(events);
  if (connections.length === 0)
    return (
      <p class="dim g4">
        No connections in the last 30 days. A device behind a gateway has no connection; see the gateway's.
      </p>
    );
  return (
    <>
      <Connections connections={connections} now={app.store.now.value} />
      {next !== undefined && (
        <button class="btn g3" onClick={() => void read(next)}>
          Earlier connections
        </button>
      )}
    </>
  );
}
