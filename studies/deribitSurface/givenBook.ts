import { bookTimeText } from "../../services/evaluate/bookTime.ts";
import { formatDecimal } from "../../services/markets/decimal.ts";
import { type Book, isOptionQuote, type Leg } from "./books.ts";
import { CONTRACT_USD, OPTION_QUANTITY_SCALE } from "./listings.ts";
import { COINS, type Coin, type FutureQuote, type OptionQuote, type Snapshot } from "./snapshot.ts";

/** Ten times: as the live accounts (listings.ts). */
const LEVERAGE = 10;

/**
 * A drawn book as one that can be margined before there is an account (docs/books.md): entered at the marks, with these
 * balances after the premiums, in 10^-8 coin.
 */
export function givenBook({ legs }: Book, snapshot: Snapshot, balancesE8: Readonly<Record<Coin, bigint>>): unknown {
  return {
    time: bookTimeText(snapshot.timeUs),
    currencies: Object.fromEntries(
      COINS.map((coin) => [
        coin,
        { balance: formatDecimal(balancesE8[coin], 8), price: formatDecimal(snapshot.indexE8[coin], 8) },
      ]),
    ),
    underlyings: Object.fromEntries(COINS.map((coin) => [coin, { index: formatDecimal(snapshot.indexE8[coin], 8) }])),
    instruments: Object.fromEntries(legs.map(({ quote }) => [quote.name, givenInstrument(quote)])),
    positions: legs.map(givenPosition),
  };
}

export function givenInstrument(quote: OptionQuote | FutureQuote): unknown {
  const common = { inverse: true, underlying: quote.coin, settlement: quote.coin };
  const expires = quote.expiryUs === 0n ? {} : { expiry: bookTimeText(quote.expiryUs) };
  if (!isOptionQuote(quote)) {
    const product = quote.expiryUs === 0n ? "perpetual" : "future";
    return {
      ...common,
      ...expires,
      product,
      multiplier: CONTRACT_USD[quote.coin],
      mark: formatDecimal(quote.markE2, 2),
    };
  }
  return {
    ...common,
    ...expires,
    product: quote.call ? "call" : "put",
    mark: formatDecimal(quote.markE8, 8),
    forward: formatDecimal(quote.forwardE8, 8),
    volatility: formatDecimal(quote.volatilityE9, 9),
    strike: quote.strike.toString(),
  };
}

function givenPosition({ quote, quantity }: Leg): unknown {
  const isOption = isOptionQuote(quote);
  const entry = isOption ? formatDecimal(quote.markE8, 8) : formatDecimal(quote.markE2, 2);
  return {
    instrument: quote.name,
    quantity: formatDecimal(quantity, isOption ? OPTION_QUANTITY_SCALE : 0),
    entry,
    leverage: LEVERAGE,
  };
}
