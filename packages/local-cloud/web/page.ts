// The status page: running totals and the outputs of the template.

const escaped = (text: string) =>
  text.replaceAll(/[&<]/g, (character) => (character === '&' ? '&amp;' : '&lt;'));

const STYLE = `body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 46rem; padding: 0 1rem; color: #16302b; }
table { border-collapse: collapse; width: 100%; margin-bottom: 2rem; }
td { border-bottom: 1px solid #d5e0dd; padding: .3rem .5rem; }
td + td { text-align: right; font-variant-numeric: tabular-nums; }
`;

const scriptOf = (
  startCommand: string,
) => `const fill = (id, entries) => document.getElementById(id).replaceChildren(...Object.entries(entries).map((cells) => {
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
    document.getElementById('state').textContent = 'Not reachable: is ${startCommand} still running?';
  }
};
await refresh();
setInterval(refresh, 1000);
`;

/** @param startCommand the command that the page names when nothing answers */
export const pageOf = ({
  title,
  startCommand,
}: {
  title: string;
  startCommand: string;
}): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>
${STYLE}</style>
<h1>${escaped(title)}</h1>
<p id="state" role="status">Loading ...</p>
<table id="totals" aria-label="Totals since the start"></table>
<h2>Outputs</h2>
<table id="outputs" aria-label="Outputs of the template"></table>
<script type="module">
${scriptOf(startCommand)}</script>
</html>
`;
