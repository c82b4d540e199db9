// Runs one client of the AWS IoT device SDK in its own process, because a test cannot stop its native threads.

import { auth, iot, mqtt, mqtt5 } from 'aws-iot-device-sdk-v2';
import path from 'node:path';
import type { Answer, Call, SdkClient, SdkOptions, Way } from './device-sdk.ts';

type SdkVerbs = Omit<SdkClient, 'received' | 'die'>;
type Connect = (options: SdkOptions, onMessage: (text: string) => void) => Promise<SdkVerbs>;

const send = (answer: Answer) => process.send!(answer);
const region = 'us-east-1';
const provider = () => auth.AwsCredentialsProvider.newStatic('local', 'local');
const decode = (payload: ArrayBuffer) => Buffer.from(payload).toString();
const filesOf = ({ name, folder }: Way & { kind: 'certificate' }) => ({
  certificate: path.join(folder, `${name}.cert.pem`),
  key: path.join(folder, `${name}.key.pem`),
  ca: path.join(folder, 'ca.pem'),
});

function builder311(way: Way) {
  if (way.kind === 'webSocket') {
    return iot.AwsIotMqttConnectionConfigBuilder.new_with_websockets({
      region,
      credentials_provider: provider(),
    });
  }
  const { certificate, key, ca } = filesOf(way);
  return iot.AwsIotMqttConnectionConfigBuilder.new_mtls_builder_from_path(
    certificate,
    key,
  ).with_certificate_authority_from_path(undefined, ca);
}

function config311({ url, way, clientId, keepSession, will }: SdkOptions) {
  const { hostname, port } = new URL(url);
  const builder = builder311(way)
    .with_endpoint(hostname)
    .with_port(Number(port))
    .with_client_id(clientId)
    .with_clean_session(keepSession === undefined)
    .with_keep_alive_seconds(30)
    .with_timeout_ms(10_000);
  if (will) builder.with_will(new mqtt.MqttWill(will.topic, mqtt.QoS.AtLeastOnce, will.payload, false));
  const config = builder.build();
  if (way.kind === 'webSocket') config.tls_ctx = undefined; // the web port of one machine is plain
  return config;
}

const connect311: Connect = async (options, onMessage) => {
  const connection = new mqtt.MqttClient().new_connection(config311(options));
  connection.on('message', (topic, payload) => onMessage(`${topic} ${decode(payload)}`));
  const sessionPresent = await connection.connect();
  return {
    sessionPresent,
    publish: async (topic, payload) => {
      await connection.publish(topic, payload, mqtt.QoS.AtLeastOnce);
    },
    async subscribe(filter) {
      const { error_code } = await connection.subscribe(filter, mqtt.QoS.AtLeastOnce);
      if (error_code) throw new Error(`SUBACK refuses ${filter}`);
    },
    leave: () => connection.disconnect(),
  };
};

function builder5(hostname: string, way: Way) {
  if (way.kind === 'webSocket') {
    return iot.AwsIotMqtt5ClientConfigBuilder.newWebsocketMqttBuilderWithSigv4Auth(hostname, {
      region,
      credentialsProvider: provider(),
    });
  }
  const { certificate, key, ca } = filesOf(way);
  return iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromPath(
    hostname,
    certificate,
    key,
  ).withCertificateAuthorityFromPath(undefined, ca);
}

function config5({ url, way, clientId, keepSession, will }: SdkOptions) {
  const { hostname, port } = new URL(url);
  const config = builder5(hostname, way)
    .withPort(Number(port))
    .withSessionBehavior(
      keepSession === undefined
        ? mqtt5.ClientSessionBehavior.Clean
        : mqtt5.ClientSessionBehavior.RejoinAlways,
    )
    .withConnectProperties({
      clientId,
      keepAliveIntervalSeconds: 30,
      sessionExpiryIntervalSeconds: keepSession ?? 0,
      will: will && { topicName: will.topic, payload: will.payload, qos: mqtt5.QoS.AtLeastOnce },
    })
    .withTopicAliasingOptions({
      outboundBehavior: mqtt5.OutboundTopicAliasBehaviorType.LRU,
      outboundCacheMaxSize: 8,
      inboundBehavior: mqtt5.InboundTopicAliasBehaviorType.Enabled,
      inboundCacheMaxSize: 8,
    })
    .build();
  if (way.kind === 'webSocket') config.tlsCtx = undefined; // the web port of one machine is plain
  return config;
}

const connect5: Connect = async (options, onMessage) => {
  const client = new mqtt5.Mqtt5Client(config5(options));
  client.on('messageReceived', ({ message }) =>
    onMessage(`${message.topicName} ${decode(message.payload as ArrayBuffer)}`),
  );
  const sessionPresent = await new Promise<boolean>((resolve, reject) => {
    client.once('connectionSuccess', ({ connack }) => resolve(connack.sessionPresent));
    client.once('connectionFailure', ({ error }) => reject(error));
    client.start();
  });
  return {
    sessionPresent,
    async publish(topicName, payload) {
      const puback = await client.publish({ topicName, payload, qos: mqtt5.QoS.AtLeastOnce });
      if (puback && !mqtt5.isSuccessfulPubackReasonCode(puback.reasonCode))
        throw new Error(`PUBACK ${puback.reasonCode}`);
    },
    async subscribe(topicFilter) {
      const { reasonCodes } = await client.subscribe({
        subscriptions: [{ topicFilter, qos: mqtt5.QoS.AtLeastOnce }],
      });
      if (!reasonCodes.every(mqtt5.isSuccessfulSubackReasonCode))
        throw new Error(`SUBACK ${reasonCodes.join()}`);
    },
    async leave() {
      const stopped = new Promise((resolve) => client.once('stopped', resolve));
      client.stop({ reasonCode: mqtt5.DisconnectReasonCode.NormalDisconnection });
      await stopped;
    },
  };
};

async function answer(client: SdkVerbs, { id, verb, args }: Call): Promise<void> {
  try {
    await client[verb](...args);
    send({ kind: 'done', id });
  } catch (error) {
    send({ kind: 'done', id, error: String(error) });
  }
}

process.on('disconnect', () => process.exit()); // the test is gone
const options = JSON.parse(process.argv[2]!) as SdkOptions;
try {
  const connect = options.version === 5 ? connect5 : connect311;
  const client = await connect(options, (text) => send({ kind: 'received', text }));
  send({ kind: 'connected', sessionPresent: client.sessionPresent });
  process.on('message', (call: Call) => void answer(client, call));
} catch (error) {
  send({ kind: 'failed', reason: String(error) });
}
