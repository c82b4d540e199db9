// A site of the fleet view: its devices as tiles, those behind a gateway together.

import type { App } from '../data/app.ts';
import { capital, nameText } from '../model/format.ts';
import type { Lookups, Member } from '../parts/member.ts';
import { Tile } from './tile.tsx';

interface Drawing {
  readonly app: App;
  readonly lookups: Lookups;
  /** The devices that are drawn first, since a window shows them at once. */
  readonly early: ReadonlySet<Member>;
}

/** The gateway that a device is behind, if any. */
const gatewayOf = ({ device }: Member) =>
  device.deviceId.includes(':') ? device.deviceId.split(':')[0]! : undefined;

const Tiles = ({ members, app, lookups, early }: Drawing & { members: readonly Member[] }) => (
  <div class="tiles">
    {members.map((member) => (
      <Tile
        key={member.device.deviceId}
        {...{ app, lookups, device: member.device, state: member.state, isEarly: early.has(member) }}
      />
    ))}
  </div>
);

function Counts({ members, isGuest }: { members: readonly Member[]; isGuest: boolean }) {
  const well = members.filter(({ state }) => state === 'ok').length;
  return (
    <dl>
      <dt>Devices</dt>
      <dd>{members.length}</dd>
      {!isGuest && (
        <>
          <dt>In limits</dt>
          <dd>
            {well} of {members.length}
          </dd>
        </>
      )}
    </dl>
  );
}

export function Site({ name, members, ...drawing }: Drawing & { name: string; members: readonly Member[] }) {
  const byGateway = Map.groupBy(members, gatewayOf);
  const id = `site-${name}`;
  return (
    <section class="site" aria-labelledby={id}>
      <header>
        <h2 id={id}>{name === '' ? 'Without a site' : capital(name)}</h2>
        <Counts members={members} isGuest={drawing.app.session.isGuest()} />
      </header>
      {byGateway.has(undefined) && <Tiles members={byGateway.get(undefined)!} {...drawing} />}
      {[...byGateway].map(
        ([gateway, list]) =>
          gateway !== undefined && (
            <div class="gate" key={gateway}>
              <p>
                <b>{nameText(gateway)}</b>
                <span class="dim">{list.length} behind this gateway</span>
              </p>
              <Tiles members={list} {...drawing} />
            </div>
          ),
      )}
    </section>
  );
}
