// A device that somebody adds: what is wrong with its fields while they are typed, and the lines to paste for it.

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

/** `sites`: the only ones that who adds it sees. Sentences by field; a field that is empty has none yet, unless it may be left empty. */
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
  known.some(({ deviceId }) => deviceId === name)
    ? 'is that of a device that is here already: choose another one'
    : undefined;

const foreignProblem = (site: string, sites: readonly string[] | undefined) =>
  sites && !sites.includes(site)
    ? `is not one of yours, ${sites.join(', ')}: devices of other sites are added by who sees them`
    : undefined;

/** Whether all that must be there is there. */
export const isWhole = ({ name, site }: NewDevice) => name !== '' && site !== '';

/** The group of the site's other devices that is called as the site, but for capitals; else the site itself. */
export function groupOf(site: string, devices: readonly Device[]): string {
  const groups = devices.filter((device) => device.site === site).flatMap(({ groups = [] }) => groups);
  return groups.find((group) => group.toLowerCase() === site.toLowerCase()) ?? site;
}

export const filesOf = (name: string) =>
  ({ ca: 'ca.pem', cert: `${name}.cert.pem`, key: `${name}.key.pem` }) as const;

export const topicOf = ({ name, site }: Pick<NewDevice, 'name' | 'site'>) => `telemetry/${site}/${name}`;

/** PEM of what a device needs beside its name. */
export interface Secrets {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface Recipe {
  readonly id: 'mosquitto' | 'esp32' | 'zigbee2mqtt';
  readonly label: string;
  /** What to do with the lines. */
  readonly says: string;
  readonly lines: (device: NewDevice, broker: BrokerConfig, secrets: Secrets) => string;
}

const raw = (pem: string) => `R"(${pem.trim()})"`;

export const RECIPES: readonly Recipe[] = [
  {
    id: 'mosquitto',
    label: 'mosquitto',
    says: 'Run this in the folder of the three files. It sends one reading.',
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
    says: 'The settings at the top of the sketch in docs/devices.md (ESP32 with Arduino). What you copy has the certificates and the key whole.',
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
    says: 'For configuration.yaml, with the three files in /opt/zigbee2mqtt/certs. Zigbee2MQTT subscribes to its own topics, which the device policy does not allow: give it the right first, or use a mosquitto bridge (docs/devices.md has both).',
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

/** What is shown in the place of a PEM, so that the lines can be read and the key is on no screen. */
export const shownSecrets = (name: string): Secrets => {
  const { ca, cert, key } = filesOf(name);
  return { ca: `... ${ca} ...`, cert: `... ${cert} ...`, key: `... ${key} ...` };
};
