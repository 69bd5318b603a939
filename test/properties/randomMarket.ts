import * as fc from "fast-check";
import { ContractKind, type InstrumentListing } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { MarginTableDocument, MarketDocument } from "../../services/markets/market.ts";

/** A random market, and for each instrument the price that its history starts from. */
export interface RandomMarket {
  readonly document: MarketDocument;
  readonly startPrices: ReadonlyMap<string, bigint>;
}

const MILLION = 1_000_000n;

function whole(min: number, max: number): fc.Arbitrary<bigint> {
  return fc.integer({ min, max }).map(BigInt);
}

/** Floors in thousands and rates in millions: every deduction is whole (MAR-013). Rates rise and stay below 100 %. */
function marginTable(name: string): fc.Arbitrary<MarginTableDocument> {
  const step = fc.record({
    floorStep: fc.oneof(whole(1, 50), whole(100, 1_000_000)),
    maintenanceStep: whole(1, 60),
    initialStep: whole(1, 60),
    margin: whole(0, 40),
  });
  return fc.array(step, { minLength: 1, maxLength: 5 }).map((steps) => {
    const tiers: { floor: bigint; initialRateE9: bigint; maintenanceRateE9: bigint }[] = [];
    for (const { floorStep, maintenanceStep, initialStep, margin } of steps) {
      const last = tiers.at(-1);
      const maintenanceRateE9 = (last?.maintenanceRateE9 ?? 0n) + maintenanceStep * MILLION;
      const rising = (last?.initialRateE9 ?? 0n) + initialStep * MILLION;
      const above = maintenanceRateE9 + margin * MILLION;
      tiers.push({
        floor: last === undefined ? 0n : last.floor + floorStep * 1_000n,
        initialRateE9: rising > above ? rising : above,
        maintenanceRateE9,
      });
    }
    return { name, regime: "random", tiers };
  });
}

function scenarioGrid(name: string) {
  return fc
    .uniqueArray(fc.integer({ min: -900, max: 2_000 }), { minLength: 1, maxLength: 12 })
    .map((moves) => [...new Set([0, ...moves])].sort((left, right) => left - right))
    .map((moves) => ({ name, regime: "random", movesE9: moves.map((move) => BigInt(move) * MILLION) }));
}

interface Surroundings {
  readonly currencies: readonly { readonly name: string; readonly scale: number }[];
  readonly tables: readonly MarginTableDocument[];
}

/**
 * Scales are chosen around the currency's so that k stays near 10^-4 to 10^3 (linear), 10^4 to 10^10 (inverse): money
 * stays far below the engine's magnitudes unless a history asks for more.
 */
function instrument({ currencies, tables }: Surroundings): fc.Arbitrary<{ listing: InstrumentListing; start: bigint }> {
  const choice = fc.record({
    inverse: fc.boolean(),
    currency: fc.constantFrom(...currencies),
    table: fc.constantFrom(...tables),
    exponent: fc.integer({ min: 0, max: 5 }),
    priceScale: fc.integer({ min: 0, max: 3 }),
    tick: whole(1, 10),
    lot: whole(1, 10),
    numerator: whole(1, 12),
    denominator: whole(1, 12),
    dated: fc.boolean(),
    makerFee: fc.integer({ min: -500, max: 500 }),
    takerFee: fc.integer({ min: 0, max: 1_000 }),
    liquidationFee: fc.integer({ min: 0, max: 20_000 }),
    anyPrice: fc.boolean(),
    bandPercent: fc.constantFrom(0n, 5n, 20n),
    startTicks: fc.integer({ min: 100, max: 20_000 }),
    leverage: fc.integer({ min: 0, max: 1_000_000 }),
  });
  return choice.map((drawn) => {
    const start = BigInt(drawn.startTicks) * drawn.tick;
    const { scale } = drawn.currency;
    const quantityScale = drawn.inverse
      ? Math.max(0, scale + drawn.priceScale - 5 - drawn.exponent)
      : Math.max(0, scale - drawn.priceScale + 4 - drawn.exponent);
    const highestLeverageE2 = 100_000_000_000n / drawn.table.tiers[0]!.initialRateE9;
    const leverageE2 = 100n + (BigInt(drawn.leverage) % (highestLeverageE2 - 99n));
    const listing: InstrumentListing = {
      kind: drawn.inverse ? ContractKind.INVERSE : ContractKind.LINEAR,
      settlementCurrency: drawn.currency.name,
      priceScale: drawn.priceScale,
      quantityScale,
      tick: drawn.tick,
      lot: drawn.lot,
      multiplierNumerator: drawn.numerator,
      multiplierDenominator: drawn.denominator,
      expiryTimeUs: drawn.dated ? 1_798_761_600_000_000n : 0n,
      makerFeeRateE9: BigInt(drawn.makerFee) * 1_000n,
      takerFeeRateE9: BigInt(drawn.takerFee) * 1_000n,
      liquidationFeeRateE9: BigInt(drawn.liquidationFee) * 1_000n,
      priceLimit: start * 20n,
      quantityLimit: 1_000_000n * drawn.lot,
      allowsNonPositivePrices: drawn.anyPrice && !drawn.inverse,
      priceBandE9: drawn.bandPercent * 10n * MILLION,
      staleAfterUs: 30_000_000n,
      marginTable: drawn.table.name,
      scenarioGrid: `grid-${drawn.currency.name}`,
      defaultLeverageE2: Number(leverageE2),
    };
    return { listing, start };
  });
}

/** One to three currencies of scale 0 to 8, three margin tables, two to five instruments, one grid a currency. */
export function randomMarket(): fc.Arbitrary<RandomMarket> {
  const surroundings = fc.record({
    currencies: fc
      .array(fc.constantFrom(0, 2, 6, 8), { minLength: 1, maxLength: 3 })
      .map((scales) => scales.map((scale, index) => ({ name: `CUR${index}`, scale }))),
    tables: fc.tuple(marginTable("table0"), marginTable("table1"), marginTable("table2")),
  });
  return surroundings.chain(({ currencies, tables }) =>
    fc
      .record({
        instruments: fc.array(instrument({ currencies, tables }), { minLength: 2, maxLength: 5 }),
        scenarioGrids: fc.tuple(...currencies.map(({ name }) => scenarioGrid(`grid-${name}`))),
      })
      .map(({ instruments, scenarioGrids }) => ({
        document: {
          id: "random",
          currencies,
          marginTables: tables,
          scenarioGrids,
          instruments: instruments.map(({ listing }, index) => ({ name: `INS${index}`, listing })),
        },
        startPrices: new Map(instruments.map(({ start }, index) => [`INS${index}`, start])),
      })),
  );
}
