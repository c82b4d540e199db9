// Which devices may exchange a claim for a certificate of their own: those with a serial number that the factory gives.

/** What the pre-provisioning hook decides on; or why not. */
export type SerialJudgement = { readonly serialNumber: string } | { readonly refused: string };

/** AWS IoT's rule for the names of things: the serial number becomes one. */
const thingName = /^[a-zA-Z0-9:_-]{1,128}$/;

/**
 * @param event what AWS IoT sends the hook; the device chose all of its `parameters`.
 * @param pattern what the whole serial number must match.
 */
export function judgeSerial(event: unknown, pattern: RegExp): SerialJudgement {
  const serialNumber = fieldOf(fieldOf(event, 'parameters'), 'SerialNumber');
  if (typeof serialNumber !== 'string') return { refused: 'parameter SerialNumber is missing' };
  if (!thingName.test(serialNumber)) return { refused: 'the serial number is no name of a thing' };
  if (pattern.exec(serialNumber)?.[0] !== serialNumber) {
    return { refused: 'the serial number does not match the pattern' };
  }
  return { serialNumber };
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}
