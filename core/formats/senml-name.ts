// A SenML name joins the device and what it measures in one text, and no rule defines where the device's part ends.

export interface SenmlName {
  /** Absent if the name does not name a device. */
  readonly child?: string;
  readonly metric: string;
}

/** DEV URNs: https://www.rfc-editor.org/rfc/rfc9039 */
const DEV_URN = /^urn:dev:[a-z0-9]+:[A-Za-z0-9.-]+/;
/** Marks at the end of base names, before the name that follows. */
const ENDS = /[:/_.-]+$/;
const BEGINS = /^[:/_.-]+/;

/**
 * Splits base name and name: the metric is the part after the last `/` or `:`, the device is everything before it. A DEV URN
 * is never split, and `_` ends it too. The end of a base name always ends the device's part, even without a mark, because
 * many devices send it like that.
 */
export function senmlName(base: string, name: string): SenmlName {
  const joined = base === '' || name === '' || ENDS.test(base) ? base + name : `${base}/${name}`;
  const urn = DEV_URN.exec(joined)?.[0] ?? '';
  const last = Math.max(joined.lastIndexOf('/'), joined.lastIndexOf(':'));
  let cut = Math.max(last, urn.length);
  if (name !== '' && base !== '') cut = Math.max(cut, base.replace(ENDS, '').length);
  const child = joined.slice(0, cut).replace(ENDS, '');
  const metric = joined.slice(cut).replace(BEGINS, '');
  return { ...(child !== '' && { child }), metric: metric === '' ? 'value' : metric };
}
