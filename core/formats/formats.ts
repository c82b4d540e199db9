// All formats in the order in which they are tried: envelopes first, because they may hold any other, and the general one last.

import {
  below,
  isObject,
  isObjects,
  type Json,
  type Draft,
  type Format,
  type Path,
  type Surroundings,
} from './draft.ts';
import { airGradient } from './airgradient.ts';
import { domoticz } from './domoticz.ts';
import { espeasy } from './espeasy.ts';
import { homeAssistant } from './home-assistant.ts';
import { meshtastic } from './meshtastic.ts';
import { nodeRed } from './node-red.ts';
import { owntracks } from './owntracks.ts';
import { rtl433 } from './rtl433.ts';
import { ruuviStation } from './ruuvi-station.ts';
import { ruuvi } from './ruuvi.ts';
import { sensorCommunity } from './sensor-community.ts';
import { shellyGen1 } from './shelly-gen1.ts';
import { shelly } from './shelly.ts';
import { tasmotaZigbee } from './tasmota-zigbee.ts';
import { tasmota } from './tasmota.ts';
import { theengs } from './theengs.ts';
import { zigbee2mqtt } from './zigbee2mqtt.ts';
import { aveva } from './aveva.ts';
import { awsLorawan } from './aws-lorawan.ts';
import { campbell } from './campbell.ts';
import { chirpstack } from './chirpstack.ts';
import { cloudEvents } from './cloudevents.ts';
import { cognite } from './cognite.ts';
import { readGeneral, timesOf } from './general.ts';
import { helium } from './helium.ts';
import { kepware } from './kepware.ts';
import { lineProtocol } from './line-protocol.ts';
import { losant } from './losant.ts';
import { milesightGateway, milesightHistory } from './milesight.ts';
import { neuron } from './neuron.ts';
import { ngsi } from './ngsi.ts';
import { notehub } from './notehub.ts';
import { particle } from './particle.ts';
import { senml } from './senml.ts';
import { sensorThings } from './sensorthings.ts';
import { shadow } from './shadow.ts';
import { siemens } from './siemens.ts';
import { sitewise } from './sitewise.ts';
import { sparkplug } from './sparkplug.ts';
import { telegraf } from './telegraf.ts';
import { teltonikaModbus, teltonikaTracker } from './teltonika.ts';
import { theThingsStack } from './the-things-stack.ts';
import { thingsboard, thingsboardGateway } from './thingsboard.ts';
import { ubidots } from './ubidots.ts';
import { wago } from './wago.ts';
import { weintek } from './weintek.ts';
import { wise } from './wise.ts';

const FORMATS: readonly Format[] = [
  // Envelopes.
  nodeRed,
  homeAssistant,
  meshtastic,
  ruuvi,
  ruuviStation,
  theThingsStack,
  chirpstack,
  awsLorawan,
  helium,
  cloudEvents,
  sparkplug,
  teltonikaTracker,
  shadow,
  particle,
  notehub,
  campbell,
  // Devices or measurements by name.
  tasmota,
  tasmotaZigbee,
  shelly,
  shellyGen1,
  airGradient,
  thingsboardGateway,
  ngsi,
  telegraf,
  neuron,
  ubidots,
  // Arrays.
  sensorCommunity,
  espeasy,
  senml,
  sitewise,
  kepware,
  siemens,
  cognite,
  wago,
  weintek,
  sensorThings,
  milesightHistory,
  // Flat.
  zigbee2mqtt,
  theengs,
  rtl433,
  owntracks,
  domoticz,
  thingsboard,
  milesightGateway,
  wise,
  aveva,
  teltonikaModbus,
  lineProtocol,
  losant,
];

/** Messages in these formats have no `timestamp` of their own: if there is one, somebody added it for Tidegate. */
const KEEPS_TIME = new Set(
  'tasmota tasmota-zigbee shelly shelly-gen1 airgradient owntracks sensor-community espeasy'.split(' '),
);

/** Maximum depth of envelopes in envelopes; deeper ones are not opened. */
const MAX_ENVELOPES = 4;

export interface Recognised {
  /** Such as `tasmota`, or `general`. */
  readonly format: string;
  readonly drafts: readonly Draft[];
}

/**
 * The readings of a payload (JSON, or text that is not JSON), by the first format that recognises its shape. `levels`: topic
 * levels below the device's. Undefined if it is neither an object nor an array of objects.
 */
export function readAnyFormat(
  payload: unknown,
  levels: readonly string[],
  depth = 0,
): Recognised | undefined {
  const readInner = (inner: unknown, path: Path): readonly Draft[] =>
    depth === MAX_ENVELOPES
      ? []
      : (readAnyFormat(inner, [], depth + 1)?.drafts ?? []).map((draft) => below(draft, path));
  const surroundings: Surroundings = { levels, readInner };
  for (const { name, read } of FORMATS) {
    const drafts = read(payload, surroundings);
    if (drafts)
      return { format: name, drafts: KEEPS_TIME.has(name) ? withTimestamp(drafts, payload) : drafts };
  }
  const items = isObjects(payload) ? readItems(payload, levels, depth + 1) : undefined;
  if (items) return items;
  const drafts = readGeneral(payload);
  return drafts && { format: 'general', drafts };
}

/** An array, or lines, of messages in a format for single messages. */
function readItems(items: readonly Json[], levels: readonly string[], depth: number): Recognised | undefined {
  const found = items.map((item) => readAnyFormat(item, levels, depth));
  const format = found.find((item) => item !== undefined && item.format !== 'general')?.format;
  if (format === undefined) return undefined;
  const drafts = found.flatMap((item, index) =>
    (item?.drafts ?? []).map((draft) => below(draft, [String(index)])),
  );
  return { format, drafts };
}

/** The readings with the payload's `timestamp` as their time, as in the general format. */
function withTimestamp(drafts: readonly Draft[], payload: unknown): readonly Draft[] {
  const own = isObject(payload) ? timesOf(payload, []).filter(({ isStrict }) => isStrict) : [];
  if (own.length === 0) return drafts;
  return drafts.map((draft) => ({
    ...draft,
    times: [...own, ...draft.times.filter(({ path }) => !isTimestamp(path))],
    values: draft.values.filter(({ path }) => !isTimestamp(path)),
  }));
}

const isTimestamp = (path: Path) => path.length === 1 && path[0] === 'timestamp';
