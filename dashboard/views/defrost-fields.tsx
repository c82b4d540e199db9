// When a device defrosts, as fields of a sentence: learned, at times of the day, at an interval, or shown by a metric.

import type { Defrost, DefrostSchedule } from '../model/api-types.ts';
import { useEditedText } from '../parts/edited-text.ts';
import { Choice } from './rule-fields.tsx';

type How = 'learned' | 'times' | 'every' | 'metric';

const HOWS = [
  ['learned', 'learned from readings'],
  ['times', 'at these times'],
  ['every', 'at an interval'],
  ['metric', 'shown by a metric'],
] as const;
const USUAL_METRIC = 'defrost';

function howOf(defrost: Defrost | undefined): How {
  if (defrost === undefined) return 'learned';
  if ('at' in defrost) return 'times';
  return 'every' in defrost ? 'every' : 'metric';
}

/** The IANA name of the browser's time zone. */
const ownZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

const BEGINNINGS: Readonly<Record<How, () => Defrost | undefined>> = {
  learned: () => undefined,
  times: () => ({ at: ['06:00', '18:00'], timeZone: ownZone(), lasts: '30m' }),
  every: () => ({
    every: '8h',
    from: `${new Date().toISOString().slice(0, 10)} 02:00 ${ownZone()}`,
    lasts: '30m',
  }),
  metric: () => ({ metric: USUAL_METRIC }),
};

export function DefrostFields({
  value,
  metrics,
  onValue,
}: {
  value: Defrost | undefined;
  /** The metrics to choose from, if a metric may show the defrosts. */
  metrics?: readonly string[];
  onValue: (defrost: Defrost | undefined) => void;
}) {
  return (
    <>
      <Choice
        label="Defrosts"
        value={howOf(value)}
        options={metrics ? HOWS : HOWS.filter(([how]) => how !== 'metric')}
        onValue={(how) => onValue(BEGINNINGS[how as How]())}
      />
      {value && 'at' in value && <TimesFields value={value} onValue={onValue} />}
      {value && 'every' in value && <IntervalFields value={value} onValue={onValue} />}
      {value && 'metric' in value && (
        <>
          {' '}
          <Choice
            label="Metric that is not 0 while it defrosts"
            value={value.metric}
            options={[...new Set([value.metric, ...(metrics ?? [])])].map((name) => [name, name])}
            onValue={(metric) => onValue({ metric })}
          />
        </>
      )}
    </>
  );
}

function TextField({
  label,
  value,
  size,
  onValue,
}: {
  label: string;
  value: string;
  size: number;
  onValue: (text: string) => void;
}) {
  return <input aria-label={label} size={size} {...useEditedText(value, onValue)} />;
}

interface Fields<Value extends DefrostSchedule> {
  value: Value;
  onValue: (defrost: Defrost) => void;
}

function LastsField({ value, onValue }: Fields<DefrostSchedule>) {
  const set = (lasts: string) => onValue({ ...value, lasts });
  return <TextField label="How long it defrosts" size={4} value={value.lasts ?? '30m'} onValue={set} />;
}

function TimesFields({ value, onValue }: Fields<Extract<DefrostSchedule, { at: unknown }>>) {
  const setTimes = (text: string) => onValue({ ...value, at: text.split(/[\s,;]+/).filter(Boolean) });
  return (
    <>
      {' '}
      <TextField
        label="Times of the day at which it defrosts"
        size={12}
        value={value.at.join(', ')}
        onValue={setTimes}
      />{' '}
      in{' '}
      <TextField
        label="Time zone"
        size={12}
        value={value.timeZone}
        onValue={(timeZone) => onValue({ ...value, timeZone })}
      />{' '}
      for <LastsField value={value} onValue={onValue} />
    </>
  );
}

function IntervalFields({ value, onValue }: Fields<Extract<DefrostSchedule, { every: unknown }>>) {
  return (
    <>
      :{' '}
      <TextField
        label="How often it defrosts"
        size={4}
        value={value.every}
        onValue={(every) => onValue({ ...value, every })}
      />{' '}
      from{' '}
      <TextField
        label="A time at which it defrosts"
        size={24}
        value={String(value.from)}
        onValue={(from) => onValue({ ...value, from })}
      />{' '}
      for <LastsField value={value} onValue={onValue} />
    </>
  );
}
