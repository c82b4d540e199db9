// When a device defrosts, in a sentence: learned, at times of the day, or by a metric of its own.

import type { Defrost } from '../model/api-types.ts';
import { Choice } from './rule-fields.tsx';

type How = 'learned' | 'times' | 'metric';

const HOWS = [
  ['learned', 'learned by device'],
  ['times', 'at these times'],
  ['metric', 'shown by a metric'],
] as const;
const USUAL_METRIC = 'defrost';

const howOf = (defrost: Defrost | undefined): How =>
  defrost === undefined ? 'learned' : 'at' in defrost ? 'times' : 'metric';

/** Where the browser is, by its IANA name. */
const ownZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

const BEGINNINGS: Readonly<Record<How, () => Defrost | undefined>> = {
  learned: () => undefined,
  times: () => ({ at: ['06:00', '18:00'], timeZone: ownZone(), lasts: '30m' }),
  metric: () => ({ metric: USUAL_METRIC }),
};

export function DefrostFields({
  value,
  metrics,
  onValue,
}: {
  value: Defrost | undefined;
  metrics: readonly string[];
  onValue: (defrost: Defrost | undefined) => void;
}) {
  return (
    <>
      <Choice
        label="Defrosts"
        value={howOf(value)}
        options={HOWS}
        onValue={(how) => onValue(BEGINNINGS[how as How]())}
      />
      {value && 'at' in value && <TimesFields value={value} onValue={onValue} />}
      {value && 'metric' in value && (
        <>
          {' '}
          <Choice
            label="Metric that is not 0 while it defrosts"
            value={value.metric}
            options={[...new Set([value.metric, ...metrics])].map((name) => [name, name])}
            onValue={(metric) => onValue({ metric })}
          />
        </>
      )}
    </>
  );
}

function TimesFields({
  value,
  onValue,
}: {
  value: Extract<Defrost, { at: unknown }>;
  onValue: (defrost: Defrost) => void;
}) {
  return (
    <>
      {' '}
      <input
        aria-label="Times of the day at which it defrosts"
        size={12}
        value={value.at.join(', ')}
        onChange={({ currentTarget }) =>
          onValue({ ...value, at: currentTarget.value.split(/[\s,;]+/).filter(Boolean) })
        }
      />{' '}
      of{' '}
      <input
        aria-label="Time zone"
        size={12}
        value={value.timeZone}
        onChange={({ currentTarget }) => onValue({ ...value, timeZone: currentTarget.value })}
      />{' '}
      for{' '}
      <input
        aria-label="How long it defrosts"
        size={4}
        value={value.lasts ?? '30m'}
        onChange={({ currentTarget }) => onValue({ ...value, lasts: currentTarget.value })}
      />
    </>
  );
}
