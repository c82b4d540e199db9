// Sends requests over MQTT that are answered on `<topic>/accepted` or `<topic>/rejected`, like AWS IoT's reserved topics.

import { connectAsync, type MqttClient } from 'mqtt';
import { OnboardingError } from './onboarding-error.ts';

export interface Identity {
  readonly clientId: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

export interface Exchange {
  /** @throws OnboardingError with the code and the text of a rejection, or if no answer comes. */
  request(topic: string, payload: object): Promise<Readonly<Record<string, unknown>>>;
  close(): Promise<void>;
}

const ANSWER_MS = 30_000;

/** @param url `mqtts://host:port` @throws OnboardingError if the broker refuses this identity. */
async function connect(url: string, ca: string, { clientId, certificatePem, keyPem }: Identity) {
  try {
    const settings = { ca, cert: certificatePem, key: keyPem, reconnectPeriod: 0, connectTimeout: 20_000 };
    return await connectAsync(url, { clientId, clean: true, protocolVersion: 4, ...settings }, false);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const reason = message || code;
    throw new OnboardingError(`${url} does not accept ${clientId} (${reason}): the broker's log says why`, {
      cause: error,
    });
  }
}

function answerTo(client: MqttClient, topic: string): Promise<Readonly<Record<string, unknown>>> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      clearTimeout(late);
      client.off('message', onMessage);
      client.off('close', onClose);
      settle();
    };
    const fail = (reason: string) => end(() => reject(new OnboardingError(`${topic}: ${reason}`)));
    const late = setTimeout(() => fail(`no answer in ${ANSWER_MS / 1000} s`), ANSWER_MS);
    const onClose = () => fail('the broker closed the connection: the policy may not allow this topic');
    const onMessage = (answered: string, payload: Buffer) => {
      if (answered !== `${topic}/accepted` && answered !== `${topic}/rejected`) return;
      const body = JSON.parse(payload.toString()) as Readonly<Record<string, unknown>>;
      if (answered === `${topic}/accepted`) end(() => resolve(body));
      else fail(`${String(body['errorCode'])}: ${String(body['errorMessage'])}`);
    };
    client.on('message', onMessage);
    client.on('close', onClose);
  });
}

/** @throws OnboardingError if the broker refuses this identity. */
export async function openExchange(url: string, ca: string, identity: Identity): Promise<Exchange> {
  const client = await connect(url, ca, identity);
  client.on('error', () => {}); // it shows as a closed connection
  return {
    async request(topic, payload) {
      const answer = answerTo(client, topic);
      const requested = (async () => {
        await client.subscribeAsync([`${topic}/accepted`, `${topic}/rejected`], { qos: 1 });
        await client.publishAsync(topic, JSON.stringify(payload), { qos: 1 });
        return answer;
      })();
      return Promise.race([requested, answer]);
    },
    close: () => client.endAsync(!client.connected),
  };
}

const ATTEMPT_MS = 500;

/** Connects once as this identity. A new certificate may take a moment on AWS, so it is retried until `ms` are over. */
export async function tryIdentity(url: string, ca: string, identity: Identity, ms: number): Promise<void> {
  const end = Date.now() + ms;
  for (;;) {
    try {
      await (await openExchange(url, ca, identity)).close();
      return;
    } catch (error) {
      if (Date.now() >= end) throw error;
      await new Promise((resolve) => setTimeout(resolve, ATTEMPT_MS));
    }
  }
}
