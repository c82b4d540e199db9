// Builds the page: what a browser loads, by path. `npm start` calls it when somebody opens the page.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { build, type Metafile } from 'esbuild';

export type PageFiles = ReadonlyMap<string, Uint8Array>;

const root = import.meta.dirname;
/** What the entry files are called in index.html before their names have a hash. */
const ENTRIES = ['begin.ts', 'style/page.css'];
/** What nearly every visit needs beside them, loaded at once and not one after the other; the client of MQTT comes last. */
const NEEDED = ['main.tsx', 'mqtt'];
const FONT = /^instrument-sans-latin-wght-normal-\w+\.woff2$/;

/** The newest change below the folder, so that a build is known to be of these sources. */
function changedAt(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Math.max(...files.map((file) => statSync(path.join(file.parentPath, file.name)).mtimeMs));
}

type Outputs = Metafile['outputs'];

/** A module with what it imports, and what that imports; not what it loads later. */
function closureOf(output: string, outputs: Outputs, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(output)) return found;
  found.add(output);
  for (const { path: other, kind } of outputs[output]!.imports)
    if (kind === 'import-statement') closureOf(other, outputs, found);
  return found;
}

/** Links that tell the browser of modules and of the font before it reads of them in what it loads. */
function preloadsOf(outputs: Outputs): string {
  const names = Object.keys(outputs);
  const outputOf = (source: string) =>
    names.find((name) => {
      const { entryPoint } = outputs[name]!;
      return entryPoint === source || entryPoint?.includes(`node_modules/${source}/`);
    });
  const modules = new Set(
    [ENTRIES[0]!, ...NEEDED].flatMap((source) => {
      const output = outputOf(source);
      if (output === undefined) throw new Error(`The page's build has no output for ${source}`);
      return [...closureOf(output, outputs)];
    }),
  );
  const font = names.find((name) => FONT.test(path.basename(name)));
  if (font === undefined) throw new Error(`The page's build has no font ${FONT.source}`);
  const href = (name: string) => path.relative('dist', name);
  return [
    ...[...modules].map((name) => `<link rel="modulepreload" href="${href(name)}" />`),
    `<link rel="preload" href="${href(font)}" as="font" type="font/woff2" crossorigin />`,
  ].join('\n    ');
}

async function bundle(): Promise<PageFiles> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: ENTRIES,
    outdir: 'dist',
    outbase: '.',
    entryNames: 'assets/[name]-[hash]',
    chunkNames: 'assets/[name]-[hash]',
    assetNames: 'assets/[name]-[hash]',
    write: false,
    metafile: true,
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    loader: { '.woff2': 'file' },
    // The browser's build of a package that has one, such as that of mqtt.js.
    conditions: ['browser', 'module', 'import'],
    mainFields: ['browser', 'module', 'main'],
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'silent',
  });
  const dist = path.join(root, 'dist');
  const files = new Map(outputFiles.map((file) => [path.relative(dist, file.path), file.contents] as const));
  let html = readFileSync(path.join(root, 'index.html'), 'utf8');
  for (const [output, { entryPoint }] of Object.entries(metafile.outputs))
    if (entryPoint !== undefined) html = html.replace(entryPoint, path.relative('dist', output));
  html = html.replace('</head>', `  ${preloadsOf(metafile.outputs)}\n  </head>`);
  files.set('index.html', Buffer.from(html));
  files.set('favicon.svg', readFileSync(path.join(root, 'favicon.svg')));
  return files;
}

let last: { readonly changedAt: number; readonly files: Promise<PageFiles> } | undefined;

/** Builds it again only when a source has changed. @throws what esbuild says, with file and line */
export function buildPage(): Promise<PageFiles> {
  const now = changedAt(root);
  if (last?.changedAt !== now) last = { changedAt: now, files: bundle() };
  return last.files;
}
