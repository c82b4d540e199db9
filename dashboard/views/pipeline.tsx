// The pipeline view: traces a message, lists failures and replays them, and on one machine shows counters by stage.

import type { App } from '../data/app.ts';
import { usePolled } from '../data/polled.ts';
import { GuestView } from '../parts/guest-view.tsx';
import { StateBox } from '../parts/state-box.tsx';
import { Failures } from './failures.tsx';
import { Trace } from './trace.tsx';

const EVERY_MS = 1000;

interface Status {
  readonly totals: Readonly<Record<string, number>>;
  readonly outputs: Readonly<Record<string, string>>;
}

/** The stages with patterns for their counters' names. The last one takes the rest. */
const STAGES: readonly (readonly [name: string, says: string, counters: RegExp])[] = [
  ['Broker', 'Received and refused packets', /^mqtt\./],
  [
    'Rules and functions',
    'Invocations caused by messages',
    /^(ruleMatches|rules?\.|lambda\.|schedule\.|kinesis\.|firehose\.)/,
  ],
  [
    'Windows',
    'Results of the ingest function',
    /^(Windows|Readings|Messages|Values|Mapping|Late|Rounded|Replays|HoursAtRisk|dynamodb\.)/,
  ],
  ['Archive', 'Objects in buckets', /^(objects|s3\.|archive)/],
  ['Alerts', 'Alerts and notifications', /^(Alert|Notification|Digest|Presence|mails|texts|sns\.)/],
  ['Page and API', 'Requests', /^(api\.|aws\.|web\.|Api)/],
  ['Other', 'Other counters', /./],
];

function grouped(totals: Status['totals']) {
  const left = new Map(Object.entries(totals));
  return STAGES.map(([name, says, counters]) => {
    const own = [...left].filter(([counter]) => counters.test(counter)).sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [counter] of own) left.delete(counter);
    return { name, says, own };
  });
}

const Stage = ({ name, says, own }: ReturnType<typeof grouped>[number]) => (
  <section class="stage">
    <h3>{name}</h3>
    <p class="dim">{says}</p>
    <table>
      <tbody>
        {own.map(([counter, total]) => (
          <tr key={counter}>
            <th scope="row" class="mono">
              {counter}
            </th>
            <td class="num">{total.toLocaleString('en')}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </section>
);

const Outputs = ({ outputs }: Pick<Status, 'outputs'>) => (
  <details class="g5">
    <summary>
      <h2 class="inline">Outputs of the template</h2>
    </summary>
    <div class="scroll g3" tabIndex={0} role="region" aria-label="Outputs of the template">
      <table>
        <tbody>
          {Object.entries(outputs).map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class="mono break">{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  </details>
);

/** Only on the local cloud: AWS has these metrics in CloudWatch. */
function Counters() {
  const { value, problem } = usePolled('/status.json', EVERY_MS);
  const { totals = {}, outputs = {} } = (value ?? {}) as Partial<Status>;
  return (
    <>
      <h2 class="g5 b3">Counters since the start</h2>
      {problem !== undefined && (
        <StateBox title="The counters cannot be read">
          Is npm start still running? {problem}. The counters below may be out of date.
        </StateBox>
      )}
      <div class="stages">
        {grouped(totals).map((stage) => stage.own.length > 0 && <Stage key={stage.name} {...stage} />)}
      </div>
      <Outputs outputs={outputs} />
    </>
  );
}

export function Pipeline({ app }: { app: App }) {
  if (app.session.isGuest())
    return (
      <GuestView app={app} heading="Pipeline" title="Log in to see the pipeline">
        It shows the messages of devices and which of them were rejected.
      </GuestView>
    );
  return (
    <>
      <div class="headrow">
        <div>
          <h1>Pipeline</h1>
          <p class="lede">Follow a message from publishing to the email, and see which messages failed.</p>
        </div>
      </div>
      <Trace app={app} />
      <div class="g5">
        <Failures app={app} />
      </div>
      {app.config.isLocal && <Counters />}
    </>
  );
}
