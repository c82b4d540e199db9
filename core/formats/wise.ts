// Advantech's WISE-4000 and ADAM-6000 input and output modules.
//
// @see https://manualshive.com/manual/advantech/wise-4470-series/2856482?page=56

import { isObject, type Format } from './draft.ts';
import { timeIn } from './samples.ts';

const CHANNEL = /^(?:ai|di|do)\d+$/;
/** The other members are states and counters of channels. */
const MEMBER = /^(?:[stqc]|[a-z]{2}(?:_[a-z]+)?\d+)$/;
const OPC_GOOD = 192;
/** Sent for a disabled channel. */
const DISABLED = 9999.9999;

/** `s`, `t`, `q` and `c` with a channel such as `ai1` or `di1`. `t` is 0 until the clock is set; `ai_st1` 0 means disabled. */
export const wise: Format = {
  name: 'wise-4000',
  read(payload) {
    if (!isObject(payload) || !['s', 't', 'q', 'c'].every((name) => payload[name] !== undefined))
      return undefined;
    if (!Object.keys(payload).every((name) => MEMBER.test(name))) return undefined;
    const channels = Object.keys(payload).filter((name) => CHANNEL.test(name));
    if (channels.length === 0) return undefined;
    const isBad = typeof payload['q'] === 'number' && payload['q'] < OPC_GOOD;
    const values = channels.map((name) => {
      const value = payload[name];
      const isOff =
        isBad || value === DISABLED || (name.startsWith('ai') && payload[name.replace('ai', 'ai_st')] === 0);
      return { path: [name], name: [name], value: isOff ? null : value };
    });
    return [{ times: timeIn(payload, 't', []), values }];
  },
};
