// What a topic and a topic filter may look like, and how one matches the other, as IoT Core has it.

const MAX_BYTES = 256;
const MAX_SLASHES = 7;
const BASIC_INGEST = /^\$aws\/rules\/[^/]+(?:\/|$)/;
const SHARED = /^\$share\/([^/+#]+)\/(.+)$/s;

/** True for `$aws/rules/<rule>` and `$aws/rules/<rule>/<topic>`, which go to that rule and to no subscriber. */
export function isBasicIngest(topic: string): boolean {
  return BASIC_INGEST.test(topic);
}

function sizeProblem(text: string, what: string): string | undefined {
  if (text.length === 0) return `an empty ${what}`;
  if (text.includes('\0')) return `a ${what} with the character U+0000 [MQTT-1.5.3-2]`;
  if (Buffer.byteLength(text) > MAX_BYTES) return `a ${what} of more than ${MAX_BYTES} bytes`;
  let slashes = 0;
  for (let at = text.indexOf('/'); at >= 0; at = text.indexOf('/', at + 1)) slashes += 1;
  return slashes > MAX_SLASHES ? `a ${what} with more than ${MAX_SLASHES} slashes` : undefined;
}

/** Why nothing may be published to `topic` with the RETAIN flag, or undefined. */
export function retainProblem(topic: string): string | undefined {
  return topic.startsWith('$') ? 'the RETAIN flag on a reserved topic' : undefined;
}

/**
 * Why nobody may publish to `topic`, or undefined. The Basic Ingest prefix counts for neither limit. Of the reserved
 * topics those can be published to that `isServed` by a part of the cloud.
 */
export function topicProblem(
  topic: string,
  isServed: (topic: string) => boolean = () => false,
): string | undefined {
  if (topic.includes('+') || topic.includes('#')) return 'a wildcard in a topic name [MQTT-3.3.2-2]';
  if (!topic.startsWith('$')) return sizeProblem(topic, 'topic');
  if (!isBasicIngest(topic)) {
    if (isServed(topic)) return sizeProblem(topic, 'topic');
    return 'a reserved topic: nothing takes what is published there';
  }
  const rest = topic.replace(BASIC_INGEST, '');
  return rest === '' ? undefined : sizeProblem(rest, 'topic');
}

export interface Filter {
  /** The group of a shared subscription. */
  readonly group?: string;
  readonly levels: readonly string[];
  readonly hasWildcard: boolean;
}

function parsePlain(filter: string): Filter | string {
  const problem = sizeProblem(filter, 'topic filter');
  if (problem) return problem;
  const levels = filter.split('/');
  const wrong = levels.some((level, i) => {
    if (level === '#') return i !== levels.length - 1;
    return level.length > 1 && (level.includes('#') || level.includes('+'));
  });
  if (wrong) return 'a wildcard that does not fill its level [MQTT-4.7.1-2] [MQTT-4.7.1-3]';
  return { levels, hasWildcard: levels.includes('+') || levels.includes('#') };
}

/** Takes a topic filter apart, `$share/<group>/<filter>` too, or says what is wrong with it. */
export function parseFilter(filter: string): Filter | string {
  if (filter.startsWith('$aws/rules/')) return 'a Basic Ingest topic: it can be published to only';
  if (!filter.startsWith('$share/')) return parsePlain(filter);
  const [, group, rest] = SHARED.exec(filter) ?? [];
  if (group === undefined || rest === undefined) return 'a shared subscription without a group or a filter';
  const plain = parsePlain(rest);
  return typeof plain === 'string' ? plain : { ...plain, group };
}
