// A publish that passed its policy, as the broker hands it to the rules engine and to subscribers.

export interface InboundMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  /** `n/a` where the message did not come over MQTT. */
  readonly clientId: string;
  /** Certificate ID (SHA-256 fingerprint, hex) of an MQTT client; `tidegate` for the cloud itself. */
  readonly principal: string;
  readonly sourceIp: string;
  /** Epoch milliseconds at which the broker took the message. */
  readonly receivedAt: number;
  /** UUID, unique per publish, what `traceid()` gives. */
  readonly traceId: string;
}
