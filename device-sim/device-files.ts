// The files that a device needs to connect: CA, certificate and key. A key is never overwritten.

import { X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeKeyFolder } from './key-folder.ts';
import { OnboardingError } from './onboarding-error.ts';

export interface DeviceFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly oldCert: string;
  readonly oldKey: string;
}

/** @param name a thing name, checked so that it cannot be a path. */
export function deviceFiles(folder: string, name: string): DeviceFiles {
  const file = (end: string) => path.join(folder, end);
  return {
    ca: file('ca.pem'),
    cert: file(`${name}.cert.pem`),
    key: file(`${name}.key.pem`),
    oldCert: file(`${name}.old.cert.pem`),
    oldKey: file(`${name}.old.key.pem`),
  };
}

/** @throws OnboardingError if the folder cannot be made or has the CA of another cloud. */
export function prepareFolder(folder: string, files: DeviceFiles, caPem: string): void {
  makeKeyFolder(folder);
  if (!existsSync(files.ca)) writeFileSync(files.ca, caPem);
  if (readFileSync(files.ca, 'utf8') !== caPem) {
    throw new OnboardingError(
      `${files.ca} is the CA of another cloud: choose another folder with --out, or remove it together with the device files beside it`,
    );
  }
}

/** @throws OnboardingError if the file exists. */
export function writeKey(file: string, keyPem: string): void {
  try {
    writeFileSync(file, keyPem, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new OnboardingError(`${file} exists: a key is not overwritten; move it, or choose another --out`, {
      cause: error,
    });
  }
}

export function writeCertificate(file: string, certificatePem: string): void {
  writeFileSync(file, certificatePem.endsWith('\n') ? certificatePem : `${certificatePem}\n`, { flag: 'wx' });
}

/** The certificate ID of a file: the SHA-256 of its DER. @throws OnboardingError if it is not a certificate. */
export function certificateIdOf(file: string): string {
  try {
    return new X509Certificate(readFileSync(file)).fingerprint256.replaceAll(':', '').toLowerCase();
  } catch (error) {
    throw new OnboardingError(`${file} is not a certificate: remove it, or choose another --out`, {
      cause: error,
    });
  }
}

/** Renames the present key and certificate for a rotation. */
export function keepAsOld(files: DeviceFiles): void {
  if (existsSync(files.key)) {
    renameSync(files.key, files.oldKey);
    chmodSync(files.oldKey, 0o600);
  }
  if (existsSync(files.cert)) renameSync(files.cert, files.oldCert);
}

export function removeOld(files: DeviceFiles): void {
  for (const file of [files.oldCert, files.oldKey]) rmSync(file, { force: true });
}
