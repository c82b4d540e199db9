// Topic filters and payloads as the console shows them.

/** Whether a topic matches a filter [MQTT-4.7]: `+` is one level, `#` all that follow, `$` topics no leading wildcard. */
export function matchesFilter(filter: string, topic: string): boolean {
  const wanted = filter.split('/');
  const levels = topic.split('/');
  if (topic.startsWith('$') && /^[+#]/.test(filter)) return false;
  for (const [index, level] of wanted.entries()) {
    if (level === '#') return true;
    if (index >= levels.length || (level !== '+' && level !== levels[index])) return false;
  }
  return wanted.length === levels.length;
}

/** What is wrong with a filter, as a sentence. */
export function filterProblem(filter: string): string | undefined {
  if (filter === '') return 'Write a topic filter, such as telemetry/#.';
  if (filter.includes(' ')) return 'A filter here has no spaces.';
  const levels = filter.split('/');
  if (levels.some((level, index) => level.includes('#') && (level !== '#' || index < levels.length - 1)))
    return '# stands alone at the end.';
  if (levels.some((level) => level.includes('+') && level !== '+')) return '+ stands alone between slashes.';
  return levels.length > 8 ? 'AWS IoT takes at most seven slashes.' : undefined;
}

/** JSON with room between its parts; text as it is; of other bytes the number and the first of them. */
export function prettyPayload(bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const start = Array.from(bytes.subarray(0, 32), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    return `${bytes.length} bytes: ${start}${bytes.length > 32 ? ' …' : ''}`;
  }
  try {
    return JSON.stringify(JSON.parse(text), undefined, 1).replaceAll(/\n\s*/g, ' ');
  } catch {
    return text;
  }
}

/** Who sees some sites only may not subscribe to all: `telemetry/#` is one filter for each of them. */
export const scoped = (filter: string, sites: readonly string[] | undefined): string[] =>
  sites && filter === 'telemetry/#' ? sites.map((site) => `telemetry/${site}/#`) : [filter];
