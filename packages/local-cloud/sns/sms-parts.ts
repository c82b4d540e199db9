// How many text messages a text becomes on its way to a phone.
// https://docs.aws.amazon.com/sns/latest/dg/sms_publish-to-phone.html

/** GSM 03.38: the characters that take seven bits, and those that take twice as many. */
const BASIC =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑܧ¿abcdefghijklmnopqrstuvwxyzäöñüà';
const EXTENDED = '\f^{}\\[~]|€';
/** A part has 140 bytes, of which six join it to the others where there are several (3GPP TS 23.040 9.2.3.24.1). */
const ROOM = { gsm: [160, 153], ucs2: [70, 67] } as const;

/** Where a character of two units would be cut, it goes into the next part whole. */
function partsOf(units: readonly number[], [alone, joined]: readonly [number, number]): number {
  if (units.reduce((sum, each) => sum + each, 0) <= alone) return 1;
  let [parts, used] = [1, 0];
  for (const each of units) {
    if (used + each > joined) [parts, used] = [parts + 1, 0];
    used += each;
  }
  return parts;
}

/** @returns characters as a phone counts them, and the messages that they take */
export function smsSize(text: string): { readonly length: number; readonly parts: number } {
  const characters = Array.from(text);
  const isGsm = characters.every((each) => BASIC.includes(each) || EXTENDED.includes(each));
  const units = characters.map((each) => (isGsm ? (EXTENDED.includes(each) ? 2 : 1) : each.length));
  return {
    length: units.reduce((sum, each) => sum + each, 0),
    parts: partsOf(units, isGsm ? ROOM.gsm : ROOM.ucs2),
  };
}
