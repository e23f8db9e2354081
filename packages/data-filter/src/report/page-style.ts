/** The look of a report: light, dark by the reader's setting, light on paper. Two colours mean something: kept, and dropped. */
export const PAGE_STYLE = `
:root {
  color-scheme: light;
  --ink: #1b2026;
  --faint: #59636e;
  --line: #dfe3e8;
  --hair: #eceff2;
  --paper: #ffffff;
  --kept: #2f6f9f;
  --kept-soft: #a9c6db;
  --dropped: #b24a1e;
  --dropped-soft: #edc5b1;
  --shade: #fbefe9;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    color-scheme: dark;
    --ink: #e4e7eb;
    --faint: #9ba5b0;
    --line: #333a43;
    --hair: #262c34;
    --paper: #14171b;
    --kept: #6cacd8;
    --kept-soft: #34597a;
    --dropped: #ec9468;
    --dropped-soft: #6e412b;
    --shade: #2a211d;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0;
  background: var(--paper);
  color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums;
  -webkit-text-size-adjust: 100%;
}
main { max-width: 70rem; margin: 0 auto; padding: 3rem 1.5rem 5rem; }
h1, h2, h3 { line-height: 1.2; text-wrap: balance; overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 1.75rem; font-weight: 650; letter-spacing: -0.01em; }
h2 { margin: 4rem 0 0.75rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: 1.25rem; font-weight: 650; }
h3 { margin: 2.25rem 0 0.75rem; font-size: 1rem; font-weight: 650; }
p { margin: 0 0 1rem; max-width: 44rem; }
small, caption, .note { color: var(--faint); font-size: 0.8125rem; }
code { font: 0.875rem/1.4 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
.headline { display: flex; flex-wrap: wrap; gap: 1.25rem 3.5rem; margin: 1.75rem 0 0; }
.headline div { min-width: 9rem; }
.headline b { display: block; font-size: 2.25rem; font-weight: 600; line-height: 1.15; letter-spacing: -0.02em; }
.headline span { color: var(--faint); }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr)); gap: 0.75rem 2rem; margin: 2rem 0 0; }
.facts dt { color: var(--faint); font-size: 0.8125rem; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
nav { margin-top: 2rem; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem; margin: 0; padding: 0; list-style: none; }
a { color: var(--kept); text-underline-offset: 0.2em; }
:focus-visible { outline: 2px solid var(--kept); outline-offset: 2px; }

table { width: 100%; border-collapse: collapse; text-align: left; }
caption { max-width: 44rem; padding-bottom: 1rem; text-align: left; }
th, td { padding: 0.4rem 0.75rem; border-bottom: 1px solid var(--hair); vertical-align: top; font-weight: inherit; }
th:first-child, td:first-child { padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; }
thead th { border-bottom-color: var(--line); color: var(--faint); font-size: 0.8125rem; }
th small { display: block; line-height: 1.35; }
.number { text-align: right; white-space: nowrap; }
.none { color: var(--faint); }
.track { height: 0.625rem; margin: 0.3rem 0; background: var(--hair); }
.fill { height: 100%; min-width: 1px; background: var(--kept); print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.fill[style="width:0.00%"] { min-width: 0; }
.fill.characters { background: var(--kept-soft); }
.funnel { table-layout: fixed; }
.funnel th:first-child { width: 30%; }
.funnel tbody td { padding-top: 0.5rem; padding-bottom: 0.5rem; }
.funnel b { font-weight: 600; }
.amount span { color: var(--faint); margin-left: 0.4rem; }

.scroll { overflow-x: auto; }
.rules tbody th { overflow-wrap: anywhere; }
.rule { display: grid; grid-template-columns: 15.5rem 1fr; gap: 0 1rem; align-items: baseline; }
.rules .group th { padding-top: 1.75rem; font-weight: 650; }
.rules .group td { padding-top: 1.75rem; font-weight: 600; }
.rules .group th, .rules .group td { border-bottom-color: var(--line); }
.rules .group small { display: inline; margin-left: 0.35rem; font-weight: 400; }
.rules .share { padding-left: 0; min-width: 4rem; color: var(--faint); font-weight: 400; }
.rules th small { color: var(--faint); }
.bar-column { width: 17%; min-width: 6rem; }
.aside { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.thin { position: relative; height: 0.5rem; margin-top: 0.45rem; background: none; }
.thin .fill { position: absolute; left: 0; top: 0; }
.fill.first { background: var(--dropped); }
.fill.all { background: var(--dropped-soft); }
.muted, .muted small, .muted .share { color: var(--faint); }
.muted .some { color: var(--ink); }

.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); gap: 1.75rem 2rem; }
figure { margin: 0; min-width: 0; break-inside: avoid; }
figcaption { margin-bottom: 0.35rem; overflow-wrap: anywhere; }
figcaption code { display: block; font-weight: 600; }
figcaption span { color: var(--faint); font-size: 0.8125rem; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { font: 11px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; fill: var(--faint); }
svg .tick { text-anchor: middle; }
svg .axis { stroke: var(--faint); stroke-width: 1; fill: none; }
svg .kept { fill: var(--kept); }
svg .dropped { fill: var(--dropped); }
svg .shade { fill: var(--shade); }
svg .threshold { stroke: var(--dropped); stroke-width: 1.25; fill: none; }
svg .threshold-label { fill: var(--dropped); font-weight: 600; }
svg .cut { stroke: var(--paper); stroke-width: 3; fill: none; }
svg rect { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem; margin: 0; padding: 0; list-style: none; color: var(--faint); font-size: 0.8125rem; }
.legend i { display: inline-block; width: 0.75rem; height: 0.75rem; margin-right: 0.45rem; vertical-align: -0.08rem; print-color-adjust: exact; -webkit-print-color-adjust: exact; }

details { border-bottom: 1px solid var(--hair); }
summary { padding: 0.55rem 0; cursor: pointer; overflow-wrap: anywhere; }
summary small { margin-left: 0.35rem; }
details.kept .reason { font-weight: 600; }
article { margin: 0.25rem 0 1.25rem; padding-left: 1rem; border-left: 2px solid var(--dropped-soft); break-inside: avoid; }
.kept article { border-left-color: var(--kept-soft); }
.source { margin: 0 0 0.35rem; max-width: none; color: var(--faint); font-size: 0.8125rem; overflow-wrap: anywhere; }
.text { max-width: 44rem; white-space: pre-wrap; overflow-wrap: anywhere; overflow: hidden; unicode-bidi: isolate; }
.unseen { padding: 0 0.2em; border-radius: 2px; background: var(--shade); color: var(--dropped); font: 0.75em ui-monospace, monospace; unicode-bidi: isolate; }

@media (max-width: 60rem), print {
  .rule { grid-template-columns: 1fr; }
}
@media (max-width: 40rem) {
  main { padding: 1.75rem 1rem 3rem; }
  h1 { font-size: 1.5rem; }
  h2 { margin-top: 3rem; }
  .headline { gap: 1rem 2rem; }
  .headline b { font-size: 1.75rem; }
  .bar-column, .wide, .bars-note { display: none; }
  .rules .group small { display: block; margin-left: 0; }
  .funnel th small { display: none; }
  th, td { padding-left: 0.4rem; padding-right: 0.4rem; }
  .rules .share { min-width: 0; }
  .amount span { display: block; margin-left: 0; font-size: 0.8125rem; }
}
@media print {
  main { max-width: none; padding: 0; }
  body { font-size: 10pt; }
  nav { display: none; }
  tr, h2, h3 { break-inside: avoid; break-after: avoid; }
  tr { break-after: auto; }
  .scroll { overflow: visible; }
}
`
