// A point in time, in the viewer's time zone, with UTC on hover.

import { minuteText, utcText } from '../model/format.ts';

export const Time = ({ at, as = minuteText }: { at: number; as?: (at: number) => string }) => (
  <time dateTime={new Date(at).toISOString()} title={utcText(at)}>
    {as(at)}
  </time>
);
