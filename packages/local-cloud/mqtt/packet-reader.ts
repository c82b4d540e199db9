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

export function createPacketReader(deps: PacketReaderDeps): PacketReader {
  const { stream, hub, principal, isOpen, fail } = deps;
  const frames = createFrameReader(deps.packetBytes, (first) => checkFirstByte(first, deps.version()));
  let isBusy = false;
  let isReading = false;
  let awaitsRelief = false;

  const isHeld = () => {
    if (isBusy || deps.isClientHeld()) return true;
    if (hub.isCongested(principal) && !awaitsRelief) {
      awaitsRelief = true;
      hub.whenRelieved(() => {
        awaitsRelief = false;
        read();
      });
    }
    return awaitsRelief;
  };

  const handle = (frame: Buffer) => {
    const done = deps.handle(frame);
    if (!done) return;
    isBusy = true;
    done.catch(fail).finally(() => {
      isBusy = false;
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

  return { push: (chunk) => frames.push(chunk), read, isBrokerSlow: () => isBusy || awaitsRelief };
}
