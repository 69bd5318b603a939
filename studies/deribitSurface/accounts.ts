import {
  type AccountCommand,
  type Fill,
  Liquidity,
  MarginMode,
  Side,
} from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { VenueInput } from "../../services/ingest/source.ts";
import { type Book, isOptionQuote } from "./books.ts";
import { STUDIED_REGIMES, type StudiedRegime } from "./regimes.ts";
import { COINS, type Coin } from "./snapshot.ts";

/** A book with what it pays in, in 10^-8 coin. */
export interface FundedBook {
  readonly book: Book;
  readonly collateralE8: Readonly<Record<Coin, bigint>>;
}

export function accountName({ name }: Book, regime: StudiedRegime): string {
  return `${name}:${regime.name}`;
}

/** Opens the three accounts of each book, pays in, and trades at the marks. */
export function openingInputs(books: readonly FundedBook[], timeUs: bigint): readonly VenueInput[] {
  return books.flatMap((funded) => STUDIED_REGIMES.flatMap((regime) => accountInputs(funded, regime, timeUs)));
}

function accountInputs({ book, collateralE8 }: FundedBook, regime: StudiedRegime, eventTimeUs: bigint): VenueInput[] {
  const account = accountName(book, regime);
  const command = (commandId: string, body: NonNullable<AccountCommand["command"]>): VenueInput => ({
    kind: "account",
    command: { account, commandId, eventTimeUs, command: body },
  });
  const open = { marginMode: MarginMode.PORTFOLIO, regime: regime.name };
  return [
    command("open", { $case: "openAccount", value: open }),
    ...COINS.filter((coin) => collateralE8[coin] > 0n).map((coin) =>
      command(`pay in ${coin}`, { $case: "deposit", value: { currency: coin, amount: collateralE8[coin] } }),
    ),
    ...book.legs.map(({ quote, quantity }, leg): VenueInput => {
      const fill: Fill = {
        venue: "deribit-surface",
        tradeId: `leg-${leg + 1}`,
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
    }),
  ];
}
