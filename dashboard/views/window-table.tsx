// The plots' windows as a table, the newest first.

import type { History } from '../data/history.ts';
import type { Device } from '../model/api-types.ts';
import { edgeText, metricText, numberText, secondText } from '../model/format.ts';
import type { View } from '../model/view.ts';
import type { StoredWindow } from '../model/windows.ts';
import { Time } from '../parts/time.tsx';
import { own } from '../../core/own.ts';

const MOST_ROWS = 120;
const DAY_MS = 86_400_000;

interface RowProps {
  readonly at: number;
  readonly name: string;
  readonly statistics: StoredWindow['metrics'][string];
  readonly unit: string | undefined;
  readonly rowText: (at: number) => string;
}

function Row({ at, name, statistics: { min, max, sum, count }, unit, rowText }: RowProps) {
  const text = (value: number) => numberText(value, unit);
  return (
    <tr>
      <td class="nb">
        <Time at={at} as={rowText} />
      </td>
      <td>
        {metricText(name)}
        {unit && `, ${unit}`}
      </td>
      <td class="num">{text(min)}</td>
      <td class="num">{text(sum / count)}</td>
      <td class="num">{text(max)}</td>
      <td class="num">{count}</td>
    </tr>
  );
}

const Head = () => (
  <thead>
    <tr>
      <th>From</th>
      <th>Metric</th>
      <th class="num">Lowest</th>
      <th class="num">Mean</th>
      <th class="num">Highest</th>
      <th class="num">Readings</th>
    </tr>
  </thead>
);

export function WindowTable({
  device,
  view,
  history,
}: {
  device: Device;
  view: View;
  history: History | undefined;
}) {
  void history?.version.value;
  const windows = (history?.series() ?? []).filter(({ start }) => start >= view.from && start < view.to);
  const newest = windows.slice(-MOST_ROWS).toReversed();
  const span = view.to - view.from;
  // Within a day the time is unique.
  const rowText = (at: number) => (span < DAY_MS ? secondText(at) : edgeText(at, span));
  const unitOf = (name: string) => own(history?.units(), name) ?? own(device.units, name);
  return (
    <div class="scroll g4" tabIndex={0} role="region" aria-label="Windows, newest first">
      <table>
        <Head />
        <tbody>
          {newest.flatMap(({ start, metrics }) =>
            Object.keys(metrics)
              .sort()
              .map((name) => (
                <Row
                  key={`${start} ${name}`}
                  {...{ at: start, name, statistics: metrics[name]!, unit: unitOf(name), rowText }}
                />
              )),
          )}
        </tbody>
      </table>
    </div>
  );
}
