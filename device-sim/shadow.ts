// Connects a simulated sensor to its device shadow: it reads the shadow on every connect, applies the desired state and reports back.
// https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-comms-device.html

import type { Connection } from './connection.ts';
import { applyDesired, type Controls } from './controls.ts';

interface ShadowMessage {
  readonly version?: number;
  readonly code?: number;
  readonly message?: string;
  readonly state?: Readonly<Record<string, unknown>>;
}

const asObject = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

type Receivers = Readonly<Record<string, (message: ShadowMessage) => void>>;

interface Following {
  readonly thingName: string;
  readonly controls: Controls;
  readonly onProblem: (problem: string) => void;
  /** Sends the reported state. */
  readonly report: () => void;
}

/** By the end of the topic. */
function createReceivers({ thingName, controls, onProblem, report }: Following): Receivers {
  let newest = 0;
  const apply = (desired: unknown): boolean => {
    const { changed, problems } = applyDesired(controls, asObject(desired));
    for (const problem of problems) onProblem(`${thingName}: desired ${problem}`);
    return changed;
  };
  /** Messages may come twice and out of order; older versions are ignored. */
  const isNews = ({ version = 0 }: ShadowMessage) => {
    if (version < newest) return false;
    newest = version;
    return true;
  };
  return {
    'get/accepted'(message) {
      newest = message.version ?? 0; // a deleted shadow starts again at a lower version
      apply(message.state?.['desired']);
      report();
    },
    'get/rejected'({ code, message }) {
      if (code === 404) report();
      else onProblem(`${thingName}: its shadow cannot be read: ${message}`);
    },
    // A difference that remains after a report must not be reported again, which would loop for ever.
    'update/delta'(message) {
      if (isNews(message) && apply(message.state)) report();
    },
    'update/rejected'({ message }) {
      onProblem(`${thingName}: its shadow cannot be updated: ${message}`);
    },
  };
}

/** @param onProblem called with desired settings that cannot be applied, and with refusals of the cloud. */
export function followShadow(
  connection: Pick<Connection, 'listen' | 'publish'>,
  thingName: string,
  controls: Controls,
  onProblem: (problem: string) => void,
): void {
  const prefix = `$aws/things/${thingName}/shadow`;
  const send = (request: 'get' | 'update', payload: string) => {
    connection.publish(`${prefix}/${request}`, payload, 1).catch((error: unknown) => {
      onProblem((error as Error).message); // the next connect tries again
    });
  };
  const report = () => send('update', JSON.stringify({ state: { reported: controls } }));
  const receivers = createReceivers({ thingName, controls, onProblem, report });

  const parse = (payload: string): ShadowMessage => {
    try {
      return asObject(JSON.parse(payload));
    } catch {
      onProblem(`${thingName}: a message of its shadow is not JSON`);
      return {};
    }
  };

  connection.listen(
    Object.keys(receivers).map((topic) => `${prefix}/${topic}`),
    (topic, payload) => {
      const receive = receivers[topic.slice(prefix.length + 1)];
      receive?.(parse(payload));
    },
    () => send('get', ''),
  );
}
