// The classic shadow of a thing, over the data plane of AWS IoT.

import {
  ConflictException,
  GetThingShadowCommand,
  InvalidRequestException,
  type IoTDataPlaneClient,
  RequestEntityTooLargeException,
  ResourceNotFoundException,
  UpdateThingShadowCommand,
} from '@aws-sdk/client-iot-data-plane';
import type { Shadow, ShadowState } from '../core/shadow.ts';
import type { ShadowStore } from '../pipeline/device-ports.ts';

interface ShadowDocument {
  readonly state?: Readonly<Partial<Record<'desired' | 'reported' | 'delta', ShadowState>>>;
  readonly version: number;
  /** Epoch seconds. */
  readonly timestamp: number;
}

export function createShadowStore({ client }: { readonly client: IoTDataPlaneClient }): ShadowStore {
  return {
    async read(thingName) {
      try {
        const { payload } = await client.send(new GetThingShadowCommand({ thingName }));
        return shadowOf(JSON.parse(new TextDecoder().decode(payload)) as ShadowDocument);
      } catch (error) {
        if (error instanceof ResourceNotFoundException) return undefined;
        throw error;
      }
    },

    async desire(thingName, { desired, version }) {
      const document = { state: { desired }, ...(version !== undefined && { version }) };
      const payload = new TextEncoder().encode(JSON.stringify(document));
      try {
        await client.send(new UpdateThingShadowCommand({ thingName, payload }));
        return 'changed';
      } catch (error) {
        if (error instanceof ConflictException) return 'conflict';
        if (error instanceof InvalidRequestException || error instanceof RequestEntityTooLargeException)
          return { problem: error.message };
        throw error;
      }
    },
  };
}

const shadowOf = ({ state = {}, version, timestamp }: ShadowDocument): Shadow => ({
  version,
  asOf: timestamp * 1000,
  reported: state.reported ?? {},
  desired: state.desired ?? {},
  delta: state.delta ?? {},
});
