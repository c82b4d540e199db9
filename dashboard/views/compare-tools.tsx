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
        <option value="">No second metric</option>
        {metrics.slice(1).map((metric) => (
          <option key={metric} value={metric}>
            {metricText(metric)} over {metricText(metrics[0]!).toLowerCase()}
          </option>
        ))}
      </select>
    </span>
  );
}

/** A compared device, with its line's dashes. */
const Chip = ({ app, compared, index }: { app: App; compared: Compared; index: number }) => {
  const id = compared.devices[index]!;
  const remove = () => setQuery(app, queryWith(compared.devices.filter((each) => each !== id)));
  return (
    <span class="chip">
      <Dash index={index} />
      <a href={`#/device/${encodeURIComponent(id)}`}>{nameText(id)}</a>
      <button class="icon" aria-label={`Stop comparing with ${nameText(id)}`} onClick={remove}>
        ×
      </button>
    </span>
  );
};

/** Other devices, those of the same type first. */
function offeredFor(app: App, { deviceId, type }: Device, { devices }: Compared): Device[] {
  return (app.store.devices.value ?? [])
    .filter((other) => other.deviceId !== deviceId && !devices.includes(other.deviceId))
    .sort((one, other) => Number(other.type === type) - Number(one.type === type));
}

/** Adds a device to the compared ones as soon as its name is complete. */
function AddCompared({
  app,
  compared,
  offered,
}: {
  app: App;
  compared: Compared;
  offered: readonly Device[];
}) {
  const add = (input: HTMLInputElement) => {
    const typed = input.value.trim();
    const found = offered.find(({ deviceId }) => deviceId === typed || nameText(deviceId) === typed);
    if (!found) return;
    input.value = '';
    setQuery(app, queryWith([...compared.devices, found.deviceId]));
  };
  return (
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
  const offered = offeredFor(app, device, compared);
  return (
    <div class="ptools compare">
      {compared.devices.map((id, index) => (
        <Chip key={id} app={app} compared={compared} index={index} />
      ))}
      {compared.devices.length < MOST_DEVICES && offered.length > 0 && (
        <AddCompared app={app} compared={compared} offered={offered} />
      )}
      {metrics.length > 1 && <OverMetric app={app} compared={compared} metrics={metrics} />}
    </div>
  );
}
