// How a gateway's payload names the sensor that it reports for.

const MAC = /^[0-9a-f]{2}(?:[:-]?[0-9a-f]{2}){5}$/i;
/** A shorter name may match the end of another by chance. */
const LONG_ENOUGH = 6;

/** A MAC address in one spelling, `AA:BB:CC:DD:EE:FF`; undefined for anything else. */
export function macOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || !MAC.test(value)) return undefined;
  return value
    .toUpperCase()
    .replaceAll(/[:-]/g, '')
    .replaceAll(/(..)(?=.)/g, '$1:');
}

/** The child that a payload names; undefined if the topic names it already, because topic levels become part of the child too. */
export function childBeside(levels: readonly string[], child: string | undefined): string | undefined {
  if (child === undefined) return undefined;
  const wanted = plain(child);
  const isNamed = levels.some((_, index) => {
    const named = plain(levels.slice(index).join(''));
    return named === wanted || (wanted.length >= LONG_ENOUGH && named.endsWith(wanted));
  });
  return isNamed ? undefined : child;
}

/** Topics may write a MAC address without colons or in small letters. */
const plain = (text: string) => text.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');

/** Levels that devices append to their topic for the kind of message; they do not name a sensor. */
const KINDS = /(?:^|\/)(?:SENSOR|STATE|STATUS\d*|(?:event\/)?up|events\/rpc)$/;
/** The part after `status/` identifies the Shelly component. */
const STATUS = /(^|\/)status\/([a-z][a-z0-9_]*:\d+)$/;

/** The topic levels of a known format that name a sensor, without those that name the kind of message. */
export function sensorLevels(levels: readonly string[]): readonly string[] {
  const topic = levels.join('/').replace(KINDS, '').replace(STATUS, '$1$2');
  return topic === '' ? [] : topic.split('/');
}

const COMPONENT = /^(?:sensor|binary_sensor|switch|light|fan|cover|climate|number|lock|valve)$/;

/**
 * The names in the topic levels of a bare value: the last is the metric, those before it the child. In
 * `<component>/<object id>/state`, as ESPHome and Home Assistant publish, the object is the metric.
 */
export function namedByLevels(levels: readonly string[]): {
  readonly child: readonly string[];
  readonly metric: string;
} {
  const [component = '', object = '', last] = levels.slice(-3);
  if (last === 'state' && COMPONENT.test(component)) return { child: levels.slice(0, -3), metric: object };
  return { child: levels.slice(0, -1), metric: levels.at(-1) ?? 'value' };
}
