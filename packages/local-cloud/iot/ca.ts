// The certificate authority of one installation: it signs the certificates of the broker and of devices.

import 'reflect-metadata';
import { randomBytes, X509Certificate as NodeCertificate, type webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  PemConverter,
  PublicKey,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  type Extension,
  type JsonGeneralNames,
  type JsonName,
} from '@peculiar/x509';
import type { Clock } from '../clock.ts';
import { makeDirectory } from '../files/durable-files.ts';
import {
  algorithm,
  ensurePair,
  makeKeys,
  nodeKeyTypes,
  type KeyAlgorithm,
  type KeyPair,
} from './key-pair.ts';

const DAY = 86_400_000;
/** The end that AWS gives to the certificates it issues. */
const END_OF_DEVICE_CERTIFICATES = new Date('2049-12-31T23:59:59Z');
const SERVER_DAYS = 397;
const RENEW_SERVER_DAYS = 30;

export interface IssueRequest {
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer;
  readonly subject: Name | JsonName;
  /** 2049-12-31T23:59:59Z if absent, as AWS gives its own. */
  readonly notAfter?: Date;
}

export interface ServerRequest {
  /** Folder of the two files, `<file>.pem` and `<file>.key.pem`. */
  readonly dir: string;
  readonly file: string;
  /** DNS names; the first is the common name too. */
  readonly names: readonly string[];
  readonly keyAlgorithm: KeyAlgorithm;
}

export interface LocalCa {
  /** Path and text of the certificate that clients must trust. */
  readonly certificateFile: string;
  readonly certificatePem: string;
  /** Key and certificate of the TLS servers, PEM; the certificate names localhost, the loopback addresses and this host. */
  readonly server: { readonly key: string; readonly cert: string };
  /**
   * Key and certificate of a server with these names, PEM: those in the folder, or new ones when these expire soon or are for
   * other names. @throws StartError when a file is damaged.
   */
  issueServer(request: ServerRequest): Promise<KeyPair>;
  /** Signs a device certificate. @returns PEM */
  issue(request: IssueRequest): Promise<string>;
  /** Whether this CA signed the certificate. */
  signed(certificate: NodeCertificate): boolean;
}

interface Signer {
  readonly key: webcrypto.CryptoKey;
  readonly certificate: X509Certificate;
}

const serial = () => `00${randomBytes(16).toString('hex')}`; // a leading zero keeps it positive

async function makeCa(organization: string, now: number): Promise<KeyPair> {
  const { keys, pem } = await makeKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: [{ CN: [`${organization} local CA ${randomBytes(4).toString('hex')}`] }, { O: [organization] }],
    notBefore: new Date(now - DAY),
    notAfter: END_OF_DEVICE_CERTIFICATES,
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { key: pem, cert: certificate.toString('pem') };
}

interface Subject {
  readonly name: Name | JsonName;
  readonly publicKey: PublicKey;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: readonly Extension[];
}

async function sign(signer: Signer, subject: Subject): Promise<string> {
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: subject.name,
    issuer: signer.certificate.subjectName,
    notBefore: subject.notBefore,
    notAfter: subject.notAfter,
    signingAlgorithm: algorithm,
    publicKey: subject.publicKey,
    signingKey: signer.key,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      await AuthorityKeyIdentifierExtension.create(signer.certificate.publicKey),
      await SubjectKeyIdentifierExtension.create(subject.publicKey),
      ...subject.extensions,
    ],
  });
  return certificate.toString('pem');
}

/** What a client may call this machine: its host name only where it is a lawful DNS name. */
function serverNames(extraHosts: readonly string[]): JsonGeneralNames {
  const isDnsName = (name: string) =>
    /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i.test(name);
  const hosts = ['localhost', '127.0.0.1', '::1', hostname(), ...extraHosts];
  return [...new Set(hosts)]
    .filter((value) => isIP(value) || isDnsName(value))
    .map((value) => ({ type: isIP(value) ? 'ip' : 'dns', value }));
}

interface ServerSubject {
  readonly commonName: string;
  readonly names: JsonGeneralNames;
  readonly keyAlgorithm: KeyAlgorithm;
}

async function makeServer(signer: Signer, subject: ServerSubject, now: number): Promise<KeyPair> {
  const { commonName, names, keyAlgorithm } = subject;
  const { keys, pem } = await makeKeys(keyAlgorithm);
  const cert = await sign(signer, {
    name: [{ CN: [commonName] }],
    publicKey: await PublicKey.create(keys.publicKey),
    notBefore: new Date(now - DAY),
    notAfter: new Date(now + SERVER_DAYS * DAY),
    extensions: [
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(names),
    ],
  });
  return { key: pem, cert };
}

/** Whether a server certificate of an earlier start can be used: signed by this CA, valid long enough, for every name. */
function isCurrent(
  cert: string,
  caCert: string,
  { names, keyAlgorithm }: ServerSubject,
  now: number,
): boolean {
  const parsed = new NodeCertificate(cert);
  const covers = (name: JsonGeneralNames[number]) =>
    name.type === 'ip' ? parsed.checkIP(name.value) : parsed.checkHost(name.value);
  return (
    parsed.verify(new NodeCertificate(caCert).publicKey) &&
    parsed.publicKey.asymmetricKeyType === nodeKeyTypes[keyAlgorithm] &&
    Date.parse(parsed.validFrom) <= now &&
    Date.parse(parsed.validTo) - now > RENEW_SERVER_DAYS * DAY &&
    names.every((name) => covers(name) !== undefined)
  );
}

const signerOf = async ({ cert, key }: KeyPair): Promise<Signer> => ({
  certificate: new X509Certificate(cert),
  key: await crypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(key), algorithm, false, ['sign']),
});

const localServer = (hosts: readonly string[]): ServerSubject => ({
  commonName: 'localhost',
  names: serverNames(hosts),
  keyAlgorithm: 'EC_prime256v1',
});

/** Key and certificate of a server, of an earlier start or new. @param now epoch milliseconds */
async function ensureServer(
  signer: Signer,
  { dir, file, now }: { readonly dir: string; readonly file: string; readonly now: number },
  subject: ServerSubject,
): Promise<KeyPair> {
  const caCert = signer.certificate.toString('pem');
  const { key, cert } = await ensurePair(
    dir,
    file,
    () => makeServer(signer, subject, now),
    (pair) => isCurrent(pair.cert, caCert, subject, now),
  );
  return { key, cert };
}

/**
 * Opens the CA of `<dir>`, or creates it on the first start: `ca.pem`, `ca.key.pem`, `server.pem`, `server.key.pem`.
 * The server certificate is renewed when it expires soon or lacks a host name.
 *
 * @param options.organization the organization in the name of a new CA; an existing CA keeps its own.
 * @param options.hosts names or addresses that the server certificate carries besides those of this machine.
 * @throws StartError when a file is damaged.
 */
export async function openCa(options: {
  dir: string;
  clock: Clock;
  organization?: string;
  hosts?: readonly string[];
}): Promise<LocalCa> {
  const { dir, clock, organization = 'Local cloud', hosts = [] } = options;
  await makeDirectory(dir);
  const now = clock.now();
  const ca = await ensurePair(
    dir,
    'ca',
    () => makeCa(organization, now),
    () => true,
  );
  const authority = new NodeCertificate(ca.cert);
  const signer = await signerOf(ca);
  return {
    certificateFile: ca.certFile,
    certificatePem: ca.cert,
    server: await ensureServer(signer, { dir, file: 'server', now }, localServer(hosts)),
    issueServer: ({ dir: folder, file, names, keyAlgorithm }) =>
      ensureServer(
        signer,
        { dir: folder, file, now: clock.now() },
        { commonName: names[0]!, names: names.map((value) => ({ type: 'dns', value })), keyAlgorithm },
      ),
    issue: ({ publicKey, subject, notAfter = END_OF_DEVICE_CERTIFICATES }) =>
      sign(signer, {
        name: subject,
        publicKey: new PublicKey(publicKey),
        notBefore: new Date(clock.now() - 120_000), // AWS dates it back too: device clocks are late
        notAfter,
        extensions: [new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true)],
      }),
    signed: (certificate) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey),
  };
}
