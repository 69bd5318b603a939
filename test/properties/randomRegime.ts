// Random regime documents over the whole formula language. A document is drawn as lists of small numbers ("genes") that
// choose names, functions and constants one after another, so that fast-check can shrink it: without genes left, the
// simplest choice is taken. What is written fits its level and its scenario set; the compiler says so too.

import * as fc from "fast-check";
import { compileRegime } from "../../services/regimes/loadRegime.ts";
import { FIELDS, type Level, type Program } from "../../services/regimes/program.ts";

export const UNDERLYINGS = ["BTC", "ETH", "SOL", "XRP"] as const;
export const CURRENCIES = ["USD", "USDC", "BTC", "ETH"] as const;
const RISK_UNITS = [
  "underlying",
  "underlying-settlement",
  "settlement",
  "account",
  { group: { BTC: "majors", ETH: "majors" } },
] as const;
const NUMBERS = [
  "1",
  "0",
  "2",
  "0.5",
  "-1",
  "0.1",
  "3",
  "-0.25",
  "100",
  "1.000000000000000001",
  "1234567.89",
  "-7.5",
  "1e9",
];
const SHARES = ["0.5", "1", "0.05", "0.25", "0.99", "0.333333333333333333"];
const ROUND_UNITS = ["1", "0.01", "0.3", "5", "1000", "0.000000000000000001"];
const LEVELS_DOWN: readonly Level[] = ["account", "unit", "underlying", "expiry", "strike", "position", "order"];
const ROW_LEVELS: readonly Level[] = [...LEVELS_DOWN, "currency", "instrument"];

export interface RandomRegime {
  readonly program: Program;
  readonly text: string;
}

/**
 * @param smooth with exp, ln and the like, whose last digits are the kernel's own; without them, the kernel must agree
 *   with the oracle to the bit
 */
export function randomRegime({ smooth }: { readonly smooth: boolean }): fc.Arbitrary<RandomRegime> {
  // Without fast-check's leaning to small numbers: they are choices, not sizes.
  const gene = fc.noBias(fc.nat({ max: 9_999 }));
  const genes = fc.array(gene, { maxLength: 40, size: "max" });
  return fc
    .record({
      definitions: fc.array(gene, { maxLength: 160, size: "max" }),
      terms: fc.array(fc.record({ place: gene, genes }), { minLength: 1, maxLength: 10 }),
      conclusion: genes,
    })
    .map(({ definitions, terms, conclusion }) => {
      const writer = new Writer(new Genes(definitions), smooth);
      for (const term of terms) writer.term(new Genes([term.place, ...term.genes]));
      const text = JSON.stringify(writer.document(new Genes(conclusion)), null, 1);
      return { text, program: compileRegime(text, "random.yaml") };
    });
}

class Genes {
  readonly #values: readonly number[];
  #next = 0;

  constructor(values: readonly number[]) {
    this.#values = values;
  }

  /** A number below `count`; 0 when there are none left. */
  next(count: number): number {
    const value = this.#values[this.#next] ?? 0;
    this.#next += 1;
    return value % count;
  }

  get left(): boolean {
    return this.#next < this.#values.length;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.next(items.length)]!;
  }
}

interface Named {
  readonly name: string;
  readonly level: Level;
  readonly set: number;
  readonly market: boolean;
}

/** Where an expression stands. */
interface Site {
  readonly level: Level;
  /** An aggregate may not stand inside another one. */
  readonly inside: boolean;
}

class Writer {
  readonly #smooth: boolean;
  readonly #riskUnit: (typeof RISK_UNITS)[number];
  readonly #named: Named[] = FIELDS.map(({ name, level }) => ({
    name,
    level,
    set: -1,
    market: level === "instrument" || name === "index" || name === "price",
  }));
  readonly #sets: { readonly name: string; readonly count: number; readonly text: object }[] = [];
  readonly #parameters: Record<string, object> = {};
  readonly #tables: { readonly name: string; readonly by: Level; readonly text: object }[] = [];
  readonly #pairs: Record<string, object> = {};
  readonly #credits: Record<string, object> = {};
  readonly #inputs: Record<string, object> = {};
  readonly #terms: Record<string, object> = {};

  constructor(genes: Genes, smooth: boolean) {
    this.#smooth = smooth;
    this.#riskUnit = genes.pick(RISK_UNITS);
    this.#addSets(genes);
    this.#addParameters(genes);
    this.#addTables(genes);
    this.#addInputs(genes);
    this.#addNetworks(genes);
  }

  term(genes: Genes): void {
    const level = genes.pick(ROW_LEVELS);
    const site = { level, inside: false };
    const over = genes.next(3) === 0 ? -1 : genes.next(this.#sets.length + 1) - 1;
    const formula = over < 0 ? this.#column(genes, site, 4) : this.#matrix(genes, site, over, 4);
    const name = `t${Object.keys(this.#terms).length}`;
    this.#terms[name] = {
      per: level,
      ...(over < 0 ? {} : { over: this.#sets[over]!.name }),
      formula,
      clause: "A random term.",
    };
    this.#named.push({ name, level, set: over, market: level === "instrument" });
  }

  document(genes: Genes): object {
    const level = genes.pick(["account", "currency"] as const);
    const safe = level === "account" ? "total(balance)" : "balance";
    // Most books should come through: only then all terms can be compared.
    const column = () => (genes.next(4) < 3 ? safe : this.#column(genes, { level, inside: false }, 3));
    const sections = (entries: readonly { readonly name: string; readonly text: object }[]) =>
      Object.fromEntries(entries.map(({ name, text }) => [name, text]));
    return {
      id: "random",
      venue: "Random",
      title: "A random regime",
      vintage: "2026-01-01",
      sources: { drawn: { title: "A seed", where: "here" } },
      valuation: "USD",
      risk_unit: this.#riskUnit,
      parameters: this.#parameters,
      tables: sections(this.#tables),
      pairs: this.#pairs,
      credits: this.#credits,
      scenarios: sections(this.#sets),
      inputs: this.#inputs,
      terms: this.#terms,
      requirement: { per: level, equity: column(), initial: column(), maintenance: column() },
    };
  }

  #addSets(genes: Genes): void {
    const sets = 1 + genes.next(3);
    for (let set = 0; set < sets; set += 1) {
      // Odd counts leave a lane of the kernel's vectors empty.
      const count = genes.pick([3, 1, 2, 4, 5, 9, 17]);
      const list = () =>
        Array.from({ length: count }, () => genes.pick(["0", "0.15", "-0.15", "0.5", "-0.66", "3", "1e-7"]));
      const by = genes.next(2) === 0 ? list() : { BTC: list(), default: list() };
      const name = `s${set}`;
      this.#sets.push({ name, count, text: { kind: "joint", rows: { [`a${set}`]: list(), [`b${set}`]: by } } });
      this.#named.push({ name: `a${set}`, level: "account", set, market: true });
      this.#named.push({ name: `b${set}`, level: Array.isArray(by) ? "account" : "underlying", set, market: true });
    }
  }

  #addParameters(genes: Genes): void {
    const source = { source: "drawn" };
    this.#parameters["p0"] = { value: genes.pick(NUMBERS), ...source };
    this.#named.push({ name: "p0", level: "account", set: -1, market: true });
    const parameters = genes.next(5);
    for (let number = 1; number <= parameters; number += 1) {
      const by = genes.pick(["underlying", "currency", "instrument", "unit"] as const);
      const keys = this.#keysOf(by).filter(() => genes.next(2) === 0);
      const keyed = Object.fromEntries(keys.map((key) => [key, genes.pick(NUMBERS)]));
      const otherwise = genes.next(4) < 3 || keys.length === 0 ? { default: genes.pick(NUMBERS) } : {};
      this.#parameters[`p${number}`] = { by, ...keyed, ...otherwise, ...source };
      this.#named.push({ name: `p${number}`, level: by, set: -1, market: true });
    }
  }

  #addTables(genes: Genes): void {
    const tables = genes.next(4);
    for (let number = 0; number < tables; number += 1) {
      const by = genes.pick(["account", "underlying", "currency", "instrument", "unit"] as const);
      const tiers = () => {
        let from = 0;
        return Array.from({ length: 1 + genes.next(4) }, (_, tier) => {
          if (tier > 0) from += genes.pick([1, 0.5, 100, 50_000]);
          return [String(from), genes.pick(NUMBERS), genes.pick(NUMBERS)];
        });
      };
      const keys = by === "account" ? [] : this.#keysOf(by).filter(() => genes.next(2) === 0);
      const keyed = Object.fromEntries(keys.map((key) => [key, tiers()]));
      const name = `table${number}`;
      const otherwise = genes.next(4) < 3 || keys.length === 0 ? { default: tiers() } : {};
      const boundary = genes.pick(["begins", "ends"]);
      const text = { by, boundary, columns: ["from", "x", "y"], ...keyed, ...otherwise, source: "drawn" };
      this.#tables.push({ name, by, text });
    }
  }

  #addInputs(genes: Genes): void {
    const inputs = genes.next(5);
    for (let number = 0; number < inputs; number += 1) {
      const level = genes.pick(["account", "unit", "underlying", "position", "currency", "instrument"] as const);
      const set = level === "instrument" || level === "position" ? genes.next(this.#sets.length + 1) - 1 : -1;
      const name = `i${number}`;
      this.#inputs[name] = {
        per: level,
        ...(set < 0 ? {} : { over: this.#sets[set]!.name }),
        ...(genes.next(3) === 0 ? {} : { default: genes.pick(NUMBERS) }),
      };
      this.#named.push({ name, level, set, market: level === "instrument" });
    }
  }

  #addNetworks(genes: Genes): void {
    const keys = this.#keysOf(genes.pick(["underlying", "unit"] as const)).slice(0, 3);
    const above = keys.map((_, row) =>
      keys.map((__, column) => (row < column ? genes.pick(["0.5", "-1", "0", "0.9"]) : "1")),
    );
    const values = keys.map((_, row) =>
      keys.map((__, column) => above[Math.min(row, column)]![Math.max(row, column)]!),
    );
    this.#pairs["rho"] = { keys, values, otherwise: genes.pick(["0", "0.3"]), source: "drawn" };
    const spreads = Array.from({ length: 1 + genes.next(3) }, () => ({
      priority: genes.next(3),
      legs: Object.fromEntries(
        keys.slice(0, 2 + genes.next(2)).map((key) => [key, genes.pick(["1", "-1", "2", "-0.3"])]),
      ),
      rate: genes.pick(["0.5", "1", "0.05"]),
    }));
    if (keys.length >= 2) this.#credits["inter"] = { spreads, source: "drawn" };
  }

  #keysOf(level: Level): readonly string[] {
    switch (level) {
      case "underlying":
        return UNDERLYINGS;
      case "currency":
        return CURRENCIES;
      case "instrument":
        return ["BTC-0", "ETH-1", "BTC-2"];
      default:
        if (typeof this.#riskUnit !== "string") return ["majors", "SOL"];
        if (this.#riskUnit === "underlying") return ["BTC", "ETH", "SOL"];
        if (this.#riskUnit === "settlement") return ["USD", "BTC"];
        return this.#riskUnit === "account" ? ["account"] : ["BTC/BTC", "BTC/USD", "ETH"];
    }
  }

  #isAbove(above: Level, below: Level): boolean {
    if (above === below) return false;
    if (below === "instrument") return ["account", "unit", "underlying", "currency"].includes(above);
    if (above === "instrument") return below === "position" || below === "order";
    if (below === "currency") return above === "account";
    const settles = this.#riskUnit === "underlying-settlement" || this.#riskUnit === "settlement";
    if (above === "currency") return below === "position" || below === "order" || (settles && below !== "account");
    return LEVELS_DOWN.indexOf(above) < LEVELS_DOWN.indexOf(below);
  }

  #reaches({ level, market }: Pick<Named, "level" | "market">, target: Level): boolean {
    return level === target || (this.#isAbove(level, target) && (target !== "instrument" || market));
  }

  /** Names of columns, or of matrices over a set, that may stand here. */
  #names(level: Level, set: number): readonly Named[] {
    return this.#named.filter((named) => named.set === set && this.#reaches(named, level));
  }

  #name(genes: Genes, { level }: Site): string {
    const names = this.#names(level, -1);
    // From the end: terms first, so that they are used.
    return names[names.length - 1 - genes.next(names.length)]!.name;
  }

  /** A column that is no constant, as a term may be: what the compiler knows beforehand it computes, or refuses. */
  #variable(genes: Genes, { level }: Site): string {
    return genes.pick(this.#names(level, -1).filter(({ name }) => this.#terms[name] === undefined)).name;
  }

  /** An expression with one value a row. */
  #column(genes: Genes, site: Site, depth: number): string {
    if (!genes.left || depth === 0) return genes.next(3) === 0 ? genes.pick(NUMBERS) : this.#name(genes, site);
    const inner = () => this.#column(genes, site, depth - 1);
    const choices = [
      () => this.#name(genes, site),
      () => `(${inner()} ${genes.pick(["+", "-", "*", "/"])} ${inner()})`,
      () =>
        `(${this.#variable(genes, site)} ${genes.pick(["<", "<=", ">", ">=", "==", "!=", "and", "or"])} ${inner()})`,
      () => `if(${this.#variable(genes, site)} ${genes.pick(["<", ">", "!="])} ${inner()}, ${inner()}, ${inner()})`,
      () => `(${genes.pick(["abs", "sign", "-", "not "])}(${inner()}))`,
      () => `${genes.pick(["min", "max"])}(${inner()}, ${inner()})`,
      () => `clip(${inner()}, ${inner()}, ${inner()})`,
      () =>
        `${genes.pick(["floor", "ceil", "trunc", "round"])}(${inner()}, ${genes.next(2) === 0 ? genes.pick(ROUND_UNITS) : this.#variable(genes, site)})`,
      () => `sqrt(${inner()})`,
      () => `(${inner()}) ^ ${1 + genes.next(8)}`,
      () => this.#aggregate(genes, site, -1, depth),
      () => this.#reduction(genes, site, depth),
      () => this.#tiers(genes, site, inner),
      () => this.#structure(genes, site, depth),
      ...(this.#smooth ? [() => this.#smoothFunction(genes, inner)] : []),
    ];
    return genes.pick(choices)();
  }

  /** An expression with one value a row and scenario. */
  #matrix(genes: Genes, site: Site, set: number, depth: number): string {
    const names = this.#names(site.level, set);
    const name = () => names[names.length - 1 - genes.next(names.length)]!.name;
    if (!genes.left || depth === 0) return name();
    const inner = () => this.#matrix(genes, site, set, depth - 1);
    const either = () => (genes.next(2) === 0 ? inner() : this.#column(genes, site, depth - 1));
    const choices = [
      name,
      () => `(${inner()} ${genes.pick(["+", "-", "*", "/"])} ${either()})`,
      () => `(${this.#column(genes, site, depth - 1)} ${genes.pick(["+", "-", "*", "/"])} ${inner()})`,
      () => `(${inner()} ${genes.pick(["<", "<=", ">", ">=", "==", "!=", "and", "or"])} ${either()})`,
      () => `if(${inner()}, ${either()}, ${either()})`,
      () => `if(${this.#variable(genes, site)} < ${either()}, ${inner()}, ${either()})`,
      () => `(${genes.pick(["abs", "sign", "-", "not "])}(${inner()}))`,
      () => `${genes.pick(["min", "max"])}(${inner()}, ${either()})`,
      () => `${genes.pick(["floor", "ceil", "trunc", "round"])}(${inner()}, ${genes.pick(ROUND_UNITS)})`,
      () => `sqrt(${inner()})`,
      () => `(${inner()}) ^ ${1 + genes.next(8)}`,
      () => this.#aggregate(genes, site, set, depth),
      () => this.#tiers(genes, site, inner),
      ...(this.#smooth ? [() => this.#smoothFunction(genes, either, inner())] : []),
    ];
    return genes.pick(choices)();
  }

  #smoothFunction(genes: Genes, inner: () => string, first = inner()): string {
    const name = genes.pick(["exp", "ln", "normal", "normal_inverse", "power", "power_law", "black", "black"]);
    if (name === "power") return `(${first}) ^ (${inner()})`;
    if (name === "power_law") return `power_law(${first}, ${inner()}, 0.3, 0.13)`;
    if (name !== "black") return `${name}(${first})`;
    const greek = genes.pick(["price", "delta", "gamma", "vega", "theta"]);
    const isCall = genes.next(2);
    return `${genes.pick(["black", "bachelier"])}_${greek}(${isCall}, ${first}, ${inner()}, ${inner()}, ${inner()}, ${inner()})`;
  }

  /** Over rows beneath: at least one thing in it has a row there. */
  #aggregate(genes: Genes, site: Site, set: number, depth: number): string {
    const lower = ROW_LEVELS.filter((level) => level !== "instrument" && this.#isAbove(site.level, level));
    const levels = lower.filter((level) => this.#named.some((named) => named.level === level && named.set === -1));
    if (site.inside || site.level === "instrument" || levels.length === 0) {
      return set < 0 ? this.#name(genes, site) : this.#matrix(genes, site, set, 0);
    }
    const level = genes.pick(levels);
    const own = this.#named.filter((named) => named.level === level && named.set === -1);
    const beneath = { level, inside: true };
    const anchor = own[genes.next(own.length)]!.name;
    const operand = set < 0 ? this.#column(genes, beneath, depth - 1) : this.#matrix(genes, beneath, set, depth - 1);
    return `${genes.pick(["total", "highest", "lowest", "count", "any"])}(${anchor} ${genes.pick(["*", "+"])} ${operand})`;
  }

  #reduction(genes: Genes, site: Site, depth: number): string {
    const set = genes.next(this.#sets.length);
    const { count } = this.#sets[set]!;
    const matrix = this.#matrix(genes, site, set, depth - 1);
    switch (genes.next(5)) {
      case 0:
        return `worst(${matrix})`;
      case 1:
        return `worst_at(${matrix})`;
      case 2:
        return `quantile(${matrix}, ${genes.pick(SHARES)})`;
      case 3:
        return `tail_mean(${matrix}, ${genes.pick(SHARES.filter((share) => Number(share) * count > 1 || share === "1"))})`;
      default:
        return `scenario(${matrix}, ${1 + genes.next(count)})`;
    }
  }

  #tiers(genes: Genes, { level }: Site, inner: () => string): string {
    const tables = this.#tables.filter(({ by }) => this.#reaches({ level: by, market: true }, level));
    if (tables.length === 0) return inner();
    const { name } = genes.pick(tables);
    return `${genes.pick(["marginal", "bracket"])}(${name}.${genes.pick(["x", "y"])}, ${inner()})`;
  }

  #structure(genes: Genes, site: Site, depth: number): string {
    const at = (level: Level) => this.#column(genes, { level, inside: false }, Math.max(0, depth - 2));
    const reached = (level: Level) => this.#reaches({ level, market: false }, site.level);
    const choices: (() => string)[] = [() => this.#name(genes, site)];
    if (reached("expiry")) choices.push(() => `payoff_floor(${at("position")})`);
    if (reached("strike")) choices.push(() => `payoff_at(${at("position")})`);
    if (reached("underlying")) {
      choices.push(() => `calendar_charge(${at("expiry")}, ${at("expiry")})`);
      choices.push(() => `strategy(${at("position")}, ${[1, 2, 3, 4].map(() => `abs(${at("position")})`).join(", ")})`);
    }
    for (const level of site.inside ? [] : (["unit", "underlying"] as const)) {
      const own = this.#named.filter((named) => named.level === level && named.set === -1);
      if (own.length === 0) continue;
      const anchored = () => `${genes.pick(own).name} * ${this.#column(genes, { level, inside: true }, 1)}`;
      if (reached("account")) choices.push(() => `correlated(${anchored()}, rho)`);
      if (reached(level) && this.#credits["inter"] !== undefined) {
        choices.push(() => `spread_credit(${anchored()}, ${this.#column(genes, { level, inside: true }, 1)}, inter)`);
      }
    }
    return choices[choices.length - 1 - genes.next(choices.length)]!();
  }
}
