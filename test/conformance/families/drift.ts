// Drift v2: margin requirement and total collateral of a user, weights of a market, sizes of a liquidation.

import { exact, same } from "../checks.ts";
import { compared, difference, isZero, negated, plain, product, quotient, sum } from "../decimalText.ts";
import type { Bench, Check, Family, Margined, PublishedCase } from "../family.ts";

const REGIME = "drift-v2-2025-11";
const PERPETUAL = "SOL-PERP";

const FIGURE_OF_USER = /^(?:(cross|isolated)_)?(margin_requirement|total_collateral)(?:_(initial|maintenance))?$/;
const FIGURE_OF_WEIGHTS = /^(?:initial_|maintenance_|maint_)?(?:asset|liability)_weight$/;

type Text = string | number;
// biome-ignore lint/suspicious/noExplicitAny: as published
type Inputs = any;

/** Initial margin, unless the case says maintenance. */
function modeOf({ inputs, model = "" }: PublishedCase): "initial" | "maintenance" {
  const told = String(inputs.margin_type ?? inputs.margin_requirement_type ?? model).toLowerCase();
  return told.includes("maint") && !told.includes("initial") ? "maintenance" : "initial";
}

interface Perpetual {
  readonly base: Text;
  /** What the position has paid and received; by default, what it is worth. */
  readonly quote: Text;
  readonly price: Text;
  readonly posted: Text | undefined;
  readonly initialRatio: Text | undefined;
  readonly maintenanceRatio: Text | undefined;
  readonly bids: Text | undefined;
  readonly asks: Text | undefined;
}

function perpetualOf(inputs: Inputs): Perpetual | undefined {
  const { perp } = inputs;
  const base = perp?.base ?? inputs.perp_base;
  if (base === undefined) return undefined;
  const price = perp?.oracle ?? inputs.perp_oracle_price ?? inputs.sol_price;
  return {
    base,
    price,
    quote: perp?.quote ?? inputs.perp_quote ?? negated(product(base, price)),
    posted: perp?.isolated_deposit_usdc ?? inputs.isolated_deposit_usdc,
    initialRatio: perp?.margin_ratio_initial ?? inputs.margin_ratio_initial,
    maintenanceRatio: perp?.margin_ratio_maintenance ?? inputs.margin_ratio_maintenance,
    bids: perp?.open_bids ?? inputs.perp_open_bids,
    asks: perp?.open_asks ?? inputs.perp_open_asks,
  };
}

function bookOf(inputs: Inputs): unknown {
  const balance = (token: string) => difference(inputs[`${token}_deposit`] ?? 0, inputs[`${token}_borrow`] ?? 0);
  const perpetual = perpetualOf(inputs);
  const averages = [
    ["USDC", inputs.usdc_twap_5min ?? inputs.usdc_twap],
    ["SOL", inputs.sol_twap_5min ?? inputs.sol_twap],
  ].filter(([, average]) => average !== undefined);
  const orders = [
    ["SOL/USDC", "buy", inputs.sol_open_bids],
    ["SOL/USDC", "sell", inputs.sol_open_asks],
    [PERPETUAL, "buy", perpetual?.bids],
    [PERPETUAL, "sell", perpetual?.asks],
  ].filter(([, , quantity]) => quantity !== undefined && !isZero(quantity));
  const isolated = perpetual?.posted !== undefined;
  return {
    currencies: {
      USDC: { balance: balance("usdc"), price: plain(inputs.usdc_price ?? 1) },
      ...(inputs.sol_price === undefined ? {} : { SOL: { balance: balance("sol"), price: plain(inputs.sol_price) } }),
    },
    instruments: {
      "SOL/USDC": { product: "spot", underlying: "SOL", settlement: "SOL" },
      ...(perpetual === undefined
        ? {}
        : {
            [PERPETUAL]: {
              product: "perpetual",
              underlying: "SOL",
              settlement: "USDC",
              mark: plain(perpetual.price),
            },
          }),
    },
    positions:
      perpetual === undefined
        ? []
        : [
            {
              instrument: PERPETUAL,
              quantity: plain(perpetual.base),
              profit: sum(product(perpetual.base, perpetual.price), perpetual.quote),
              ...(isolated ? { isolated, posted: plain(perpetual.posted) } : {}),
            },
          ],
    orders: orders.map(([instrument, side, quantity]) => ({
      instrument,
      side,
      quantity: plain(String(quantity).replace("-", "")),
      price: plain(inputs.sol_price ?? perpetual?.price ?? 1),
      ...(isolated && instrument === PERPETUAL ? { isolated } : {}),
    })),
    inputs: {
      ...(averages.length === 0
        ? {}
        : { average_price: Object.fromEntries(averages.map(([token, average]) => [token, plain(average)])) }),
      custom_ratio: plain(
        inputs.custom_margin_ratio ?? inputs.user_custom_margin_ratio ?? inputs.max_margin_ratio ?? 0,
      ),
      ...(inputs.perp?.max_margin_ratio === undefined
        ? {}
        : { position_ratio: { [PERPETUAL]: plain(inputs.perp.max_margin_ratio) } }),
    },
  };
}

const SOL_WEIGHTS = [
  "initial_asset_weight",
  "maintenance_asset_weight",
  "initial_liability_weight",
  "maintenance_liability_weight",
] as const;

function parametersOf(inputs: Inputs): Record<string, unknown> {
  const perpetual = perpetualOf(inputs);
  const strict = inputs.strict === true ? 1 : 0;
  const weights = SOL_WEIGHTS.filter((weight) => inputs[`sol_${weight}`] !== undefined);
  return {
    ...Object.fromEntries(weights.map((weight) => [weight, { SOL: plain(inputs[`sol_${weight}`]) }])),
    ...(inputs.imf_factor === undefined ? {} : { token_size_factor: { SOL: plain(inputs.imf_factor) } }),
    ...(perpetual?.initialRatio === undefined ? {} : { initial_ratio: plain(perpetual.initialRatio) }),
    ...(perpetual?.maintenanceRatio === undefined ? {} : { maintenance_ratio: plain(perpetual.maintenanceRatio) }),
    ...(inputs.perp?.imf_factor === undefined ? {} : { size_factor: plain(inputs.perp.imf_factor) }),
    strict_initial: strict,
    strict_maintenance: strict,
    ...(inputs.margin_buffer === undefined ? {} : { margin_buffer: plain(inputs.margin_buffer) }),
  };
}

function runUser(published: PublishedCase, bench: Bench): readonly Check[] {
  const { inputs, expected } = published;
  const margined = bench.margin(REGIME, bookOf(inputs), { parameters: parametersOf(inputs) });
  const mode = modeOf(published);
  const buffered = inputs.margin_buffer !== undefined && !isZero(inputs.margin_buffer) ? "_with_buffer" : "";
  return Object.entries(expected).map(([figure, value]) => {
    const [, pool = "cross", kind, told] = FIGURE_OF_USER.exec(figure) ?? [];
    const of: Margined | undefined = pool === "isolated" ? margined.isolated.get(PERPETUAL) : margined;
    if (of === undefined) throw new Error("the case has no isolated position");
    return exact(figure, value as Text, of.value(`${kind}${buffered}_${told ?? mode}`));
  });
}

function tokenBook(size: Text, price: Text, inputs: object = {}): unknown {
  return { currencies: { TOKEN: { balance: plain(size), price: plain(price) } }, inputs };
}

function runScaledWeight({ inputs, expected }: PublishedCase, bench: Bench): readonly Check[] {
  const deposits = inputs.deposits ?? inputs.deposits_sol;
  const margined = bench.margin(REGIME, tokenBook(1, inputs.price, { market_deposits: { TOKEN: plain(deposits) } }), {
    parameters: {
      initial_asset_weight: { TOKEN: plain(inputs.initial_asset_weight) },
      weight_scale_start: { TOKEN: plain(inputs.scale_start_usd) },
    },
  });
  const weight = margined.values("scaled_asset_weight").get("TOKEN");
  return [exact("scaled_initial_asset_weight", expected.scaled_initial_asset_weight, weight ?? "")];
}

/** A factor of 10,000 millionths is 0.01. */
function sizeFactorOf(inputs: Inputs): string {
  const factor = inputs.imf_factor ?? 0;
  const millionths = inputs.spot_imf_precision !== undefined && compared(factor, 1) > 0;
  return millionths ? quotient(factor, inputs.spot_imf_precision) : plain(factor);
}

function runSizeWeights({ inputs, expected }: PublishedCase, bench: Bench): readonly Check[] {
  const weights = SOL_WEIGHTS.filter((weight) => inputs[weight] !== undefined);
  const margined = bench.margin(REGIME, tokenBook(inputs.size, inputs.price ?? 1), {
    parameters: {
      // What a case does not give is no part of it.
      ...Object.fromEntries(SOL_WEIGHTS.map((weight) => [weight, { TOKEN: 0 }])),
      ...Object.fromEntries(weights.map((weight) => [weight, { TOKEN: plain(inputs[weight]) }])),
      token_size_factor: { TOKEN: sizeFactorOf(inputs) },
    },
  });
  return Object.entries(expected).map(([figure, value]) => {
    const side = figure.includes("asset") ? "asset" : "liability";
    const mode = figure.includes("maint") ? "maintenance" : "initial";
    const weight = margined.values(`ask_${side}_weight_${mode}`).get("TOKEN");
    return exact(figure, value as Text, weight ?? "");
  });
}

/** Takes what a liquidation takes when nothing cures the shortage. */
const WHOLE = 2n ** 64n - 1n;

function runLiquidationSize({ inputs, expected }: PublishedCase, bench: Bench): readonly Check[] {
  const held = "1000000";
  const margined = bench.margin(
    REGIME,
    {
      currencies: { USDC: { balance: "0", price: plain(inputs.quote_oracle_price ?? 1) } },
      instruments: {
        [PERPETUAL]: {
          product: "perpetual",
          underlying: "SOL",
          settlement: "USDC",
          mark: plain(inputs.oracle_price),
        },
      },
      positions: [{ instrument: PERPETUAL, quantity: held, profit: "0" }],
      inputs: { shortage_to_cure: plain(inputs.margin_shortage_usd) },
    },
    {
      parameters: {
        maintenance_ratio: plain(inputs.margin_ratio),
        liquidator_fee: plain(inputs.liquidation_fee ?? 0),
        insurance_fee: plain(inputs.if_liquidation_fee ?? 0),
      },
    },
  );
  const size = margined.value("liquidation_size");
  const figure = expected.base_asset_amount_1e9;
  if (BigInt(figure) === WHOLE) return [same("takes the whole position", true, compared(size, held) === 0)];
  return [exact("base_asset_amount_1e9", figure, product(size, 1e9))];
}

function runLiabilityTransfer({ inputs, expected }: PublishedCase, bench: Bench): readonly Check[] {
  const margined = bench.margin(
    REGIME,
    {
      currencies: {
        USDC: { balance: "0", price: "1" },
        ASSET: { balance: "1000000", price: "1" },
        LIABILITY: { balance: "-1000000", price: plain(inputs.liability_price) },
      },
      inputs: { shortage_to_cure: plain(inputs.margin_shortage_usd), seized: { ASSET: 1 } },
    },
    {
      parameters: {
        token_unit: { LIABILITY: plain(`1e-${inputs.liability_decimals}`) },
        maintenance_asset_weight: { ASSET: plain(inputs.asset_weight) },
        maintenance_liability_weight: { LIABILITY: plain(inputs.liability_weight) },
        token_liquidator_fee: {
          ASSET: difference(inputs.asset_mult, 1),
          LIABILITY: difference(1, inputs.liability_mult),
        },
        token_insurance_fee: { LIABILITY: plain(inputs.if_fee ?? 0) },
      },
    },
  );
  const transfer = margined.values("liquidation_transfer").get("LIABILITY") ?? "";
  return Object.entries(expected).map(([figure, value]) =>
    exact(figure, value as Text, product(transfer, `1e${inputs.liability_decimals}`)),
  );
}

const SCALED: Family["matches"] = ({ inputs }) => inputs.scale_start_usd !== undefined;
const SIZED: Family["matches"] = ({ expected }) =>
  Object.keys(expected).some((figure) => FIGURE_OF_WEIGHTS.test(figure));
const isDrift: Family["matches"] = ({ venue }) => venue === "Drift";

function unknownFigures({ inputs, expected }: PublishedCase): string | undefined {
  if (String(inputs.margin_type ?? "").toLowerCase() === "fill") {
    return "margin at fills lies halfway between initial and maintenance; the document has those two";
  }
  const unknown = Object.keys(expected).filter((figure) => !FIGURE_OF_USER.test(figure));
  return unknown.length === 0 ? undefined : `the document has no term for ${unknown.join(", ")}`;
}

export const families: readonly Family[] = [
  {
    name: "Drift weight by deposits",
    regimes: [REGIME],
    matches: (published) => isDrift(published) && SCALED(published),
    run: runScaledWeight,
  },
  {
    name: "Drift weights by size",
    regimes: [REGIME],
    matches: (published) => isDrift(published) && !SCALED(published) && SIZED(published),
    run: runSizeWeights,
  },
  {
    name: "Drift margin of a user",
    regimes: [REGIME],
    matches: (published) => isDrift(published) && !SCALED(published) && !SIZED(published),
    notSupported: unknownFigures,
    run: runUser,
  },
  {
    name: "Drift liquidation size",
    regimes: [REGIME],
    matches: ({ family }) => family === "drift-liq-size",
    run: runLiquidationSize,
  },
  {
    name: "Drift liability transfer",
    regimes: [REGIME],
    matches: ({ family }) => family === "drift-liab-transfer",
    run: runLiabilityTransfer,
  },
];
