// The web port: for now a page of running totals, so that a browser shows the pipeline at work.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface WebStatus {
  readonly totals: Readonly<Record<string, number>>;
  readonly outputs: Readonly<Record<string, string>>;
}

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Tidegate</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 46rem; padding: 0 1rem; color: #16302b; }
table { border-collapse: collapse; width: 100%; margin-bottom: 2rem; }
td { border-bottom: 1px solid #d5e0dd; padding: .3rem .5rem; }
td + td { text-align: right; font-variant-numeric: tabular-nums; }
</style>
<h1>Tidegate</h1>
<p id="state" role="status">Loading ...</p>
<table id="totals" aria-label="Totals since the start"></table>
<h2>Outputs</h2>
<table id="outputs" aria-label="Outputs of the template"></table>
<script type="module">
const fill = (id, entries) => document.getElementById(id).replaceChildren(...Object.entries(entries).map((cells) => {
  const row = document.createElement('tr');
  row.append(...cells.map((text) => Object.assign(document.createElement('td'), { textContent: text.toLocaleString() })));
  return row;
}));
const refresh = async () => {
  try {
    const status = await (await fetch('/status.json')).json();
    fill('totals', status.totals);
    fill('outputs', status.outputs);
    document.getElementById('state').textContent = 'Running. Totals since the start:';
  } catch {
    document.getElementById('state').textContent = 'Not reachable: is npm start still running?';
  }
};
await refresh();
setInterval(refresh, 1000);
</script>
</html>
`;

/** A page of another site that points its name at this machine must not read this one (DNS rebinding). */
function isOwnHost(host: string | undefined): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i.test(host ?? '');
}

function answer(res: ServerResponse, status: number, type: string, body: string): void {
  res.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy':
      "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'",
  });
  res.end(body);
}

function problem(res: ServerResponse, status: number, title: string): void {
  answer(res, status, 'application/problem+json', JSON.stringify({ status, title }));
}

function handle(req: IncomingMessage, res: ServerResponse, status: () => WebStatus): void {
  const path = (req.url ?? '').split('?')[0];
  if (!isOwnHost(req.headers.host)) return problem(res, 403, 'This port answers to localhost only.');
  if (req.method !== 'GET' && req.method !== 'HEAD')
    return problem(res, 405, `${req.method} is not served here.`);
  if (path === '/') return answer(res, 200, 'text/html; charset=utf-8', page);
  if (path === '/status.json') return answer(res, 200, 'application/json', JSON.stringify(status()));
  if (path === '/mqtt') return problem(res, 501, 'MQTT over WebSocket is not served yet: use MQTT over TLS.');
  return problem(res, 404, `There is no ${path} here.`);
}

/** Serves on loopback; `port` 0 picks a free one. */
export async function createWeb(options: {
  host: string;
  port: number;
  status: () => WebStatus;
}): Promise<{ port: number; close(): Promise<void> }> {
  const server = createServer((req, res) => handle(req, res, options.status));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
