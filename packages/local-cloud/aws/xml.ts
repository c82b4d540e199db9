// The XML of S3 and of the query protocol: what we write, and the few documents that clients send.

import { AwsError } from '../aws-error.ts';

/** `undefined` leaves the element out; an array repeats it. */
export type XmlValue = string | number | boolean | undefined | XmlElements | readonly XmlValue[];
export interface XmlElements {
  readonly [name: string]: XmlValue;
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Control characters become references, as S3 writes them; lone surrogates have no UTF-8 form at all. */
function escapeText(text: string): string {
  return text
    .toWellFormed()
    .replace(/[&<>"]/g, (character) => ESCAPES[character]!)
    .replace(/[\p{Cc}\uFFFE\uFFFF]/gu, (character) => `&#x${character.codePointAt(0)!.toString(16)};`);
}

function renderElement(name: string, value: XmlValue): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map((each: XmlValue) => renderElement(name, each)).join('');
  return `<${name}>${renderContent(value)}</${name.split(' ', 1)[0]}>`;
}

function renderContent(value: XmlValue): string {
  if (value === undefined || typeof value !== 'object') return escapeText(String(value ?? ''));
  return Object.entries(value)
    .map(([name, child]) => renderElement(name, child))
    .join('');
}

/** Renders a document; attributes are part of the name, such as `Owner xmlns="..."`. */
export function renderXml(root: string, value: XmlElements): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${renderElement(root, value)}`;
}

export interface XmlNode {
  readonly name: string;
  readonly children: readonly XmlNode[];
  readonly text: string;
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const MAX_DEPTH = 16;

/** What S3 answers to a document that is not XML, or is not of its form. */
export function malformedXml(): AwsError {
  return new AwsError(
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
  );
}

function decodeText(text: string): string {
  return text.replace(/&([^;\s]{1,10});?/g, (_whole, entity: string) => {
    const code = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(entity);
    if (!code) {
      const character = Object.hasOwn(NAMED, entity) ? NAMED[entity] : undefined;
      if (character === undefined) throw malformedXml();
      return character;
    }
    const point = code[1] ? Number.parseInt(code[1], 16) : Number(code[2]);
    if (point > 0x10ffff) throw malformedXml();
    return String.fromCodePoint(point);
  });
}

const localName = (tag: string) => tag.slice(tag.indexOf(':') + 1);

/**
 * Parses elements, text, entities and CDATA, and skips comments and attributes; no DTD, so nothing expands.
 *
 * @throws AwsError MalformedXML
 */
export function parseXml(source: string): XmlNode {
  interface Open {
    name: string;
    children: XmlNode[];
    text: string;
  }
  const document: Open = { name: '', children: [], text: '' };
  const open: Open[] = [document];
  const tokens =
    /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)([A-Za-z_][\w:.-]*)([^<>]*?)(\/?)>|([^<]+)/gy;
  while (tokens.lastIndex < source.length) {
    const token = tokens.exec(source);
    if (!token) throw malformedXml();
    const [, cdata, closing, tag, , empty, text] = token;
    const current = open.at(-1)!;
    if (cdata !== undefined) current.text += cdata;
    else if (text !== undefined) current.text += decodeText(text);
    else if (tag && closing) {
      if (open.length < 2 || current.name !== localName(tag)) throw malformedXml();
      open.pop();
    } else if (tag) {
      const node: Open = { name: localName(tag), children: [], text: '' };
      current.children.push(node);
      if (!empty) open.push(node);
      if (open.length > MAX_DEPTH) throw malformedXml();
    }
  }
  const [root] = document.children;
  if (open.length !== 1 || document.children.length !== 1 || !root || document.text.trim())
    throw malformedXml();
  return root;
}

/** The children of `node` with this name. */
export const childrenOf = (node: XmlNode, name: string): XmlNode[] =>
  node.children.filter((child) => child.name === name);

/** Text of the child called `name`; `undefined` when there is none. */
export const textOf = (node: XmlNode, name: string): string | undefined =>
  node.children.find((child) => child.name === name)?.text;
