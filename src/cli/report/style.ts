const LIGHT = ['#2563c9', '#d97706', '#0f8a5f', '#b83280', '#6d5bd0', '#0e8fa8', '#8a8a90'];
const DARK = ['#6ea0f5', '#f0a850', '#4cc79a', '#e77cb8', '#a79bf2', '#58c3da', '#9a9aa2'];

/** How many series a chart can tell apart: classes `s0` to `s6`. */
export const COLOURS = 7;

/** The style of the page, for light and dark screens and for paper. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ink: #1c1c1e; --faint: #6b6b70; --line: #d5d5da; --page: #fff;
  ${variables(LIGHT)}
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #ececf0; --faint: #a0a0a8; --line: #3a3a40; --page: #17171a;
    ${variables(DARK)}
  }
}
body {
  font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page);
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
}
table { border-collapse: collapse; width: 100%; margin: 1rem 0; display: block; overflow-x: auto; }
th, td {
  text-align: left; padding: .25rem .75rem .25rem 0;
  border-bottom: 1px solid var(--line); white-space: nowrap;
}
th { color: var(--faint); font-weight: 500; }
td.n { text-align: right; font-variant-numeric: tabular-nums; }
svg { width: 100%; height: auto; margin: 1rem 0; font-size: 12px; }
svg text { fill: var(--faint); }
svg line { stroke: var(--line); }
${series()}
.legend {
  list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .25rem 1rem;
  color: var(--faint); font-size: 13px;
}
.legend i { display: inline-block; width: .7em; height: .7em; margin-right: .4em; }
p, summary { color: var(--faint); }
`;

function variables(colours: readonly string[]): string {
  return colours.map((colour, index) => `--c${index}: ${colour};`).join(' ');
}

function series(): string {
  return LIGHT.map((_, index) => {
    const colour = `var(--c${index})`;
    return `rect.s${index} { fill: ${colour}; } i.s${index} { background: ${colour}; }`;
  }).join('\n');
}
