// Documents for the tests of the compiler: a whole one, and one around the formulas that a test is about.

import type { Node, Program } from "../../services/regimes/program.ts";

/** Uses every part of the form once. */
export const REGIME = `id: example-2026-01
venue: Example
title: Example futures, portfolio mode
vintage: 2026-01-15
sources:
  faq: { title: "Portfolio margin", where: "https://example.com/faq", note: "copy of 2026-01-20" }
valuation: USD
risk_unit: underlying-settlement

parameters:
  maintenance_factor: { value: 0.8, source: faq }
  move_risk: { by: underlying, BTC: 0.075, ETH: 5%, default: "0.1", source: faq }
  credit_rate: { value: 0.02, source: unpublished, note: "not published; our default" }

tables:
  brackets:
    by: underlying
    boundary: ends
    columns: [from, to, initial, maintenance, leverage]
    BTC: [[0, 50_000, 0.008, 0.004, 125], [50000, inf, 1%, 0.5%, 100]]
    default: [[0, inf, 2%, 1%, 50]]
    source: faq

pairs:
  correlation: { keys: [BTC, ETH], values: [[1, 0.8], [0.8, 1]], otherwise: 0.5, source: faq }

credits:
  inter:
    spreads:
      - { priority: 2, legs: { BTC: 1, ETH: -10 }, rate: 0.25 }
      - { priority: 1, legs: { ES: 1, NQ: -2 }, rate: 0.5 }
    source: faq

scenarios:
  grid:
    kind: grid
    product: { move: [-0.15, 0, 0.15], vol: [1, 0] }
    also: [{ move: 0.3, vol: 1, weight: 35% }]
    constant: { weight: 1 }
  history:
    kind: joint
    rows:
      move: { BTC: [0.01, -0.02], ETH: [0.02, -0.03], default: [0, 0] }
  span: { kind: joint, count: 16 }

inputs:
  confidence: { per: instrument, default: 1 }
  risk_array: { per: instrument, over: span }

terms:
  unit_profit:
    per: instrument
    over: grid
    formula: multiplier * mark * grid.move * confidence
    clause: Profit of one.
    source: faq
    measure: settlement
  scan:
    per: unit
    over: grid
    formula: total(quantity * unit_profit) * weight
    clause: All positions move together.
  risk:
    per: unit
    formula: max(0, -worst(scan))
    clause: The worst scenario.
  roll:
    per: underlying
    formula: total(abs(value) * move_risk) + marginal(brackets.initial, total(notional))
    clause: Expiries roll.
  initial_margin: { per: currency, formula: total(risk) + total(roll), clause: What is needed. }
  maintenance_margin: { per: currency, formula: initial_margin * maintenance_factor, clause: Less of it. }
  equity: { per: currency, formula: balance + total(profit), clause: What is there. }
requirement: { per: currency, equity: equity, initial: initial_margin, maintenance: maintenance_margin }
states:
  called: "equity < 1.1 * initial_margin"
reports: [roll]
checks:
  - { holds: "maintenance_factor <= 1", because: "maintenance may not exceed initial margin" }
  - { holds: "move_risk <= 10%", because: "moves are small" }
examples:
  - name: one
    source: faq
    book: { currencies: { USD: { balance: 0.10000000000000000001 } } }
    expect: { equity: { USD: 5 }, initial: "1.50", maintenance: 1.2 }
`;

/** A document with these terms; sections of REGIME stay where they are not given. */
export function withTerms(terms: string, sections: Readonly<Record<string, string>> = {}): string {
  let text = REGIME.slice(0, REGIME.indexOf("terms:"));
  for (const [section, content] of Object.entries(sections)) {
    const written = `${section}: ${content}\n`;
    const own = new RegExp(`^${section}:.*\\n(?:(?: .*)?\\n)*`, "m");
    text = own.test(text) ? text.replace(own, written) : text + written;
  }
  return `${text}terms:\n${terms}
  nothing: { per: account, formula: "0", clause: Nothing. }
requirement: { per: account, equity: nothing, initial: nothing, maintenance: nothing }
`;
}

/** A term of one formula. */
export function term(name: string, per: string, formula: string, over = ""): string {
  const set = over === "" ? "" : `, over: ${over}`;
  return `  ${name}: { per: ${per}${set}, formula: "${formula}", clause: A test. }\n`;
}

const NAMED: Partial<Record<Node["operation"], (program: Program, node: Node) => string | undefined>> = {
  constant: (_, { constant = 0n }) => String(Number(constant) / 1e18),
  parameter: ({ parameters }, { index = -1 }) => parameters[index]?.name,
  input: ({ inputs }, { index = -1 }) => inputs[index]?.name,
  attribute: ({ sets }, { set, index = -1 }) => sets[set]?.attributes[index]?.name,
};

/** A node as text: operation@level, [set] for a matrix, arguments. */
export function render(program: Program, number: number, fields: readonly { readonly name: string }[]): string {
  const node = program.nodes[number];
  if (node === undefined) return `no node ${number}`;
  const { operation, level, set, index = -1, column } = node;
  const name = operation === "field" ? fields[index]?.name : (NAMED[operation]?.(program, node) ?? operation);
  const short = operation === "constant" ? name : `${name}@${level}`;
  const table = column === undefined ? "" : `.${program.tables[index]?.columns[column]}`;
  const matrix = set < 0 ? "" : `[${program.sets[set]?.name}]`;
  const operands = node.arguments.map((each) => render(program, each, fields));
  return `${short}${table}${matrix}${operands.length === 0 ? "" : `(${operands.join(", ")})`}`;
}
