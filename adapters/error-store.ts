// Stores rejections with their reasons, the originals and the whole message, so that they can be replayed.

import { createHash } from 'node:crypto';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { ParsedMessage } from '../core/message.ts';
import type { KeepRejected } from '../pipeline/ports.ts';
import { jsonText } from './json-text.ts';
import { archiveFolderOf } from './last-messages.ts';

const PLAIN_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;

const MAX_FOLDER_LENGTH = 384;

export function createErrorStore(options: {
  readonly client: S3Client;
  readonly bucket: string;
}): KeepRejected {
  return async (context, rejected, event) => {
    if (rejected.length === 0) return;
    const body = jsonText({
      ...context,
      ...(context && { archive: archiveFolderOf(context.receivedAt) }),
      rejected,
      ...(event && { event: event() }),
    });
    await options.client.send(
      new PutObjectCommand({
        Bucket: options.bucket,
        Key: keyOf(context, body),
        Body: body,
        ContentType: 'application/json',
      }),
    );
  };
}

/** Without a context (no rule sent this event), the object is named by a hash of its content, under `undated`. */
function keyOf(context: ParsedMessage['context'], body: string): string {
  if (!context) return `rejected/undated/${digest(body)}.json`;
  const day = new Date(context.receivedAt).toISOString().slice(0, 10).replaceAll('-', '/');
  const isPlain = PLAIN_NAME.test(context.traceId) && !context.traceId.startsWith('at-');
  const name = isPlain ? context.traceId : digest(`${context.deviceId}\n${context.traceId}\n${body}`);
  return `rejected/${folderOf(context.deviceId)}/${day}/${name}.json`;
}

/** A name of dots would lead out of the folder, and a key has at most 1,024 bytes. */
export function folderOf(deviceId: string): string {
  const encoded = encodeURIComponent(deviceId);
  return /^\.+$/.test(encoded) || encoded.length > MAX_FOLDER_LENGTH ? digest(deviceId) : encoded;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
