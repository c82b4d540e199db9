// Routes for AWS IoT's own data of a device: adding its thing, its certificates, and its shadow.

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
  // Colons are reserved for sensors behind a gateway.
  name: matching(NEW_THING_NAME, `a name: ${NEW_THING_RULE}`),
  type: z.optional(name),
  site: name.check(z.describe('The level after `telemetry` in its topics, and an attribute of the thing')),
  group: z.optional(name.check(z.describe('Its thing group; by default the site'))),
  csr: z
    .string()
    .check(
      z.regex(/^-----BEGIN (NEW )?CERTIFICATE REQUEST-----\s/, 'must be a signing request in PEM'),
      z.maxLength(4096),
      z.describe('PKCS #10 in PEM, for a P-256, P-384 or RSA key of at least 2,048 bits'),
    ),
});

const certificateId = z.string();

const shadowState = z.record(z.string(), z.unknown());
const shadow = z.strictObject({
  version: z.int().check(z.describe('Increases with each change; 0: there is no shadow yet')),
  asOf: time,
  reported: shadowState.check(z.describe('The state that the device reported last')),
  desired: shadowState.check(z.describe('The desired state')),
  delta: shadowState.check(z.describe('The part of `desired` that it has not reported')),
});

const NONE = { version: 0, reported: {}, desired: {}, delta: {} };
const tagOf = ({ version }: Pick<Shadow, 'version'>) => `"${version}"`;
const shown = (found: Shadow) => ({ ...found, [ENTITY_TAG]: tagOf(found) });

/** The version that a change is based on; undefined: any. Throws an ApiProblem if the header is not a shadow's tag. */
function versionIn(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined;
  const [, version] = /^\s*"(\d{1,15})"\s*$/.exec(ifMatch) ?? [];
  if (version !== undefined) return Number(version);
  throw new ApiProblem(412, `If-Match is ${ifMatch}, but the tag of a shadow is its version, such as "18"`);
}

/** A group has its own time zone and rules, so a site's group is only for callers who see the site. */
function requireOwnSite(site: string, group: string, caller: Pick<ApiCaller, 'sites'>): void {
  const { sites } = caller;
  if (sites === undefined) return;
  if (!seesSite(caller, site))
    throw new ApiProblem(403, `You can add devices only to your sites, ${sites.join(', ')}, not to ${site}`);
  if (group.toLowerCase() !== site.toLowerCase())
    throw new ApiProblem(
      403,
      `You can add devices only to the group of their site: leave out \`group\`, or ask someone who sees all sites to use ${group}`,
    );
}

interface ThingParts {
  readonly add: AddDevice;
  readonly things: Pick<ThingRegistry, 'certificatesOf' | 'exists'>;
  readonly shadows: ShadowStore;
  /** Most devices that can be added in an hour. */
  readonly perHour: number;
  readonly now: () => number;
}

interface NameAndLimits extends Pick<ThingParts, 'perHour'>, Pick<ApiCaller, 'sites'> {
  readonly name: string;
}

const noThing = (thingName: string) =>
  new ApiProblem(
    404,
    `There is no thing ${thingName}. A sensor behind a gateway has no thing, certificate or shadow`,
  );

/** Reads the shadow of a thing; a thing without one has version 0. */
function createRead({ shadows, now }: Pick<ThingParts, 'shadows' | 'now'>) {
  return async function read(thingName: string): Promise<Shadow> {
    if (nameProblem(thingName) !== undefined) throw noThing(thingName);
    return (await shadows.read(thingName)) ?? { ...NONE, asOf: now() };
  };
}

/** Why the device was not added. */
function problemOf(
  added: Exclude<Awaited<ReturnType<AddDevice>>, { readonly outcome: 'added' }>,
  { name: given, sites, perHour }: NameAndLimits,
): ApiProblem {
  if (added.outcome === 'elsewhere')
    return new ApiProblem(
      409,
      `A device ${given} exists already outside your sites, ${sites?.join(', ')}: choose another name`,
    );
  if (added.outcome === 'taken')
    return new ApiProblem(
      409,
      `A device ${given} exists already, with certificate ${added.certificateId.slice(0, 12)}: choose another name, or give it a new certificate with npm run device -- rotate ${given}`,
    );
  if (added.outcome === 'full')
    return new ApiProblem(
      429,
      `${perHour} devices were added in this hour, which is the limit: wait for the next hour, or raise RegistrationsPerHour`,
    );
  if (added.part === 'thing') return new ApiProblem(409, added.problem);
  return invalid({ in: 'body', name: 'csr', detail: `is refused by AWS IoT: ${added.problem}` });
}

function addRoute({ add, perHour }: Pick<ThingParts, 'add' | 'perHour'>): Route {
  return route({
    method: 'POST',
    path: '/devices',
    summary:
      'Adds a device: a thing with type, group and site, and a certificate for your key. Repeating the request gives the same certificate',
    params: {},
    query: {},
    body: newDevice,
    answer: z.strictObject({
      name: z.string(),
      certificateId,
      certificatePem: z.string(),
      topic: z.string().check(z.describe('The topic on which it publishes')),
    }),
    async run({ body: { site, group = site, ...device }, caller }) {
      const { name } = device;
      const { sites } = caller;
      requireOwnSite(site, group, caller);
      const added = await add({ ...device, group, attributes: { site }, sites });
      if (added.outcome !== 'added') throw problemOf(added, { name, sites, perHour });
      const { certificateId, certificatePem } = added.certificate;
      return { name, certificateId, certificatePem, topic: `telemetry/${site}/${name}` };
    },
  });
}

function certificatesRoute({ things }: Pick<ThingParts, 'things'>): Route {
  return route({
    method: 'GET',
    path: '/devices/{deviceId}/certificates',
    summary: 'Certificates of a device, newest first, with their dates and status',
    params: { deviceId },
    query: {},
    answer: z.strictObject({
      certificates: z.array(
        z.strictObject({
          certificateId,
          status: z.string().check(z.describe('ACTIVE, INACTIVE, REVOKED or another status of AWS IoT')),
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
  });
}

function shadowRoute(parts: ThingParts): Route {
  const read = createRead(parts);
  return route({
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
  });
}

function desireRoute(parts: ThingParts): Route {
  const { things, shadows } = parts;
  const read = createRead(parts);
  return route({
    method: 'PATCH',
    path: '/devices/{deviceId}/shadow',
    summary:
      'Changes the desired state of a device with a JSON merge patch (RFC 7396): null removes a member. The device is notified at once',
    params: { deviceId },
    query: {},
    body: z.strictObject({ desired: shadowState }),
    answer: shadow,
    isTagged: true,
    async run({ params: { deviceId: thingName }, body: { desired }, ifMatch }) {
      const version = versionIn(ifMatch);
      if (Object.keys(desired).length === 0)
        throw invalid({ in: 'body', name: 'desired', detail: 'must have a member to change' });
      // AWS IoT would create a shadow for any name.
      if (nameProblem(thingName) !== undefined || !(await things.exists(thingName))) throw noThing(thingName);
      const outcome = await shadows.desire(thingName, { desired, version: version || undefined });
      if (outcome === 'conflict') {
        const { version: newest } = await read(thingName);
        const detail = `The shadow of ${thingName} is now at version ${newest}, and the change is based on version ${version}: read it again, then change it`;
        throw new ApiProblem(412, detail);
      }
      if (outcome !== 'changed')
        throw invalid({ in: 'body', name: 'desired', detail: `is refused by AWS IoT: ${outcome.problem}` });
      return shown(await read(thingName));
    },
  });
}

export const thingRoutes = (parts: ThingParts): Route[] => [
  addRoute(parts),
  certificatesRoute(parts),
  shadowRoute(parts),
  desireRoute(parts),
];
