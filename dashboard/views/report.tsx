// Monthly reports of a device, a site or a group, to read, to print, or to download as CSV.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { sheetOf, type SheetDevice } from '../../core/report-sheet.ts';
import { ApiError, asApiError } from '../data/api-error.ts';
import { setQuery, type App } from '../data/app.ts';
import { plural } from '../model/format.ts';
import {
  fileNameOf,
  findingOf,
  groupsOf,
  monthOfTime,
  queryOfChoice,
  reportChoiceOf,
  sitesOf,
  type ReportChoice,
} from '../model/report-choice.ts';
import { GuestView } from '../parts/guest-view.tsx';
import { ActionButton } from '../parts/acknowledge.tsx';
import { useEditedText } from '../parts/edited-text.ts';
import { Failure, StateBox } from '../parts/state-box.tsx';

/** The longest list of devices. The report of any device can be opened from its view. */
const MOST_LISTED = 500;

interface Found {
  readonly devices: readonly SheetDevice[];
  readonly isWhole: boolean;
  /** Epoch milliseconds. */
  readonly madeAt: number;
}

interface Page {
  readonly devices: readonly SheetDevice[];
  readonly next?: string;
}

/** Loads the report page by page and shows each page as it arrives. */
function useReports(app: App, choice: ReportChoice, tries: number) {
  const found = useSignal<Found | ApiError | undefined>(undefined);
  const query = queryOfChoice(choice);
  useEffect(() => {
    let isWanted = choice.of !== undefined;
    const read = async () => {
      found.value = undefined;
      let devices: readonly SheetDevice[] = [];
      let next: string | undefined;
      do {
        const page: Page = await app.api.get('/reports', { ...query, next });
        if (!isWanted) return;
        devices = [...devices, ...page.devices];
        next = page.next;
        found.value = { devices, isWhole: next === undefined, madeAt: Date.now() };
      } while (next !== undefined);
    };
    if (isWanted)
      read().catch((error: unknown) => {
        if (isWanted) found.value = asApiError(error);
      });
    return () => {
      isWanted = false;
    };
  }, [JSON.stringify(query), tries]);
  return found.value;
}

/**
 * Downloads one CSV file of all devices, like `npm run report -- --out report.csv`. The API's CSV is limited to one
 * page.
 */
async function downloadCsv(app: App, choice: ReportChoice, devices: readonly SheetDevice[]): Promise<void> {
  const { month, metric } = choice;
  const tables: string[] = [];
  for (const { deviceId: device } of devices) {
    const table = await app.api.text('/reports/csv', { device, month, metric });
    tables.push(tables.length === 0 ? table : table.slice(table.indexOf('\n') + 1));
  }
  const address = URL.createObjectURL(new Blob(tables, { type: 'text/csv;charset=utf-8' }));
  Object.assign(document.createElement('a'), { href: address, download: fileNameOf(choice, 'csv') }).click();
  URL.revokeObjectURL(address);
}

function Subject({ app, choice }: { app: App; choice: ReportChoice }) {
  const devices = app.store.devices.value ?? [];
  const kinds = [
    ['site', 'Sites', sitesOf(devices)],
    ['group', 'Groups', groupsOf(devices)],
    ['device', 'Devices', devices.slice(0, MOST_LISTED).map(({ deviceId }) => deviceId)],
  ] as const;
  const value = choice.of && `${choice.of.kind} ${choice.of.name}`;
  const isListed = kinds.some(
    ([kind, , names]) => kind === choice.of?.kind && names.includes(choice.of.name),
  );
  return (
    <div>
      <label for="report-of">Site, group or device</label>
      <select
        id="report-of"
        value={value}
        onChange={({ currentTarget }) => {
          const [kind, name] = currentTarget.value.split(/ (.*)/s) as [string, string];
          setQuery(app, { device: undefined, site: undefined, group: undefined, [kind]: name });
        }}
      >
        {!isListed && choice.of && <option value={value}>{choice.of.name}</option>}
        {kinds.map(
          ([kind, title, names]) =>
            names.length > 0 && (
              <optgroup key={kind} label={title}>
                {names.map((name) => (
                  <option key={name} value={`${kind} ${name}`}>
                    {name}
                  </option>
                ))}
              </optgroup>
            ),
        )}
      </select>
    </div>
  );
}

function MonthField({ app, choice }: { app: App; choice: ReportChoice }) {
  const month = useEditedText(choice.month, (text) => setQuery(app, { month: text || undefined }));
  return (
    <div>
      <label for="report-month">Month</label>
      <input
        type="month"
        id="report-month"
        max={monthOfTime(app.store.now.value)}
        placeholder="2026-11"
        {...month}
      />
    </div>
  );
}

function MetricField({ app, choice }: { app: App; choice: ReportChoice }) {
  const names = new Set((app.store.devices.value ?? []).flatMap(({ units = {} }) => Object.keys(units)));
  const metric = useEditedText(choice.metric ?? '', (text) => setQuery(app, { metric: text || undefined }));
  return (
    <div>
      <label for="report-metric">Metric</label>
      <input id="report-metric" list="report-metrics" placeholder="temperature" {...metric} />
      <datalist id="report-metrics">
        {[...names].sort().map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </div>
  );
}

function Bar({ app, choice, found }: { app: App; choice: ReportChoice; found: Found | undefined }) {
  return (
    <div class="row end sheetbar">
      <Subject app={app} choice={choice} />
      <MonthField app={app} choice={choice} />
      <MetricField app={app} choice={choice} />
      {found?.isWhole && found.devices.length > 0 && (
        <div class="row push">
          <ActionButton
            app={app}
            group="viewer"
            label="Download CSV"
            run={() => downloadCsv(app, choice, found.devices)}
          />
          <button class="btn go" onClick={() => print()}>
            Print
          </button>
        </div>
      )}
    </div>
  );
}

/** Uses the same code as `npm run report`, which escapes the texts of devices and people. */
function Sheets({ found: { devices, madeAt, isWhole } }: { found: Found }) {
  const sheets = devices.map((device) => sheetOf(device, { now: madeAt, level: 2 }));
  return (
    <>
      <div dangerouslySetInnerHTML={{ __html: sheets.join('') }} />
      {!isWhole && <p class="dim g4">{plural(devices.length, 'device')} so far; loading more.</p>}
    </>
  );
}

export function Report({ app }: { app: App }) {
  const tries = useSignal(0);
  const isGuest = app.session.isGuest();
  const choice = reportChoiceOf(app.route.value, app.store.devices.value ?? [], app.store.now.peek());
  const found = useReports(app, isGuest ? { month: choice.month } : choice, tries.value);
  if (isGuest)
    return (
      <GuestView app={app} heading="Report" title="Log in to see reports">
        They include alerts and the notes about them.
      </GuestView>
    );
  const failure = found instanceof ApiError ? found : undefined;
  const made = found instanceof ApiError ? undefined : found;
  return (
    <div class="report">
      <div class="headrow sheetbar">
        <h1>{made?.isWhole ? findingOf(choice, made.devices) : 'Report'}</h1>
      </div>
      <Bar app={app} choice={choice} found={made} />
      {failure && (
        <Failure
          what="The report did not load"
          error={failure}
          spared="Readings and alerts are still being stored."
          retry={() => {
            tries.value += 1;
          }}
        />
      )}
      {made?.isWhole && made.devices.length === 0 && (
        <StateBox title="No matching device">Choose a site, a group or a device above.</StateBox>
      )}
      {made && <Sheets found={made} />}
      {!found && choice.of && <div class="g4" aria-busy="true" />}
    </div>
  );
}
