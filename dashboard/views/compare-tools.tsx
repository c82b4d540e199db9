// Chooses what is drawn over a device's plot: up to three other devices, and one more of its metrics.

import { setQuery, type App } from '../data/app.ts';
import type { Device } from '../model/api-types.ts';
import { type Compared, MOST_DEVICES, queryWith } from '../model/compare.ts';
import { capital, metricText, nameText } from '../model/format.ts';
import { LINE_STYLES } from '../parts/plot-layers.ts';

/** The longest list of suggestions. Typing finds all devices. */
const MOST_OFFERED = 300;

const Dash = ({ index }: { index: number }) => {
  const { color, dash } = LINE_STYLES[index]!;
  return (
    <svg viewBox="0 0 22 12" class={color} aria-hidden="true">
      <path d="M0 6h22" stroke="currentColor" stroke-width="2" stroke-dasharray={dash.join(' ')} />
    </svg>
  );
};

/** Chooses another metric to draw over the main one. */
function OverMetric({
  app,
  compared,
  metrics,
}: {
  app: App;
  compared: Compared;
  metrics: readonly string[];
}) {
  return (
    <span class="chip">
      {compared.metric !== undefined && metrics.includes(compared.metric) && (
        <Dash index={compared.devices.length} />
      )}
      <label class="vh" for="over">
        Draw another metric over {metricText(metrics[0]!)}
      </label>
      <select
        id="over"
        value={compared.metric ?? ''}
        onChange={({ currentTarget }) => setQuery(app, { over: currentTarget.value || undefined })}
      >
        <option value="">One metric a plot</option>
        {metrics.slice(1).map((metric) => (
          <option key={metric} value={metric}>
            {metricText(metric)} over {metricText(metrics[0]!).toLowerCase()}
          </option>
        ))}
      </select>
    </span>
  );
}

export function CompareTools({
  app,
  device,
  compared,
  metrics,
}: {
  app: App;
  device: Device;
  compared: Compared;
  /** The device's metrics, the main one first. */
  metrics: readonly string[];
}) {
  const { devices } = compared;
  const known = app.store.devices.value ?? [];
  const offered = known
    .filter(({ deviceId }) => deviceId !== device.deviceId && !devices.includes(deviceId))
    .sort((one, other) => Number(other.type === device.type) - Number(one.type === device.type));
  const choose = (next: readonly string[]) => setQuery(app, queryWith(next));
  const add = (input: HTMLInputElement) => {
    const typed = input.value.trim();
    const found = offered.find(({ deviceId }) => deviceId === typed || nameText(deviceId) === typed);
    if (!found) return;
    input.value = '';
    choose([...devices, found.deviceId]);
  };
  return (
    <div class="ptools compare">
      {devices.map((id, index) => (
        <span class="chip" key={id}>
          <Dash index={index} />
          <a href={`#/device/${encodeURIComponent(id)}`}>{nameText(id)}</a>
          <button
            class="icon"
            aria-label={`Stop comparing with ${nameText(id)}`}
            onClick={() => choose(devices.filter((each) => each !== id))}
          >
            ×
          </button>
        </span>
      ))}
      {devices.length < MOST_DEVICES && offered.length > 0 && (
        <>
          <label class="vh" for="compare">
            Compare with another device
          </label>
          <input
            id="compare"
            type="search"
            list="compare-list"
            placeholder="Compare with…"
            autoComplete="off"
            onInput={({ currentTarget }) => add(currentTarget)}
          />
          <datalist id="compare-list">
            {offered.slice(0, MOST_OFFERED).map(({ deviceId, site }) => (
              <option key={deviceId} value={deviceId}>
                {nameText(deviceId)}
                {site !== undefined && `, ${capital(site)}`}
              </option>
            ))}
          </datalist>
        </>
      )}
      {metrics.length > 1 && <OverMetric app={app} compared={compared} metrics={metrics} />}
    </div>
  );
}
