// Matches topic filters and formats payloads for the console.

/**
 * Whether a topic matches a filter [MQTT-4.7]. `+` matches one level, `#` all following levels; a leading wildcard does
 * not match `$` topics.
 */
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

/** Why a filter is invalid, as a sentence. */
export function filterProblem(filter: string): string | undefined {
  if (filter === '') return 'Enter a topic filter, such as telemetry/#.';
  if (filter.includes(' ')) return 'Filters with spaces are not supported here.';
  const levels = filter.split('/');
  if (levels.some((level, index) => level.includes('#') && (level !== '#' || index < levels.length - 1)))
    return '# must be the whole last level.';
  if (levels.some((level) => level.includes('+') && level !== '+')) return '+ must be a whole level.';
  return levels.length > 8 ? 'AWS IoT allows at most seven slashes.' : undefined;
}

/** Formats a payload: JSON with spaces, other text unchanged, binary data as its length and first bytes. */
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

/** Users restricted to some sites may not subscribe to all: for them `telemetry/#` becomes one filter for each site. */
export const scoped = (filter: string, sites: readonly string[] | undefined): string[] =>
  sites && filter === 'telemetry/#' ? sites.map((site) => `telemetry/${site}/#`) : [filter];
