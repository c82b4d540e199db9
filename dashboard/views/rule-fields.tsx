// The fields that the sentences of rules share: the metric, its side and limit, the devices, the channels and the severity.

import type { Rule } from '../model/api-types.ts';
import type { Draft } from '../model/rule-kind.ts';

export type SetDraft = (next: Partial<Draft>) => void;

export function NumberField({
  label,
  value,
  onValue,
}: {
  label: string;
  value: number | undefined;
  onValue: (value: number | undefined) => void;
}) {
  return (
    <input
      type="number"
      step="any"
      aria-label={label}
      value={value ?? ''}
      onInput={({ currentTarget: { value: text } }) => onValue(text === '' ? undefined : Number(text))}
    />
  );
}

/** A choice among options, each with its value and the text to show. */
export function Choice({
  label,
  value,
  options,
  onValue,
}: {
  label: string;
  value: string;
  options: readonly (readonly [value: string, text: string])[];
  onValue: (value: string) => void;
}) {
  return (
    <select aria-label={label} value={value} onChange={(event) => onValue(event.currentTarget.value)}>
      {options.map(([name, text]) => (
        <option key={name} value={name}>
          {text}
        </option>
      ))}
    </select>
  );
}

const same = (names: readonly string[]) => names.map((name) => [name, name] as const);

export function MetricField({
  value,
  metrics,
  onValue,
}: {
  value: string;
  metrics: readonly string[];
  onValue: (metric: string) => void;
}) {
  return <Choice label="Metric" value={value} options={same(metrics)} onValue={onValue} />;
}

export function SideField({ value, onSide }: { value: string; onSide: (side: string) => void }) {
  return <Choice label="Side" value={value} options={same(['above', 'below'])} onValue={onSide} />;
}

export function DevicesField({ rule, set }: { rule: Draft; set: SetDraft }) {
  return (
    <input
      aria-label="Devices; * matches any text"
      title="The name of a device, such as fridge-1. * matches any text: fridge-*"
      size={12}
      value={rule.match?.device ?? ''}
      placeholder="all devices"
      onInput={({ currentTarget: { value } }) => {
        const { device: _device, ...rest } = rule.match ?? ({} as NonNullable<Rule['match']>);
        const match = value === '' ? rest : { ...rest, device: value };
        set({ match: Object.keys(match).length > 0 ? (match as NonNullable<Rule['match']>) : undefined });
      }}
    />
  );
}

const CHANNELS = [
  ['email', 'email'],
  ['email sms', 'email and SMS'],
  ['sms', 'SMS'],
] as const;

/** `notify by email, as major`: the end of each sentence. */
export function NotifyFields({ rule, set }: { rule: Draft; set: SetDraft }) {
  return (
    <>
      notify by{' '}
      <Choice
        label="Channels"
        value={(rule.channels ?? ['email']).join(' ')}
        options={CHANNELS}
        onValue={(channels) => set({ channels: channels.split(' ') })}
      />
      , as{' '}
      <Choice
        label="Severity"
        value={rule.severity ?? 'major'}
        options={same(['warning', 'minor', 'major', 'critical'])}
        onValue={(severity) => set({ severity })}
      />
    </>
  );
}
