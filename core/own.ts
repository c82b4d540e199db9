// Reads members of records whose names come from devices: a metric may be named `constructor`, which every object inherits.

/** The record's own member of that name; undefined if it has none. */
export const own = <Value>(
  record: Readonly<Record<string, Value>> | undefined,
  name: string,
): Value | undefined => (record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined);
