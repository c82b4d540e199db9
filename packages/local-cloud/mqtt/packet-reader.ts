// Reads a client's packets no faster than they can be handled: the socket waits meanwhile.

import type { Duplex } from 'node:stream';
import type { Hub } from './hub.ts';
import { createFrameReader } from './frames.ts';
import { checkFirstByte, type Version } from './shape.ts';

export interface PacketReader {
  push(chunk: Buffer): void;
  /** Handles what has been received until something holds it. */
  read(): void;
  /** True while it is the broker that does not read, so that silence is not the client's fault. */
  isBrokerSlow(): boolean;
}

export interface PacketReaderDeps {
  readonly stream: Duplex;
  readonly packetBytes: number;
  readonly principal: string;
  readonly hub: Pick<Hub, 'isCongested' | 'whenRelieved'>;
  readonly version: () => Version | undefined;
  readonly isOpen: () => boolean;
  /** True while the client has to wait for a reason of its own: its rate, its socket or its unacknowledged messages. */
  readonly isClientHeld: () => boolean;
  /** The next packet waits while the promise is pending. */
  readonly handle: (frame: Buffer) => void | Promise<void>;
  readonly fail: (error: unknown) => void;
}

/** Why the broker does not read. */
interface Hold {
  /** A packet is being handled. */
  isBusy: boolean;
  /** The hub has too much of this client's. */
  awaitsRelief: boolean;
}

/** @returns a function that says whether the next packet has to wait; `read` is called when the hub has room again */
function createIsHeld({ hub, principal, isClientHeld }: PacketReaderDeps, hold: Hold, read: () => void) {
  return (): boolean => {
    if (hold.isBusy || isClientHeld()) return true;
    if (hub.isCongested(principal) && !hold.awaitsRelief) {
      hold.awaitsRelief = true;
      hub.whenRelieved(() => {
        hold.awaitsRelief = false;
        read();
      });
    }
    return hold.awaitsRelief;
  };
}

export function createPacketReader(deps: PacketReaderDeps): PacketReader {
  const { stream, isOpen, fail } = deps;
  const frames = createFrameReader(deps.packetBytes, (first) => checkFirstByte(first, deps.version()));
  const hold: Hold = { isBusy: false, awaitsRelief: false };
  let isReading = false;

  const handle = (frame: Buffer) => {
    const done = deps.handle(frame);
    if (!done) return;
    hold.isBusy = true;
    done.catch(fail).finally(() => {
      hold.isBusy = false;
      read();
    });
  };

  const read = () => {
    if (isReading || !isOpen()) return;
    isReading = true;
    try {
      while (isOpen() && !isHeld()) {
        const frame = frames.next();
        if (!frame) break;
        handle(frame);
      }
    } catch (error) {
      fail(error);
    }
    isReading = false;
    if (isOpen() && isHeld()) stream.pause();
    else stream.resume();
  };

  const isHeld = createIsHeld(deps, hold, read);
  return {
    push: (chunk) => frames.push(chunk),
    read,
    isBrokerSlow: () => hold.isBusy || hold.awaitsRelief,
  };
}
