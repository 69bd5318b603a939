// Cases of Derive's first portfolio manager: named structures in whole dollars, and scenarios in integers of 10^-18.

import { near } from "../checks.ts";
import { difference, product, quotient, sum } from "../decimalText.ts";
import type { Bench, Check, Margined, PublishedCase } from "../family.ts";
import { type Fields, type Figure, figure, given } from "../figures.ts";
import { type Changes, readChanges } from "./marketChanges.ts";
import { isCall, optionInstrument, TIME, VOLATILITY_LIMIT } from "./options.ts";
import { wholeDollars } from "./wholeDollars.ts";

const REGIME = "derive-pmrm-1";
const MARKET = "ETH";
const PERP = "PERP";

/** Our parameter -> group and name of the case's. */
const PARAMETERS: Readonly<Record<string, readonly [group: string, name: string]>> = {
  im_factor: ["margin", "imFactor"],
  base_discount: ["margin", "baseStaticDiscount"],
  rate_multiple: ["margin", "rateMultScale"],
  rate_addition: ["margin", "rateAddScale"],
  basis_addition: ["basis", "basisContAddFactor"],
  basis_multiple: ["basis", "basisContMultFactor"],
  peg_threshold: ["other", "pegLossThreshold"],
  peg_factor: ["other", "pegLossFactor"],
  confidence_threshold: ["other", "confThreshold"],
  confidence_factor: ["other", "confMargin"],
  base_part: ["other", "basePercent"],
  perp_part: ["other", "perpPercent"],
  option_part: ["other", "optionPercent"],
  volatility_range_up: ["volShock", "volRangeUp"],
  volatility_range_down: ["volShock", "volRangeDown"],
  short_term_power: ["volShock", "shortTermPower"],
  long_term_power: ["volShock", "longTermPower"],
};

function overridesOf(published: Fields) {
  const groups = (given(published, "parameters") ?? {}) as Readonly<Record<string, Fields>>;
  const named = Object.entries(PARAMETERS).flatMap(([parameter, [group, name]]) => {
    const value = groups[group]?.[name];
    return value === undefined || value === null ? [] : [[parameter, value] as const];
  });
  const seconds = groups["volShock"]?.["dteFloorSeconds"];
  const rows = ((groups["scenarios"] ?? []) as unknown as readonly (readonly [Figure, string])[]).map(
    ([shock, direction]) => ({
      shock,
      vol: /^up/i.test(direction) ? 1 : /^down/i.test(direction) ? -1 : 0,
    }),
  );
  const basis = groups["basis"] ?? {};
  return {
    parameters: {
      ...Object.fromEntries(named),
      ...(seconds === undefined ? {} : { days_floor: quotient(seconds as Figure, 86_400) }),
      market_of: { [MARKET]: 1 },
      base_of: { [MARKET]: 1 },
    },
    scenarios: {
      ...(rows.length === 0 ? {} : { grid: { kind: "extreme", rows } }),
      basis: { rows: { shock: [basis["scenarioSpotUp"] ?? 1.05, basis["scenarioSpotDown"] ?? 0.95] } },
    },
  };
}

interface Option {
  readonly instrument: Record<string, unknown>;
  readonly quantity: string;
  readonly confidence: number;
  /** Undefined: by the time to expiry. */
  readonly settledForward?: string;
}

interface Account {
  readonly cash: string;
  readonly base: string;
  readonly spot: string;
  readonly spotConfidence: string;
  readonly stable: string;
  readonly options: readonly Option[];
  readonly perp: {
    readonly size: string;
    readonly price: string;
    readonly confidence: string;
    readonly profit: string;
  };
}

function marginOf(account: Account, published: Fields, bench: Bench): Margined {
  const { options, perp, spot } = account;
  const named = options.map((option, index) => ({ ...option, name: `OPTION-${index + 1}` }));
  const hasPerp = Number(perp.size) !== 0;
  const book = {
    time: TIME,
    limits: { volatility: [0, VOLATILITY_LIMIT] },
    currencies: { USDC: { balance: account.cash }, [MARKET]: { balance: account.base, price: spot } },
    underlyings: { [MARKET]: { index: spot } },
    instruments: {
      ...Object.fromEntries(named.map(({ name, instrument }) => [name, instrument])),
      ...(hasPerp
        ? { [PERP]: { product: "perpetual", underlying: MARKET, settlement: "USDC", mark: perp.price } }
        : {}),
    },
    positions: [
      ...named.map(({ name, quantity }) => ({ instrument: name, quantity })),
      ...(hasPerp ? [{ instrument: PERP, quantity: perp.size, profit: perp.profit }] : []),
    ],
    inputs: {
      market: 1,
      stable_price: account.stable,
      spot_confidence: account.spotConfidence,
      confidence: {
        ...Object.fromEntries(named.map(({ name, confidence }) => [name, confidence])),
        ...(hasPerp ? { [PERP]: perp.confidence } : {}),
      },
      settled_forward: Object.fromEntries(
        named.flatMap(({ name, settledForward }) => (settledForward === undefined ? [] : [[name, settledForward]])),
      ),
    },
  };
  return bench.margin(REGIME, book, overridesOf(published));
}

const net = (margined: Margined, requirement: string): string =>
  difference(margined.value("portfolio_mtm"), margined.value(requirement));

/* Named structures */

const market = (fields: unknown, name: string, underlying: string): Figure | undefined => {
  const value = given(fields, name);
  return (typeof value === "object" ? given(value, underlying, underlying.toUpperCase()) : value) as Figure | undefined;
};

function structureAccount(inputs: Fields): Account {
  const portfolio = given(inputs, "portfolio") as Fields;
  const feeds = given(inputs, "market") as Fields;
  const changes: Changes = readChanges(given(inputs, "overrides"));
  const legs = (name: string) => (given(portfolio, name) ?? []) as readonly Fields[];
  const underlying = String(
    given([...legs("options"), ...legs("perps"), ...legs("bases")][0] ?? {}, "underlying") ?? "eth",
  );
  const feed = (name: string, otherwise: Figure): string =>
    figure({ value: market(feeds, name, underlying) }, ["value"], otherwise);
  const spot = changes.spot.value ?? feed("spot", 0);
  const perpPrice = changes.perp.value ?? feed("perpPrice", spot);
  const options = legs("options").map((leg): Option => {
    const expiry = String(given(leg, "expiry"));
    const strike = figure(leg, ["strike"]);
    const forward = changes.forwardOf(expiry);
    const volatility = changes.volatilityOf(expiry, strike);
    const forwards = given(given(feeds, "forward"), underlying, underlying.toUpperCase());
    const confidences = [
      forward.confidence ?? feed("defaultForwardConfidence", 1),
      volatility.confidence ?? feed("defaultVolConfidence", 1),
      changes.rate.confidence ?? feed("rateConfidence", 1),
    ];
    return {
      quantity: figure(leg, ["amount"]),
      confidence: Math.min(...confidences.map(Number)),
      instrument: optionInstrument({
        underlying: MARKET,
        secondsToExpiry: figure(given(feeds, "secondsToExpiry"), [expiry]),
        strike,
        isCall: isCall(given(leg, "type")),
        volatility: volatility.value ?? feed("defaultVol", 0),
        forward: forward.value ?? figure(forwards, [expiry]),
        interest: changes.rate.value ?? feed("rate", 0),
      }),
    };
  });
  const perps = legs("perps").map((leg) => {
    const size = figure(leg, ["amount"]);
    return { size, profit: product(size, difference(perpPrice, figure(leg, ["entryPrice", "entry"], perpPrice))) };
  });
  return {
    cash: figure(portfolio, ["cash"], 0),
    base: sum(...legs("bases").map((leg) => figure(leg, ["amount"])), "0"),
    spot,
    spotConfidence: changes.spot.confidence ?? feed("spotConfidence", 1),
    stable: changes.stable.value ?? feed("stablePrice", 1),
    options,
    perp: {
      size: sum(...perps.map(({ size }) => size), "0"),
      profit: sum(...perps.map(({ profit }) => profit), "0"),
      price: perpPrice,
      confidence: changes.perp.confidence ?? feed("perpConfidence", 1),
    },
  };
}

export function runStructure({ inputs, expected }: PublishedCase, bench: Bench): readonly Check[] {
  const margined = marginOf(structureAccount(inputs as Fields), inputs as Fields, bench);
  return [
    wholeDollars("im", figure(expected, ["im"]), net(margined, "initial_margin")),
    wholeDollars("mm", figure(expected, ["mm"]), net(margined, "maintenance_margin")),
  ];
}

/* Scenarios */

/** An integer of 10^-18. */
const ofWei = (value: Figure): string => product(value, "1e-18");

const wei = (fields: unknown, ...names: readonly string[]): string => {
  const value = given(fields, ...names);
  return value === undefined || value === "null" ? "0" : ofWei(value as Figure);
};

function scenarioAccount(scenario: Fields): Account {
  const list = (name: string) => (given(scenario, name) ?? []) as readonly Figure[];
  const feeds = new Map(list("FeedExpiries").map((expiry, index) => [String(expiry), index]));
  const options = list("OptionExpiries").map((expiry, index): Option => {
    const feed = feeds.get(String(expiry)) ?? index;
    const of = (name: string, place: number, otherwise = "0"): string => {
      const value = list(name)[place];
      return value === undefined ? otherwise : ofWei(value);
    };
    const fixed = of("ForwardsFixed", feed);
    const variable = of("ForwardsVariable", feed, of("Forwards", feed));
    const confidences = [
      of("ForwardConfidences", feed, "1"),
      of("RateConfidences", feed, "1"),
      of("OptionVolConfidences", index, "1"),
    ];
    return {
      quantity: of("OptionAmounts", index),
      confidence: Math.min(...confidences.map(Number)),
      settledForward: fixed,
      instrument: optionInstrument({
        underlying: MARKET,
        secondsToExpiry: expiry,
        strike: of("OptionStrikes", index),
        isCall: isCall(list("OptionIsCall")[index]),
        volatility: of("OptionVols", index),
        forward: sum(fixed, variable),
        interest: of("Rates", feed),
      }),
    };
  });
  return {
    cash: wei(scenario, "Cash"),
    base: wei(scenario, "Base"),
    spot: wei(scenario, "SpotPrice"),
    spotConfidence: wei(scenario, "SpotConfidence"),
    stable: wei(scenario, "StablePrice"),
    options,
    perp: {
      size: wei(scenario, "Perps"),
      price: wei(scenario, "PerpPrice"),
      confidence: wei(scenario, "PerpConfidence"),
      profit: sum(
        wei(scenario, "UnrealisedPerpPNL", "UnrealizedPerpPNL"),
        wei(scenario, "UnrealisedFunding", "UnrealizedFunding"),
      ),
    },
  };
}

export function runScenario({ inputs, expected }: PublishedCase, bench: Bench): readonly Check[] {
  const margined = marginOf(scenarioAccount(given(inputs, "scenario") as Fields), inputs as Fields, bench);
  const check = (name: string, published: string, actual: string): Check =>
    near(name, published, actual, { absolute: "1e-10", told: "1e-10 USD" });
  const contingencies = ["PerpContingency", "BaseContingency", "OptionContingency"].map((name) => wei(expected, name));
  // What the source's own test asserts.
  return [
    check("PortfolioMTM", wei(expected, "PortfolioMTM"), margined.value("portfolio_mtm")),
    check("ForwardContingency", wei(expected, "ForwardContingency"), margined.value("basis_contingency")),
    check("sum of contingencies", sum(...contingencies), difference("0", margined.value("static_contingency"))),
    check("InitialMarginHand", wei(expected, "InitialMarginHand"), net(margined, "initial_margin")),
    check("MaintenanceMarginHand", wei(expected, "MaintenanceMarginHand"), net(margined, "maintenance_margin")),
  ];
}
