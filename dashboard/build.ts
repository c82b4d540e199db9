// Builds the page: what a browser loads, by path. `npm start` calls it when somebody opens the page.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

export type PageFiles = ReadonlyMap<string, Uint8Array>;

const root = import.meta.dirname;
/** What the entry files are called in index.html before their names have a hash. */
const ENTRIES = ['main.tsx', 'style/page.css'];

/** The newest change below the folder, so that a build is known to be of these sources. */
function changedAt(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Math.max(...files.map((file) => statSync(path.join(file.parentPath, file.name)).mtimeMs));
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
