// The page's files: small, hashed, and without inline code.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { buildPage } from '../../dashboard/build.ts';

const LARGEST_FIRST_LOAD = 200_000;

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

test('the first load is under 200 KB gzipped, fonts and the MQTT client among it', async () => {
  const files = await buildPage();
  const html = text(files.get('index.html')!);
  const wanted = new Set([...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, name]) => name!));
  wanted.delete('config.json'); // of the stack, not of the build
  const isLater = /^assets\/(?:add-device|device|alerts|rules|report|console|inbox|pipeline)-/;
  for (const name of wanted) {
    const file = files.get(name);
    assert.ok(file, `index.html names ${name}, which is not built`);
    for (const [, other] of text(file).matchAll(/["'(]\.\/([\w.-]+\.(?:js|woff2))/g))
      if (!isLater.test(`assets/${other}`)) wanted.add(`assets/${other}`);
  }
  assert.ok([...wanted].some((name) => name.includes('mqtt')));
  const size = [...wanted].reduce((sum, name) => sum + gzipSync(files.get(name)!).length, 0);
  assert.ok(size < LARGEST_FIRST_LOAD, `${size} bytes`);
});

test('index.html preloads the modules of the first paint', async () => {
  const files = await buildPage();
  const html = text(files.get('index.html')!);
  const named = new Set([...html.matchAll(/href="([^"]+\.js)"/g)].map(([, name]) => name!));
  for (const first of ['main', 'mqtt'])
    assert.ok(
      [...named].some((name) => name.includes(`/${first}`)),
      first,
    );
  for (const name of named)
    for (const [, other] of text(files.get(name)!).matchAll(/(?:from|import)"\.\/([\w.-]+\.js)"/g))
      assert.ok(named.has(`assets/${other}`), `${name} imports ${other}, which index.html does not name`);
  assert.match(html, /<link rel="preload" href="assets\/instrument-sans[^"]+" as="font"/);
});

test('nothing in the page is inline, and every file has a hash in its name', async () => {
  const files = await buildPage();
  const html = text(files.get('index.html')!);
  assert.doesNotMatch(html, /<script(?![^>]*src=)|<style|\son\w+=|\sstyle=/);
  const names = [...files.keys()].filter((name) => name.startsWith('assets/'));
  for (const name of names) assert.match(name, /-[A-Z0-9]{8}\.\w+$/);
});

test('a page with unchanged sources is not rebuilt', async () => {
  assert.equal(await buildPage(), await buildPage());
});
