import { z } from "zod";

// The shape of the documents in markets/. What a value must be beyond its shape (rising floors, whole
// deductions, bounds) is checked where it is turned into numbers: compileRegime.ts and compileInstrument.ts.

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "must be letters, digits, '.', '_' or '-'");

/** Text, so that no digit passes through a double. */
const decimal = z.string({
  error: 'must be quoted decimal text such as "0.5": an unquoted number is read as a double',
});
const rate = z.string({
  error: 'must be quoted text such as "0.5%" or "0.005": an unquoted number is read as a double',
});
const scale = z.int().min(0).max(12);

const tier = z.strictObject({
  /** Notional from which the tier counts, in currency. */
  floor: decimal,
  initialRate: rate,
  maintenanceRate: rate,
  /** The maintenance amount (`cum`) that the venue publishes for the tier; checked against the deduction of MAR-013. */
  publishedAmount: decimal.optional(),
});

const marginTable = z.strictObject({
  name,
  /** Currency of the floors: that of the instruments that use the table. */
  currency: name,
  note: z.string().optional(),
  tiers: z.array(tier).min(1).max(16),
});

const scenarioGrid = z.strictObject({
  name,
  note: z.string().optional(),
  /** Relative moves of the mark. */
  moves: z.array(rate).min(1).max(64),
});

export const regimeSchema = z.strictObject({
  id: name,
  venue: z.string().min(1),
  effective: z.string().regex(/^\d{4}-\d{2}-\d{2}$/, "must be a date, YYYY-MM-DD"),
  sources: z.array(z.string().min(1)).min(1),
  note: z.string().optional(),
  marginTables: z.array(marginTable).default([]),
  scenarioGrids: z.array(scenarioGrid).default([]),
});

const instrument = z.strictObject({
  name,
  kind: z.enum(["linear", "inverse"]),
  settlementCurrency: name,
  priceScale: scale,
  quantityScale: scale,
  tick: decimal,
  lot: decimal,
  /** Worth of one contract: x price (linear) or / price (inverse). */
  multiplier: decimal,
  /** UTC; absent for a perpetual. */
  expiry: z.iso.datetime().optional(),
  makerFee: rate,
  takerFee: rate,
  liquidationFee: rate,
  priceLimit: decimal,
  quantityLimit: decimal,
  allowsNonPositivePrices: z.boolean().default(false),
  /** How options on it are priced: Black-76 knows no price of zero or below. */
  priceModel: z.enum(["black-76", "bachelier"]).default("black-76"),
  priceBand: rate,
  staleAfterMs: z.int().positive(),
  marginTable: name,
  scenarioGrid: name,
  defaultLeverage: decimal,
  /** Name of the index that it follows; needed for portfolio margin and by options. */
  underlying: name.optional(),
  option: z.strictObject({ type: z.enum(["call", "put"]), strike: decimal }).optional(),
});

export const marketSchema = z.strictObject({
  id: name,
  note: z.string().optional(),
  /** Paths of documents with margin tables and scenario grids, relative to this file. */
  tables: z.array(z.string().min(1)).min(1),
  /** Margin models that accounts can be assigned to (docs/regimes.md): a name, and the document's path. */
  regimes: z
    .array(z.strictObject({ name, document: z.string().min(1), effective: z.iso.datetime().optional() }))
    .default([]),
  currencies: z.array(z.strictObject({ name, scale })).min(1),
  instruments: z.array(instrument).min(1),
});

export type RegimeText = z.infer<typeof regimeSchema>;
export type MarginTableText = RegimeText["marginTables"][number];
export type ScenarioGridText = RegimeText["scenarioGrids"][number];
export type MarketText = z.infer<typeof marketSchema>;
export type InstrumentText = MarketText["instruments"][number];
