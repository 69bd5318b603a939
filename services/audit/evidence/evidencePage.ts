import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { EvidenceFile } from "./evidenceFile.ts";

/** `page.ts` and all that it imports as one script: `npm run build` makes it, here as in the package. */
const SCRIPT = join(import.meta.dirname, "../../../build/evidencePage.js");

const STYLE = `
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 1060px; padding: 0 1rem; color: #1d2733; background: #fbfbf8; }
h1 { font-size: 1.4rem; margin-bottom: 0.2rem; } h2 { font-size: 1.05rem; margin: 2rem 0 0.4rem; } p { margin: 0.3rem 0; } .note { color: #5a6572; }
#verdictBox { border-left: 6px solid #8a929b; background: #fff; padding: 0.6rem 1rem; margin: 1rem 0; overflow-wrap: anywhere; }
#verdictBox.holds { border-color: #1f7a4d; } #verdictBox.fails { border-color: #b3261e; } #verdictBox.partly { border-color: #d99a1f; }
#verdict { font-size: 1.3rem; font-weight: 600; } .holds #verdict, tr.holds td:first-child { color: #1f7a4d; } .fails #verdict, tr.fails td { color: #b3261e; } .partly #verdict { color: #a86e00; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; } td, th { padding: 0.2rem 0.6rem; text-align: left; border-bottom: 1px solid #e3e5de; vertical-align: top; overflow-wrap: anywhere; }
#summary td:first-child { white-space: nowrap; color: #5a6572; } #checks td:nth-child(4) { color: #5a6572; font-size: 0.9em; } #checks td:nth-child(2) { white-space: nowrap; font-weight: 600; }
svg { width: 100%; background: #fff; border: 1px solid #d8dad3; } svg text { font-size: 11px; fill: #5a6572; } svg .unit { font-weight: 600; }
.axis { stroke: #e9ebe4; } .axis.zero { stroke: #9aa3ab; } line.chosen { stroke: #1d2733; stroke-dasharray: 2 3; }
polyline { fill: none; stroke-width: 1.6; } polyline.equity, .key .equity { stroke: #22577a; } polyline.initial, .key .initial { stroke: #d99a1f; stroke-width: 3.5; } polyline.maintenance, .key .maintenance { stroke: #b3261e; }
.dot { fill: #22577a; cursor: pointer; } .dot.state2 { fill: #d99a1f; } .dot.state3 { fill: #b3261e; } .dot.state4 { fill: #000; }
.key { display: flex; flex-wrap: wrap; gap: 0.2rem 1.2rem; } .key svg { width: 26px; height: 12px; border: 0; background: none; margin-right: 0.35rem; vertical-align: middle; } .key line { stroke-width: 2; } .key line.initial { stroke-width: 3.5; }
.list { width: 100%; } .list td, .list th { white-space: nowrap; font-size: 0.86rem; } .list td, .list th { text-align: right; } .list td:nth-child(2), .list th:nth-child(2), .list td:nth-child(3), .list th:nth-child(3) { text-align: left; } .list th { position: sticky; top: 0; background: #f2f3ee; }
.list tbody tr { cursor: pointer; } .list tbody tr:hover { background: #eef2f0; } .list tr.chosen { background: #e3ecf2; }
tr.state2 td:last-child { color: #a86e00; } tr.state3 td:last-child { color: #b3261e; font-weight: 600; } tr.state4 td:last-child { font-weight: 600; }
.scroll { max-height: 26rem; overflow: auto; border: 1px solid #d8dad3; background: #fff; } table.grid { min-width: 24rem; background: #fff; } table.grid td, table.grid th { text-align: right; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.2rem 1rem; } dt { font-weight: 600; } dd { margin: 0; }
@media print { .scroll { max-height: none; overflow: visible; } }
`;

const KEY = [
  ...["equity", "initial margin", "maintenance margin"].map((name) => [
    `<line class="${name.split(" ")[0]}" x1="0" y1="6" x2="26" y2="6"/>`,
    name,
  ]),
  ...["healthy", "called", "liquidating", "bankrupt"].map((name, at) => [
    `<circle class="dot state${at + 1}" cx="13" cy="6" r="4"/>`,
    name,
  ]),
]
  .map(([drawing, name]) => `<span><svg viewBox="0 0 26 12" aria-hidden="true">${drawing}</svg>${name}</span>`)
  .join("");

const WORDS = `
<dt>equity</dt><dd>collateral and unrealised profit of a pool, or of an isolated position</dd>
<dt>initial margin</dt><dd>what the rules ask before a position is opened or grown</dd>
<dt>maintenance margin</dt><dd>what they ask as long as it is open</dd>
<dt>called</dt><dd>equity below initial margin: the account must bring collateral, and may only reduce</dd>
<dt>liquidating</dt><dd>equity below maintenance margin: positions are closed for it</dd>
<dt>bankrupt</dt><dd>equity below zero: the insurance fund bears the rest</dd>
<dt>event</dt><dd>a line of the venue's journal, by its number there; events of other accounts are in this file as hashes alone</dd>
<dt>time</dt><dd>the event's own, UTC</dd>`;

/** One HTML file that holds an evidence file, the code that checks it, and nothing that it would have to load. */
export function evidencePage(file: EvidenceFile): string {
  const data = JSON.stringify(file).replaceAll("<", "\\u003c");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval'; style-src 'unsafe-inline'">
<title>Evidence: account ${escaped(file.account)}</title><style>${STYLE}</style></head>
<body><h1 id="title"></h1>
<p class="note">Evidence from a margin engine's journal. This page checks itself in your browser: it loads nothing and asks nobody.</p>
<div id="verdictBox"><p id="verdict">Checking</p><p id="meaning"></p></div>
<h2>In short</h2><table><tbody id="summary"></tbody></table>
<h2>Equity against margin: <select id="pool" aria-label="pool or isolated position"></select></h2>
<p class="key">${KEY}</p>
<div id="chart"></div>
<p class="note">Each dot is a moment, in the colour of the state of what is drawn. Choose one here or in the list below.</p>
<h2>Events</h2><div class="scroll"><table class="list"><thead><tr><th>event</th><th>time, UTC</th><th>what</th><th id="equityHead"></th><th id="initialHead"></th><th id="maintenanceHead"></th><th>account is</th></tr></thead><tbody id="events"></tbody></table></div>
<h2>Gain or loss if prices moved at <span id="moment"></span></h2>
<p class="note">What the open positions would gain or lose at once, by move of the mark price. Each pool in its currency.</p>
<div id="grid"></div>
<h2>What was checked</h2><table id="checks"><tbody id="findings"></tbody></table>
<h2>Words</h2><dl>${WORDS}</dl>
<script type="application/json" id="evidence">${data}</script>
<script>${readFileSync(SCRIPT, "utf8").replaceAll("</script", "<\\/script")}</script></body></html>
`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
