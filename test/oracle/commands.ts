// MAR-011 and MAR-019 to MAR-021: what an account may ask for. Each returns a refusal or changes the book given to it.

import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { type AccountCommand, MarginMode } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import {
  type Account,
  accountOf,
  type Book,
  credit,
  instrumentOf,
  newAccount,
  type Position,
  poolOf,
  VENUE_ACCOUNTS,
  VENUE_INSURANCE,
  VENUE_TRANSFERS,
} from "./book.ts";
import { AMOUNT_LIMIT, refusal } from "./checks.ts";
import { commandIdentity, type Identities } from "./identities.ts";
import { touchPosition } from "./ledger.ts";
import { contractNamed, type Market } from "./market.ts";
import type { Refusal } from "./outcome.ts";
import { greater, lesser, magnitude } from "./rational.ts";
import { BILLION, poolFigures, positionFigures } from "./requirement.ts";

type Command = NonNullable<AccountCommand["command"]>;

/** What an applied command moved into a position; undefined when it is no such command. */
interface CommandEffect {
  readonly postedChange: bigint | undefined;
}

const NO_EFFECT: CommandEffect = { postedChange: undefined };

export function isRefusal(result: Refusal | object): result is Refusal {
  return "code" in result;
}

export function applyCommand(
  book: Book,
  market: Market,
  identities: Identities,
  asked: AccountCommand,
): Refusal | CommandEffect {
  const { account: name, command } = asked;
  if (command === undefined) return refusal(RefusalReason.FIELD_MISSING);
  const opens = command.$case === "openAccount";
  if (!opens && !book.accounts.has(name)) return refusal(RefusalReason.ACCOUNT_UNKNOWN);
  const transfer = command.$case === "deposit" || command.$case === "withdrawal";
  if (VENUE_ACCOUNTS.includes(name) && !(name === VENUE_INSURANCE && transfer)) {
    return refusal(RefusalReason.ACCOUNT_RESERVED);
  }
  const known = identities.refusalOf(commandIdentity(asked));
  if (known !== undefined) return known;
  if (opens) return openAccount(book, name, command.value.marginMode);
  const account = accountOf(book, name);
  switch (command.$case) {
    case "deposit":
    case "withdrawal":
      return moveMoney(book, market, account, command);
    case "setMarginMode":
      return setMarginMode(book, market, account, command.value.instrument, command.value.marginMode);
    case "setLeverage":
      return setLeverage(book, market, account, command.value.instrument, BigInt(command.value.leverageE2));
    case "moveCollateral":
      return moveCollateral(book, market, account, command.value.instrument, command.value.amount);
    default:
      throw new Error(`this oracle knows no ${command.$case}: see holds/`);
  }
}

function openAccount(book: Book, name: string, mode: MarginMode): Refusal | CommandEffect {
  if (book.accounts.has(name)) return refusal(RefusalReason.ACCOUNT_EXISTS);
  if (mode !== MarginMode.UNSPECIFIED && mode !== MarginMode.ISOLATED && mode !== MarginMode.CROSS) {
    return refusal(RefusalReason.MODE_UNKNOWN, BigInt(mode));
  }
  book.accounts.set(name, newAccount(name, mode === MarginMode.CROSS ? 2 : 1, book.timeUs));
  return NO_EFFECT;
}

/** MAR-011. */
function moveMoney(
  book: Book,
  market: Market,
  account: Account,
  command: Extract<Command, { $case: "deposit" | "withdrawal" }>,
): Refusal | CommandEffect {
  const { currency, amount } = command.value;
  if (!market.currencyScales.has(currency)) return refusal(RefusalReason.CURRENCY_UNKNOWN);
  if (amount <= 0n) return refusal(RefusalReason.AMOUNT_NOT_POSITIVE, amount);
  if (amount > AMOUNT_LIMIT) return refusal(RefusalReason.AMOUNT_LIMIT, amount, AMOUNT_LIMIT);
  if (command.$case === "withdrawal") {
    const { freeCollateral } = poolFigures(book, market, account, currency);
    if (amount > freeCollateral) return refusal(RefusalReason.FREE_COLLATERAL, amount, freeCollateral);
  }
  const received = command.$case === "deposit" ? amount : -amount;
  poolOf(account, currency).balance += received;
  credit(book, VENUE_TRANSFERS, currency, -received);
  return NO_EFFECT;
}

function instrumentRefusal(book: Book, market: Market, instrument: string): Refusal | undefined {
  if (!market.contracts.has(instrument)) return refusal(RefusalReason.INSTRUMENT_UNKNOWN);
  return instrumentOf(book, instrument).settled ? refusal(RefusalReason.INSTRUMENT_SETTLED) : undefined;
}

/** MAR-019. */
function setMarginMode(
  book: Book,
  market: Market,
  account: Account,
  instrument: string,
  mode: MarginMode,
): Refusal | CommandEffect {
  const refused = instrument === "" ? undefined : instrumentRefusal(book, market, instrument);
  if (refused !== undefined) return refused;
  if (mode !== MarginMode.ISOLATED && mode !== MarginMode.CROSS) {
    return refusal(RefusalReason.MODE_UNKNOWN, BigInt(mode));
  }
  if (instrument === "") {
    account.mode = mode;
    return { postedChange: 0n };
  }
  const position = touchPosition(account, contractNamed(market, instrument));
  if (position.mode === mode) return { postedChange: 0n };
  const pool = poolOf(account, position.currency);
  const figures = positionFigures(book, market, position);
  const postedChange =
    mode === MarginMode.ISOLATED
      ? greater(figures.initialMargin, figures.initialMargin - figures.unrealisedProfit)
      : -position.posted;
  position.mode = mode;
  position.posted += postedChange;
  pool.balance -= postedChange;
  if (position.quantity === 0n) return { postedChange };
  const after = poolFigures(book, market, account, position.currency);
  if (mode === MarginMode.ISOLATED && after.balance < 0n) {
    return refusal(RefusalReason.INITIAL_MARGIN, after.balance, 0n);
  }
  if (after.equity < after.initialMargin) {
    return refusal(RefusalReason.INITIAL_MARGIN, after.equity, after.initialMargin);
  }
  return { postedChange };
}

/** MAR-020. */
function setLeverage(
  book: Book,
  market: Market,
  account: Account,
  instrument: string,
  leverageE2: bigint,
): Refusal | CommandEffect {
  const refused = instrumentRefusal(book, market, instrument);
  if (refused !== undefined) return refused;
  const contract = contractNamed(market, instrument);
  const highestE2 = (100n * BILLION) / contract.tiers[0]!.initialRateE9;
  if (leverageE2 < 100n) return refusal(RefusalReason.LEVERAGE_RANGE, leverageE2, 100n);
  if (leverageE2 > highestE2) return refusal(RefusalReason.LEVERAGE_RANGE, leverageE2, highestE2);
  const position = touchPosition(account, contract);
  const before = positionFigures(book, market, position);
  position.leverageE2 = leverageE2;
  const after = positionFigures(book, market, position);
  if (after.initialMargin <= before.initialMargin) return NO_EFFECT;
  const pool = poolFigures(book, market, account, position.currency);
  const equity = position.mode === 2 ? pool.equity : position.posted + after.unrealisedProfit;
  const needed = position.mode === 2 ? pool.initialMargin : after.initialMargin;
  return equity < needed ? refusal(RefusalReason.INITIAL_MARGIN, equity, needed) : NO_EFFECT;
}

/** MAR-021. */
function moveCollateral(
  book: Book,
  market: Market,
  account: Account,
  instrument: string,
  amount: bigint,
): Refusal | CommandEffect {
  const refused = instrumentRefusal(book, market, instrument);
  if (refused !== undefined) return refused;
  if (amount === 0n) return refusal(RefusalReason.AMOUNT_NOT_POSITIVE, amount);
  if (magnitude(amount) > AMOUNT_LIMIT) return refusal(RefusalReason.AMOUNT_LIMIT, amount, AMOUNT_LIMIT);
  const position = touchPosition(account, contractNamed(market, instrument));
  if (position.mode !== 1 || position.quantity === 0n) return refusal(RefusalReason.NOT_ISOLATED);
  if (amount > 0n) {
    const { freeCollateral } = poolFigures(book, market, account, position.currency);
    if (amount > freeCollateral) return refusal(RefusalReason.FREE_COLLATERAL, amount, freeCollateral);
  } else {
    const limit = takeableCollateral(book, market, position);
    if (-amount > limit) return refusal(RefusalReason.POSTED_COLLATERAL, -amount, limit);
  }
  poolOf(account, position.currency).balance -= amount;
  position.posted += amount;
  return { postedChange: amount };
}

/** MAR-021: posted + min(0, unrealised profit) - IM. */
function takeableCollateral(book: Book, market: Market, position: Position): bigint {
  const figures = positionFigures(book, market, position);
  return position.posted + lesser(0n, figures.unrealisedProfit) - figures.initialMargin;
}
