// Balances as cases write them: { "btc": 1, "btc_price": 50000, "btc_rate": 0.98 }, or maps of balances and prices.

import { type Figure, figure, given } from "../../figures.ts";

export interface Held {
  readonly name: string;
  readonly balance: string;
  readonly price: string;
  /** Share at which it counts as collateral, where the case gives one for the whole balance. */
  readonly rate: string | undefined;
  /** Floating profit that settles in it. */
  readonly profit: string | undefined;
}

const RESERVED =
  /^(mmr?|imr?|fees?|qty|size|side|price|mark|entry|tiers|rate|perp|leverage|orders?|equity|liability|interest|balance|amount|hedged|index|adj|adjusted|margin|account|wallet|total|avail|available|free|haircut|borrow)$/;
const AMOUNT = /_(balance|amount|qty|equity)$/;

/** Codes of the currencies that are held, with the name of the field that says how much. */
function fieldsByCode(fields: Readonly<Record<string, unknown>>, all: boolean): ReadonlyMap<string, string> {
  const isNumber = (value: unknown) =>
    typeof value === "number" || (typeof value === "string" && value !== "" && Number.isFinite(Number(value)));
  const codes = Object.entries(fields).flatMap(([name, value]): (readonly [string, string])[] => {
    const code = name.replace(AMOUNT, "");
    const isCode = /^[a-z][a-z0-9]{1,7}$/i.test(code) && (all || !RESERVED.test(code));
    return isCode && isNumber(value) ? [[code, name]] : [];
  });
  return new Map(codes);
}

/** Price 1 where none is given: of stable coins, and of what the case values in no other currency. */
export function heldCurrencies(inputs: unknown): readonly Held[] {
  const fields = inputs as Readonly<Record<string, unknown>>;
  const balances = given(inputs, "balances", "assets", "wallet", "equities", "holdings") as
    | Readonly<Record<string, Figure>>
    | undefined;
  const only = given(inputs, "currency", "ccy", "coin", "asset");
  const named =
    balances ?? (typeof only === "string" ? { [only]: given(inputs, "amount", "balance", "equity", "qty") } : fields);
  const codes = fieldsByCode(named as Readonly<Record<string, unknown>>, named !== fields);
  return [...codes].map(([code, field]) => {
    const small = code.toLowerCase();
    const from = (key: string, maps: readonly string[]): unknown => {
      const map = maps.map((each) => fields[each]).find((each) => typeof each === "object" && each !== null);
      const own =
        given(inputs, `${small}_${key}`, `${code}_${key}`) ?? (only === code ? given(inputs, key) : undefined);
      return own ?? (map as Record<string, unknown> | undefined)?.[code];
    };
    const rate =
      from("rate", ["rates", "discount_rates", "discounts", "ratios"]) ?? from("discount", []) ?? from("ratio", []);
    const profit =
      Object.entries(fields).find(([name]) =>
        new RegExp(`(upnl|upl|pnl|profit)_${small}$|^${small}_(upnl|upl|pnl|profit)$`).test(name),
      )?.[1] ?? undefined;
    return {
      name: code.toUpperCase(),
      balance: figure(named, [field]),
      price: figure({ price: from("price", ["prices", "index_prices"]) }, ["price"], 1),
      rate: rate === undefined ? undefined : figure({ rate }, ["rate"]),
      profit: profit === undefined || profit === null ? undefined : figure({ profit }, ["profit"]),
    };
  });
}
