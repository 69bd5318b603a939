// dYdX v4: the chain's own figures, in quote quantums (a millionth of a USDC) and parts per million.

import type { Bench, Check, Family, Margined, PublishedCase } from "../family.ts";
import { exactly, type Figure, figure, fixedOf, given, quotient, same, shifted } from "../figures.ts";

const REGIME = "dydx-v4-2024-06";
const MARKET = "MARKET-USD";
/** Quote quantums and ppm are both counted in millionths. */
const MILLIONTH = -6;

/** Liquidity tier of the only market; numbers as on the chain: ppm, and caps in quote quantums. */
interface Tier {
  readonly initialPpm: Figure;
  readonly maintenancePpm: Figure;
  readonly lowerCap?: Figure;
  readonly upperCap?: Figure;
}

function tierOverrides({ initialPpm, maintenancePpm, lowerCap = 0, upperCap = 0 }: Tier) {
  const row = [initialPpm, maintenancePpm, lowerCap, upperCap].map((each) => shifted(each, MILLIONTH));
  return { tables: { liquidity: [[0, ...row]] } };
}

function tierOf(inputs: unknown): Tier {
  return {
    initialPpm: figure(inputs, ["initial_margin_ppm", "initialMarginPpm"]),
    maintenancePpm: figure(inputs, ["maintenance_fraction_ppm", "maintenanceFractionPpm"], 1_000_000),
    lowerCap: figure(inputs, ["oi_lower_cap", "open_interest_lower_cap", "openInterestLowerCap"], 0),
    upperCap: figure(inputs, ["oi_upper_cap", "open_interest_upper_cap", "openInterestUpperCap"], 0),
  };
}

interface Holding {
  readonly name: string;
  /** In base quantums; multiplier and mark turn one into USDC. */
  readonly quantums: Figure;
  readonly resolution: number;
  readonly mark: Figure;
}

/** An entry of 0: the balance is the chain's own, with the cost of positions taken out. */
function bookOf(quoteQuantums: Figure, holdings: readonly Holding[], inputs: Record<string, unknown> = {}) {
  return {
    currencies: { USDC: { balance: shifted(quoteQuantums, MILLIONTH) } },
    instruments: Object.fromEntries(
      holdings.map(({ name, resolution, mark }) => [
        name,
        { product: "perpetual", underlying: name, settlement: "USDC", multiplier: shifted(1, resolution), mark },
      ]),
    ),
    positions: holdings.map(({ name: instrument, quantums: quantity }) => ({ instrument, quantity, entry: 0 })),
    inputs,
  };
}

/** price x 10^exponent. */
function markOf(inputs: unknown): string {
  const exponent = Number(figure(inputs, ["exponent", "price_exponent", "priceExponent"], 0));
  return shifted(figure(inputs, ["price"]), exponent);
}

function holdingOf(inputs: unknown): Holding {
  return {
    name: MARKET,
    quantums: figure(inputs, ["base_quantums", "quantums", "position_quantums"]),
    resolution: Number(figure(inputs, ["atomic_resolution", "atomicResolution"], MILLIONTH)),
    mark: markOf(inputs),
  };
}

function millionths(margined: Margined, term: string, row?: string): string {
  const value = row === undefined ? margined.value(term) : margined.values(term).get(row);
  if (value === undefined) throw new Error(`${term} is undefined for ${row}`);
  return shifted(value, -MILLIONTH);
}

const isVenue =
  (pattern: RegExp) =>
  ({ venue = "", model = "" }: PublishedCase): boolean =>
    venue.startsWith("dYdX") && pattern.test(model);
const isPeer =
  (name: string) =>
  ({ family }: PublishedCase): boolean =>
    family === name;

/** Where numbers end, in USDC (docs/regimes.md, "Numbers"). */
const GUARD = 2 ** 126 / 1e18;

/** A position and what the chain asks for it. */
const requirement: Family = {
  name: "dYdX position margin",
  regimes: [REGIME],
  matches: (published) => isVenue(/IMR|MMR/)(published) || isPeer("dydx-margin")(published),
  notSupported({ expected }) {
    const largest = Math.max(...Object.values(expected as Record<string, Figure>).map(Number));
    return largest / 1e6 > GUARD ? "dYdX: money past the kernel's range, 8.5e19" : undefined;
  },
  run({ inputs, expected }, bench) {
    const openInterest = given(inputs, "open_interest_base_quantums", "open_interest", "openInterest") ?? 0;
    const custom = given(inputs, "custom_imf_ppm", "custom_initial_margin_ppm") ?? 0;
    const book = bookOf(0, [holdingOf(inputs)], {
      open_interest: openInterest,
      custom_fraction: shifted(custom, MILLIONTH),
    });
    const margined = bench.margin(REGIME, book, tierOverrides(tierOf(inputs)));
    return Object.entries(expected as Record<string, Figure>).map(([name, value]) => {
      const term = /^(net_)?notional/.test(name) ? "net_notional" : /^im/i.test(name) ? "initial" : "maintenance";
      return exactly(name, value, millionths(margined, term, MARKET));
    });
  },
};

/** The initial fraction that open interest raises, and the margin on a notional that is given. */
const openInterestRamp: Family = {
  name: "dYdX open-interest ramp",
  regimes: [REGIME],
  matches: isVenue(/effective IMF|initial margin quote quantums|custom IMF/i),
  run({ inputs, expected }, bench) {
    // A price of 1 and a resolution of 10^-6: a quantum of the base is one of the quote.
    const holding = {
      name: MARKET,
      quantums: figure(inputs, ["quote_quantums", "notional"], 1),
      resolution: MILLIONTH,
      mark: 1,
    };
    const book = bookOf(0, [holding], {
      open_interest: given(inputs, "open_interest_notional", "open_interest_quote_quantums") ?? 0,
      custom_fraction: shifted(given(inputs, "custom_imf_ppm", "custom_initial_margin_ppm") ?? 0, MILLIONTH),
    });
    const margined = bench.margin(REGIME, book, tierOverrides(tierOf(inputs)));
    return Object.entries(expected as Record<string, Figure>).map(([name, value]) =>
      exactly(name, value, millionths(margined, /ppm/.test(name) ? "initial_fraction" : "initial", MARKET)),
    );
  },
};

const netNotional: Family = {
  name: "dYdX notional",
  regimes: [REGIME],
  matches: isPeer("dydx-notional"),
  run({ inputs, expected }, bench) {
    const anyTier = tierOverrides({ initialPpm: 0, maintenancePpm: 0 });
    const margined = bench.margin(REGIME, bookOf(0, [holdingOf(inputs)]), anyTier);
    const value = figure(expected, ["net_notional_quote_quantums"]);
    return [exactly("net_notional_quote_quantums", value, millionths(margined, "net_notional", MARKET))];
  },
};

const funding: Family = {
  name: "dYdX funding settlement",
  regimes: [REGIME],
  matches: isPeer("dydx-funding"),
  run({ inputs, expected }, bench) {
    const holding = { name: MARKET, quantums: figure(inputs, ["position_quantums"]), resolution: MILLIONTH, mark: 1 };
    const book = bookOf(0, [holding], {
      funding_index: given(inputs, "global_funding_index"),
      position_funding_index: given(inputs, "position_funding_index") ?? 0,
    });
    const margined = bench.margin(REGIME, book, tierOverrides({ initialPpm: 0, maintenancePpm: 0 }));
    const settled = margined.values("funding_settlement").get(MARKET) ?? "undefined";
    return [exactly("net_settlement_ppm", figure(expected, ["net_settlement_ppm"]), settled)];
  },
};

const fundingClamp: Family = {
  name: "dYdX funding clamp",
  regimes: [REGIME],
  matches: ({ family = "" }) => /^dydx-(funding-clamp|maintenance-ppm|maintenance-margin-ppm)$/.test(family),
  run({ inputs, expected }, bench) {
    const factor = shifted(given(inputs, "clampFactorPpm", "clamp_factor_ppm") ?? 6_000_000, MILLIONTH);
    const book = bookOf(0, [{ name: MARKET, quantums: 0, resolution: MILLIONTH, mark: 1 }]);
    const margined = bench.margin(REGIME, book, {
      ...tierOverrides(tierOf(inputs)),
      parameters: { funding_clamp_factor: factor },
    });
    return Object.entries(expected as Record<string, Figure>).map(([name, value]) => {
      const term = /maintenance/i.test(name) ? "maintenance_fraction" : "funding_clamp";
      return exactly(name, value, millionths(margined, term, MARKET));
    });
  },
};

/** An account with this net collateral, initial and maintenance requirement: one position of the right size and tier. */
function riskOf(net: Figure, initial: Figure, maintenance: Figure, previous: Record<string, Figure> = {}) {
  // Where only the maintenance requirement is named, the initial one is as large: the chain's never is below it.
  const size = fixedOf(initial) < fixedOf(maintenance) ? maintenance : initial;
  const share = fixedOf(size) === 0n ? "1" : quotient(maintenance, size);
  const book = bookOf(net, [{ name: MARKET, quantums: size, resolution: MILLIONTH, mark: 1 }]);
  const inputs = Object.fromEntries(Object.entries(previous).map(([name, value]) => [name, shifted(value, MILLIONTH)]));
  return {
    book: { ...book, positions: [{ instrument: MARKET, quantity: size, profit: 0 }], inputs },
    overrides: { tables: { liquidity: [[0, 1, share, 0, 0]] } },
  };
}

const STATES: Readonly<Record<string, string>> = {
  IsInitialCollateralized: "initial_collateralized",
  IsMaintenanceCollateralized: "maintenance_collateralized",
  IsLiquidatable: "liquidatable",
};

const riskState: Family = {
  name: "dYdX account states",
  regimes: [REGIME],
  matches: isPeer("dydx-risk-state"),
  notSupported({ expected }) {
    const unknown = Object.keys(expected).find((name) => STATES[name] === undefined);
    return unknown === undefined ? undefined : `dYdX: no term shows ${unknown}`;
  },
  run({ inputs, expected }, bench) {
    const { book, overrides } = riskOf(figure(inputs, ["nc"]), figure(inputs, ["imr"], 0), figure(inputs, ["mmr"], 0));
    const margined = bench.margin(REGIME, book, overrides);
    return Object.entries(expected as Record<string, boolean>).map(([name, value]) =>
      same(name, value, String(margined.value(STATES[name]!) === "1")),
    );
  },
};

const TRANSITIONS = ["Success", "NewlyUndercollateralized", "StillUndercollateralized"];

const transition: Family = {
  name: "dYdX update of an account below its initial margin",
  regimes: [REGIME],
  matches: isPeer("dydx-transition"),
  run({ inputs, expected }, bench) {
    const after = figure(inputs, ["newMMR"], 0);
    const { book, overrides } = riskOf(figure(inputs, ["newNC"]), figure(inputs, ["newIMR"], after), after, {
      previous_equity: figure(inputs, ["oldNC"]),
      previous_initial: figure(inputs, ["oldIMR"], 0),
      previous_maintenance: figure(inputs, ["oldMMR"], 0),
    });
    const result = Number(bench.margin(REGIME, book, overrides).value("transition_result"));
    return [same("result", given(expected, "result"), TRANSITIONS[result] ?? String(result))];
  },
};

function subaccountChecks({ inputs, expected }: PublishedCase, bench: Bench): readonly Check[] {
  const positions = (given(inputs, "positions") ?? []) as readonly object[];
  const holdings = positions.map((position, index) => ({
    ...holdingOf(position),
    name: `${MARKET} ${index + 1}`,
  }));
  const overrides = tierOverrides(
    tierOf({ initial_margin_ppm: 100_000, maintenance_fraction_ppm: 500_000, ...inputs }),
  );
  const margined = bench.margin(REGIME, bookOf(figure(inputs, ["usdc_quantums"], 0), holdings), overrides);
  const terms: Readonly<Record<string, string>> = {
    net_collateral: "equity",
    nc: "equity",
    imr: "initial_margin",
    mmr: "maintenance_margin",
  };
  return Object.entries(expected as Record<string, Figure>).map(([name, value]) =>
    exactly(name, value, millionths(margined, terms[name] ?? name)),
  );
}

const subaccount: Family = {
  name: "dYdX subaccount",
  regimes: [REGIME],
  matches: isPeer("dydx-subaccount"),
  run: subaccountChecks,
};

export const families: readonly Family[] = [
  requirement,
  openInterestRamp,
  netNotional,
  funding,
  fundingClamp,
  riskState,
  transition,
  subaccount,
];
