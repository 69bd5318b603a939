// The margin of a portfolio account (MAR-030): its book is evaluated under its regime, the verdict becomes amounts again.

import { currencyRows, onTrial } from "./bookRows";
import { CURRENCY_UNKNOWN, MARGIN_UNKNOWN, OVERFLOW } from "../memory/codes";
import { evaluateKept, KEPT_DONE, KEPT_NOWHERE } from "./keptBooks";
import { ACCOUNT_REGIME, CURRENCY_SCALE, NONE, REGIME_PROGRAM, REGIME_VALUATION } from "../memory/layout";
import { currencyOfKey } from "../memory/nameKeys";
import { fillBook, ordersInBook } from "./portfolioBook";
import { TOWARD_MINUS, TOWARD_PLUS } from "../regime/decimal";
import {
  EVALUATE_LIVE, LEVEL_CURRENCY, PROGRAM_LEVEL, REFUSAL_NODE, REFUSAL_ROW, REGIME_DONE, VERDICT_EQUITY, VERDICT_INITIAL,
  VERDICT_MAINTENANCE, VERDICT_SIZE, VERDICT_STATE,
} from "../regime/format";
import { evaluate } from "../regime/machine";
import { programAt } from "../regime/programs";
import { currencyNumbers, refusal, useMainDesk, verdicts } from "../regime/regions";
import { putWholeUnits } from "./scaledCells";
import { accountAt, currencyAt, regimeAt } from "../memory/tables";

let byCurrency: bool = false;
let judgedCurrency: u32 = NONE;

/**
 * Margins an account as its records stand.
 * @param position a spare row that stands beside the account's list (0: none), `pool` the spare pool it may need
 * @returns 0, else why the margin is unknown
 */
export function evaluateAccount(account: u32, position: usize, pool: usize): u8 {
  const regime = regimeAt(load<u32>(accountAt(account), ACCOUNT_REGIME));
  const program = load<u32>(regime, REGIME_PROGRAM);
  byCurrency = judgesCurrencies(program);
  judgedCurrency = byCurrency ? NONE : valuationCurrency(account);
  if (!byCurrency && judgedCurrency == NONE) return CURRENCY_UNKNOWN;
  const valuation = load<u32>(regime, REGIME_VALUATION);
  if (!ordersInBook && !onTrial) {
    const kept = evaluateKept(account, position, pool, valuation, program);
    if (kept != KEPT_NOWHERE) return kept == KEPT_DONE ? codeOfVerdicts() : MARGIN_UNKNOWN;
  }
  useMainDesk();
  if (!fillBook(account, position, pool, valuation, program)) return OVERFLOW;
  return evaluate(program, EVALUATE_LIVE) == REGIME_DONE ? codeOfVerdicts() : MARGIN_UNKNOWN;
}

/** For each row of the verdict, in whole units of its currency: 0 equity i64 | 8 initial i64 | 16 maintenance i64. */
const AMOUNTS: usize = memory.data(6144, 8);
const AMOUNT_ROW: usize = 24;
const AMOUNT_INITIAL: usize = 8;
const AMOUNT_MAINTENANCE: usize = 16;

/**
 * Puts the verdict into amounts: equity cut down to whole units of its currency, requirements rounded up.
 * @returns 0, or OVERFLOW where an amount does not hold a figure
 */
function codeOfVerdicts(): u8 {
  for (let row: u32 = 0; row < verdictCount(); row++) {
    const verdict = verdicts + <usize>row * VERDICT_SIZE;
    const scale = scaleOfRow(row);
    const amounts = AMOUNTS + <usize>row * AMOUNT_ROW;
    if (!putWholeUnits(amounts, verdict + VERDICT_EQUITY, scale, TOWARD_MINUS)) return OVERFLOW;
    if (!putWholeUnits(amounts + AMOUNT_INITIAL, verdict + VERDICT_INITIAL, scale, TOWARD_PLUS)) return OVERFLOW;
    if (!putWholeUnits(amounts + AMOUNT_MAINTENANCE, verdict + VERDICT_MAINTENANCE, scale, TOWARD_PLUS)) return OVERFLOW;
  }
  return 0;
}


/** Where the verdict of a regime on a whole account is kept: its pool in the valuation currency. */
export function valuationCurrency(account: u32): u32 {
  return currencyOfKey(load<u32>(regimeAt(load<u32>(accountAt(account), ACCOUNT_REGIME)), REGIME_VALUATION));
}

/** Whether a program judges each settlement currency by itself, not the account as a whole. */
export function judgesCurrencies(slot: u32): bool {
  return load<u32>(programAt(slot), PROGRAM_LEVEL) == LEVEL_CURRENCY;
}

export function verdictCount(): u32 {
  return byCurrency ? currencyRows : 1;
}

@inline
export function verdictCurrency(row: u32): u32 {
  return byCurrency ? load<u32>(currencyNumbers + (<usize>row << 2)) : judgedCurrency;
}

/** The row that judges a currency; the only one when the account is judged as a whole. */
export function verdictRowOf(currency: u32): u32 {
  if (!byCurrency) return 0;
  for (let row: u32 = 0; row < currencyRows; row++) {
    if (verdictCurrency(row) == currency) return row;
  }
  return 0;
}

@inline
function scaleOfRow(row: u32): u32 {
  return load<u32>(currencyAt(verdictCurrency(row)), CURRENCY_SCALE);
}

@inline
export function verdictEquity(row: u32): i64 {
  return load<i64>(AMOUNTS + <usize>row * AMOUNT_ROW);
}

@inline
export function verdictInitial(row: u32): i64 {
  return load<i64>(AMOUNTS + <usize>row * AMOUNT_ROW, AMOUNT_INITIAL);
}

@inline
export function verdictMaintenance(row: u32): i64 {
  return load<i64>(AMOUNTS + <usize>row * AMOUNT_ROW, AMOUNT_MAINTENANCE);
}

export function verdictState(row: u32): u8 {
  return <u8>load<u32>(verdicts + <usize>row * VERDICT_SIZE, VERDICT_STATE);
}

/** Node and row that had no value, after MARGIN_UNKNOWN. */
export function refusedNode(): u32 {
  return load<u32>(refusal, REFUSAL_NODE);
}

export function refusedRow(): u32 {
  return load<u32>(refusal, REFUSAL_ROW);
}
