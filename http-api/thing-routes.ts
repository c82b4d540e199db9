// What AWS IoT itself keeps of a device over HTTP: the thing that somebody adds, its certificates, and its shadow.

import * as z from 'zod/mini';
import { seesSite } from '../core/access.ts';
import type { Shadow } from '../core/shadow.ts';
import { matching } from '../core/text-schema.ts';
import { NAME, NAME_RULE, nameProblem, NEW_THING_NAME, NEW_THING_RULE } from '../core/thing-names.ts';
import type { AddDevice } from '../pipeline/add-device.ts';
import type { ShadowStore, ThingRegistry } from '../pipeline/device-ports.ts';
import { deviceId, time } from './fields.ts';
import { ApiProblem, invalid } from './problem.ts';
import { ENTITY_TAG, route, type ApiCaller, type Route } from './route.ts';

const name = matching(NAME, `a name: ${NAME_RULE}`);

const newDevice = z.strictObject({
  // A colon is for sensors behind a gateway.
  name: matching(NEW_THING_NAME, `a name: ${NEW_THING_RULE}`),
  type: z.optional(name),
  site: name.check(z.describe('The level of its topics after `telemetry`; an attribute of the thing')),
  group: z.optional(name.check(z.describe('Its thing group; the site where it is left out'))),
  csr: z
    .string()
    .check(
      z.regex(/^-----BEGIN (NEW )?CERTIFICATE REQUEST-----\s/, 'must be a signing request in PEM'),
      z.maxLength(4096),
      z.describe('PKCS #10 in PEM, for a key of P-256, P-384 or RSA with 2,048 bits at least'),
    ),
});

const certificateId = z.string();

const shadowState = z.record(z.string(), z.unknown());
const shadow = z.strictObject({
  version: z.int().check(z.describe('Grows with each change; 0: there is no shadow yet')),
  asOf: time,
  reported: shadowState.check(z.describe('What the device said last')),
  desired: shadowState.check(z.describe('What it should become')),
  delta: shadowState.check(z.describe('What of `desired` it has not reported')),
});

const NONE = { version: 0, reported: {}, desired: {}, delta: {} };
const tagOf = ({ version }: Pick<Shadow, 'version'>) => `"${version}"`;
const shown = (found: Shadow) => ({ ...found, [ENTITY_TAG]: tagOf(found) });

/** The version that a change is meant for; undefined: any. Throws an ApiProblem for what is no tag of a shadow. */
function versionIn(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined;
  const [, version] = /^\s*"(\d{1,15})"\s*$/.exec(ifMatch) ?? [];
  if (version !== undefined) return Number(version);
  throw new ApiProblem(412, `If-Match is ${ifMatch}, and the tag of a shadow is its version, such as "18"`);
}

/** A group has a time zone and rules of its own, so that of a site is for who sees it. */
function requireOwnSite(site: string, group: string, caller: Pick<ApiCaller, 'sites'>): void {
  const { sites } = caller;
  if (sites === undefined) return;
  if (!seesSite(caller, site))
    throw new ApiProblem(403, `You add devices of your sites, ${sites.join(', ')}, and not of ${site}`);
  if (group.toLowerCase() !== site.toLowerCase())
    throw new ApiProblem(
      403,
      `You add devices of your sites to the group of the site: leave out \`group\`, or ask somebody who sees all sites to put ${group} there`,
    );
}

export function thingRoutes(parts: {
  readonly add: AddDevice;
  readonly things: Pick<ThingRegistry, 'certificatesOf' | 'exists'>;
  readonly shadows: ShadowStore;
  /** How many devices may be added within an hour. */
  readonly perHour: number;
  readonly now: () => number;
}): Route[] {
  const { add, things, shadows, perHour, now } = parts;

  const noThing = (thingName: string) =>
    new ApiProblem(
      404,
      `There is no thing ${thingName}: a sensor behind a gateway has none, and no certificate or shadow`,
    );

  async function read(thingName: string): Promise<Shadow> {
    if (nameProblem(thingName) !== undefined) throw noThing(thingName);
    return (await shadows.read(thingName)) ?? { ...NONE, asOf: now() };
  }

  return [
    route({
      method: 'POST',
      path: '/devices',
      summary:
        'Adds a device: a thing with type, group and site, and a certificate for the key that you keep; the same request again gives the same certificate',
      params: {},
      query: {},
      body: newDevice,
      answer: z.strictObject({
        name: z.string(),
        certificateId,
        certificatePem: z.string(),
        topic: z.string().check(z.describe('On which it publishes')),
      }),
      async run({ body: { site, group = site, ...device }, caller }) {
        const { name } = device;
        const { sites } = caller;
        requireOwnSite(site, group, caller);
        const added = await add({ ...device, group, attributes: { site }, sites });
        if (added.outcome === 'elsewhere')
          throw new ApiProblem(
            409,
            `There is a device ${name} already, and it is not of your sites, ${sites?.join(', ')}: choose another name`,
          );
        if (added.outcome === 'taken')
          throw new ApiProblem(
            409,
            `There is a device ${name} already, with certificate ${added.certificateId.slice(0, 12)}: choose another name, or give it a new certificate with npm run device -- rotate ${name}`,
          );
        if (added.outcome === 'full')
          throw new ApiProblem(
            429,
            `${perHour} devices were added in this hour already: wait for the next one, or raise RegistrationsPerHour`,
          );
        if (added.outcome === 'refused') {
          if (added.part === 'thing') throw new ApiProblem(409, added.problem);
          throw invalid({ in: 'body', name: 'csr', detail: `is refused by AWS IoT: ${added.problem}` });
        }
        const { certificateId, certificatePem } = added.certificate;
        return { name, certificateId, certificatePem, topic: `telemetry/${site}/${name}` };
      },
    }),
    route({
      method: 'GET',
      path: '/devices/{deviceId}/certificates',
      summary:
        'Certificates of a device, the newest first: since when, until when, and whether it may use them',
      params: { deviceId },
      query: {},
      answer: z.strictObject({
        certificates: z.array(
          z.strictObject({
            certificateId,
            status: z.string().check(z.describe('ACTIVE, INACTIVE or REVOKED, and others of AWS IoT')),
            createdAt: time,
            expiresAt: time,
          }),
        ),
      }),
      async run({ params }) {
        const isName = nameProblem(params.deviceId) === undefined;
        const found = isName ? await things.certificatesOf(params.deviceId) : undefined;
        if (!found) throw noThing(params.deviceId);
        const certificates = found.map(({ certificateId, status, createdAt, expiresAt }) => ({
          ...{ certificateId, status, createdAt, expiresAt },
        }));
        return { certificates: certificates.sort((a, b) => b.createdAt - a.createdAt) };
      },
    }),
    route({
      method: 'GET',
      path: '/devices/{deviceId}/shadow',
      summary: 'The classic shadow of a device: what it reported, what is desired, and what differs',
      params: { deviceId },
      query: {},
      answer: shadow,
      isTagged: true,
      async run({ params }) {
        return shown(await read(params.deviceId));
      },
    }),
    route({
      method: 'PATCH',
      path: '/devices/{deviceId}/shadow',
      summary:
        'Changes what is desired of a device by a JSON merge patch (RFC 7396): null removes a member; the device hears of it at once',
      params: { deviceId },
      query: {},
      body: z.strictObject({ desired: shadowState }),
      answer: shadow,
      isTagged: true,
      async run({ params: { deviceId: thingName }, body: { desired }, ifMatch }) {
        const version = versionIn(ifMatch);
        if (Object.keys(desired).length === 0)
          throw invalid({ in: 'body', name: 'desired', detail: 'must have a member to change' });
        // AWS IoT would make a shadow of any name.
        if (nameProblem(thingName) !== undefined || !(await things.exists(thingName)))
          throw noThing(thingName);
        const outcome = await shadows.desire(thingName, { desired, version: version || undefined });
        if (outcome === 'conflict') {
          const { version: newest } = await read(thingName);
          const detail = `The shadow of ${thingName} is at version ${newest} by now, and the change is for version ${version}: look at it, then change it again`;
          throw new ApiProblem(412, detail);
        }
        if (outcome !== 'changed')
          throw invalid({ in: 'body', name: 'desired', detail: `is refused by AWS IoT: ${outcome.problem}` });
        return shown(await read(thingName));
      },
    }),
  ];
}
