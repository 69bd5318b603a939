import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import type { EvidenceFile } from "./evidenceFile.ts";

/** `.ts` in a clone, `.js` in the package. */
const EXTENSION = import.meta.filename.slice(-3);

/** Modules of the page, each after what it imports. */
const MODULES = [
  "../../../assembly/layout",
  "../../journal/headText",
  "../verify/identity",
  "../verify/rowFigures",
  "evidenceFile",
  "wire",
  "replayKernel",
  "checkEvidence",
  "page",
] as const;

const STYLE = `
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 1020px; color: #1d2733; background: #fbfbf8; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.05rem; margin-top: 2rem; }
#verdict { font-size: 1.15rem; font-weight: 600; } .holds { color: #1f7a4d; } .fails { color: #b3261e; }
ul { list-style: none; padding: 0; } svg { width: 100%; background: #fff; border: 1px solid #d8dad3; }
svg text { font-size: 11px; fill: #5a6572; } .axis { stroke: #e3e5de; }
polyline { fill: none; stroke-width: 2; } .equity { stroke: #22577a; } .initial { stroke: #d99a1f; } .maintenance { stroke: #b3261e; }
.dot { fill: #22577a; cursor: pointer; } .dot.state2 { fill: #d99a1f; } .dot.state3, .dot.state4 { fill: #b3261e; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; } td, th { padding: 0.15rem 0.5rem; text-align: right; border-bottom: 1px solid #e3e5de; }
td:nth-child(-n+3), th:nth-child(-n+3) { text-align: left; } tbody tr { cursor: pointer; } tbody tr:hover { background: #eef2f0; }
tr.state2 td:last-child { color: #a86e00; } tr.state3 td:last-child, tr.state4 td:last-child { color: #b3261e; font-weight: 600; }
.scroll { max-height: 24rem; overflow: auto; border: 1px solid #d8dad3; background: #fff; } .key span { margin-right: 1.2rem; }
.key .equity { color: #22577a; } .key .initial { color: #a86e00; } .key .maintenance { color: #b3261e; } table.grid { width: auto; min-width: 24rem; background: #fff; } table.grid td, table.grid th { text-align: right; cursor: default; }
`;

/** One HTML file that holds an evidence file, the code that checks it, and nothing that it would have to load. */
export function evidencePage(file: EvidenceFile): string {
  const data = JSON.stringify(file).replaceAll("<", "\\u003c");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval'; style-src 'unsafe-inline'">
<title>Evidence: account ${escaped(file.account)}</title><style>${STYLE}</style></head>
<body><h1 id="title"></h1><p id="verdict">checking</p><ul id="findings"></ul>
<h2>Equity against margin <select id="pool" aria-label="currency"></select></h2>
<p class="key"><span class="equity">equity</span><span class="initial">initial margin</span><span class="maintenance">maintenance margin</span></p>
<div id="chart"></div>
<h2 id="moment"></h2><div id="grid"></div><p id="moments"></p>
<h2>Events</h2><div class="scroll"><table><thead><tr><th>event</th><th>time (UTC)</th><th>what</th><th>equity</th><th>initial</th><th>maintenance</th><th>state</th></tr></thead><tbody id="events"></tbody></table></div>
<script type="application/json" id="evidence">${data}</script>
<script>"use strict";
${MODULES.map(moduleText).join("\n")}
</script></body></html>
`;
}

/** A module as a block that hands out what it exports. */
function moduleText(name: string): string {
  const source = readFileSync(join(import.meta.dirname, `${name}${EXTENSION}`), "utf8");
  const plain = EXTENSION === ".ts" ? stripTypeScriptTypes(source) : source;
  const exported = [...plain.matchAll(/^export (?:async )?(?:function|class|const) (\w+)/gm)].map((match) => match[1]!);
  const body = plain
    .replaceAll(/^import \{([^}]*)\}\s*from "([^"]+)";/gm, (_, names: string, from: string) => {
      const kept = names
        .split(",")
        .map((each) => each.trim())
        .filter((each) => each !== "");
      return kept.length === 0 ? "" : `const { ${kept.join(", ")} } = ${variableOf(from)};`;
    })
    .replaceAll(/^import\s+"[^"]+";/gm, "")
    .replaceAll(/^export /gm, "");
  return `const ${variableOf(name)} = (() => {\n${body}\nreturn { ${exported.join(", ")} };\n})();`;
}

function variableOf(path: string): string {
  return `module_${path
    .split("/")
    .at(-1)!
    .replace(/\.\w+$/, "")}`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
