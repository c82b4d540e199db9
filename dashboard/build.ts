// Builds the page: the files that a browser loads, by path. `npm start` builds it when the page is first opened.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { build, type Metafile } from 'esbuild';

export type PageFiles = ReadonlyMap<string, Uint8Array>;

const root = import.meta.dirname;
/** The names of the entry files in index.html, before a hash is added. */
const ENTRIES = ['begin.ts', 'style/page.css'];
/** Other modules that nearly every visit needs. They are preloaded in parallel; the MQTT client comes last. */
const NEEDED = ['main.tsx', 'mqtt'];
const FONT = /^instrument-sans-latin-wght-normal-\w+\.woff2$/;

/** When a file in the folder last changed. It tells whether a build is up to date. */
function changedAt(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Math.max(...files.map((file) => statSync(path.join(file.parentPath, file.name)).mtimeMs));
}

type Outputs = Metafile['outputs'];

/** A module with its static imports, direct and indirect, without dynamic imports. */
function closureOf(output: string, outputs: Outputs, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(output)) return found;
  found.add(output);
  for (const { path: other, kind } of outputs[output]!.imports)
    if (kind === 'import-statement') closureOf(other, outputs, found);
  return found;
}

/** Preload links for the modules and the font, so that the browser does not discover them one after the other. */
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
    // Uses a package's browser build if it has one, as mqtt.js does.
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

/** Rebuilds only after a source changed. @throws esbuild's error, with file and line */
export function buildPage(): Promise<PageFiles> {
  const now = changedAt(root);
  if (last?.changedAt !== now) last = { changedAt: now, files: bundle() };
  return last.files;
}
