// Adding a device: validates the form's fields, and builds the configuration to paste.

import { nameProblem, thingNameProblem } from '../../core/thing-names.ts';
import type { Device } from './api-types.ts';
import type { BrokerConfig } from './config.ts';

export interface NewDevice {
  readonly name: string;
  readonly type: string;
  readonly site: string;
}

export type Field = keyof NewDevice;

const STARTS: Readonly<Record<Field, string>> = {
  name: 'The name',
  type: 'The type',
  site: 'The site',
};

/**
 * The problems by field, as sentences. Empty fields have no problem yet.
 *
 * @param sites the sites that the user may see; undefined for all
 */
export function problemsOf(
  { name, type, site }: NewDevice,
  known: readonly Pick<Device, 'deviceId'>[],
  sites?: readonly string[],
): Partial<Record<Field, string>> {
  const found: Readonly<Record<Field, string | undefined>> = {
    name: name === '' ? undefined : (thingNameProblem(name) ?? takenProblem(name, known)),
    type: type === '' ? undefined : nameProblem(type),
    site: site === '' ? undefined : (nameProblem(site) ?? foreignProblem(site, sites)),
  };
  return Object.fromEntries(
    Object.entries(found).flatMap(([field, problem]) =>
      problem === undefined ? [] : [[field, `${STARTS[field as Field]} ${problem}`]],
    ),
  );
}

const takenProblem = (name: string, known: readonly Pick<Device, 'deviceId'>[]) =>
  known.some(({ deviceId }) => deviceId === name) ? 'is already in use: choose another one' : undefined;

const foreignProblem = (site: string, sites: readonly string[] | undefined) =>
  sites && !sites.includes(site)
    ? `is not one of your sites (${sites.join(', ')}): ask a user who can see it`
    : undefined;

/** Whether all required fields are filled in. */
export const isWhole = ({ name, site }: NewDevice) => name !== '' && site !== '';

/** A group of the site's devices whose name is that of the site, ignoring case; otherwise the site's name. */
export function groupOf(site: string, devices: readonly Device[]): string {
  const groups = devices.filter((device) => device.site === site).flatMap(({ groups = [] }) => groups);
  return groups.find((group) => group.toLowerCase() === site.toLowerCase()) ?? site;
}

export const filesOf = (name: string) =>
  ({ ca: 'ca.pem', cert: `${name}.cert.pem`, key: `${name}.key.pem` }) as const;

export const topicOf = ({ name, site }: Pick<NewDevice, 'name' | 'site'>) => `telemetry/${site}/${name}`;

/** The PEM files of a device. */
export interface Secrets {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface Recipe {
  readonly id: 'mosquitto' | 'esp32' | 'zigbee2mqtt';
  readonly label: string;
  /** How to use the lines. */
  readonly says: string;
  readonly lines: (device: NewDevice, broker: BrokerConfig, secrets: Secrets) => string;
}

const raw = (pem: string) => `R"(${pem.trim()})"`;

export const RECIPES: readonly Recipe[] = [
  {
    id: 'mosquitto',
    label: 'mosquitto',
    says: 'Run this in the folder with the three files. It sends one reading.',
    lines(device, { host, port }) {
      const { ca, cert, key } = filesOf(device.name);
      return [
        `mosquitto_pub -h ${host} -p ${port} -q 1 \\`,
        `  --cafile ${ca} --cert ${cert} --key ${key} \\`,
        `  -i ${device.name} -t ${topicOf(device)} \\`,
        `  -m '{"temperature": 4.2, "humidity": 51}'`,
      ].join('\n');
    },
  },
  {
    id: 'esp32',
    label: 'ESP32',
    says: 'The settings at the top of the sketch in docs/devices.md (ESP32 with Arduino). The copied text has the full certificates and the key.',
    lines: (device, { host, port }, { ca, cert, key }) =>
      [
        `const char *HOST = "${host}";`,
        `const int PORT = ${port};`,
        `const char *THING = "${device.name}", *TOPIC = "${topicOf(device)}";`,
        '',
        `const char CA[] = ${raw(ca)};`,
        `const char CERT[] = ${raw(cert)};`,
        `const char KEY[] = ${raw(key)};`,
      ].join('\n'),
  },
  {
    id: 'zigbee2mqtt',
    label: 'Zigbee2MQTT',
    says: 'For configuration.yaml, with the three files in /opt/zigbee2mqtt/certs. Zigbee2MQTT subscribes to its own topics, which the device policy does not allow: grant that first, or use a mosquitto bridge (docs/devices.md describes both).',
    lines(device, { host, port }) {
      const folder = '/opt/zigbee2mqtt/certs';
      const { ca, cert, key } = filesOf(device.name);
      return [
        'mqtt:',
        `  base_topic: ${topicOf(device)}`,
        `  server: mqtts://${host.includes(':') ? `[${host}]` : host}:${port}`,
        `  client_id: ${device.name}`,
        `  ca: ${folder}/${ca}`,
        `  cert: ${folder}/${cert}`,
        `  key: ${folder}/${key}`,
        '  force_disable_retain: true',
        'advanced:',
        '  last_seen: ISO_8601',
      ].join('\n');
    },
  },
];

/** Placeholders shown instead of the PEM texts, so that the lines stay readable and the key is not displayed. */
export const shownSecrets = (name: string): Secrets => {
  const { ca, cert, key } = filesOf(name);
  return { ca: `... ${ca} ...`, cert: `... ${cert} ...`, key: `... ${key} ...` };
};
