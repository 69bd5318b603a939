import {
  type AccountCommand,
  type Fill,
  Liquidity,
  MarginMode,
  Side,
} from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { VenueInput } from "../../services/ingest/source.ts";
import { type Book, isOptionQuote, type Leg } from "./books.ts";
import { STUDIED_REGIMES, type StudiedRegime } from "./regimes.ts";
import { COINS, type Coin } from "./snapshot.ts";

/** A book with what it pays in, in 10^-8 coin. */
export interface FundedBook {
  readonly book: Book;
  readonly collateralE8: Readonly<Record<Coin, bigint>>;
}

/** 10,000 coins: the other side is there so that every trade has two, and is never short of collateral. */
const AMPLE_E8 = 1_000_000_000_000n;
/** The one that is computed fastest. */
const OTHER_SIDE_REGIME = "deribit-standard";

/** Accounts that a book comes to: one in each regime, and the other side of their trades, which nothing is said of. */
export const ACCOUNTS_OF_A_BOOK = STUDIED_REGIMES.length + 1;

export function accountName({ name }: Book, regime: StudiedRegime): string {
  return `${name}:${regime.name}`;
}

/** Opens the accounts of each book, pays in, and trades at the marks. */
export function openingInputs(books: readonly FundedBook[], timeUs: bigint): readonly VenueInput[] {
  return books.flatMap(({ book, collateralE8 }) => {
    const otherSide = `${book.name}:other-side`;
    const ample = Object.fromEntries(COINS.map((coin) => [coin, AMPLE_E8])) as Record<Coin, bigint>;
    return [
      ...fundedAccount(otherSide, OTHER_SIDE_REGIME, ample, timeUs),
      ...STUDIED_REGIMES.flatMap((regime) => {
        const account = accountName(book, regime);
        const trades = book.legs.flatMap((leg, number) => {
          const tradeId = `${account}-${number + 1}`;
          const opposite = { ...leg, quantity: -leg.quantity };
          return [fillOf(account, leg, tradeId, timeUs), fillOf(otherSide, opposite, tradeId, timeUs)];
        });
        return [...fundedAccount(account, regime.name, collateralE8, timeUs), ...trades];
      }),
    ];
  });
}

function fundedAccount(
  account: string,
  regime: string,
  collateralE8: Readonly<Record<Coin, bigint>>,
  eventTimeUs: bigint,
): readonly VenueInput[] {
  const command = (commandId: string, body: NonNullable<AccountCommand["command"]>): VenueInput => ({
    kind: "account",
    command: { account, commandId, eventTimeUs, command: body },
  });
  return [
    command("open", { $case: "openAccount", value: { marginMode: MarginMode.PORTFOLIO, regime } }),
    ...COINS.filter((coin) => collateralE8[coin] > 0n).map((coin) =>
      command(`pay in ${coin}`, { $case: "deposit", value: { currency: coin, amount: collateralE8[coin] } }),
    ),
  ];
}

function fillOf(account: string, { quote, quantity }: Leg, tradeId: string, eventTimeUs: bigint): VenueInput {
  const fill: Fill = {
    venue: "deribit-surface",
    tradeId,
    account,
    instrument: quote.name,
    side: quantity > 0n ? Side.BUY : Side.SELL,
    quantity: quantity > 0n ? quantity : -quantity,
    price: isOptionQuote(quote) ? quote.markE8 : quote.markE2,
    liquidity: Liquidity.TAKER,
    liquidation: false,
    fee: undefined,
    eventTimeUs,
    orderId: "",
  };
  return { kind: "fill", fill };
}
