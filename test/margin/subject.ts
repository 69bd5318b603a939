import type { VenueInput } from "../../services/ingest/source.ts";
import type { MarketDocument } from "../../services/markets/market.ts";
import { Oracle } from "../oracle/oracle.ts";
import type { AccountReport, InstrumentReport, Order, OrderReport, Outcome, ZeroSum } from "../oracle/outcome.ts";
import { KernelSubject } from "./kernelSubject.ts";

/** Anything that claims to carry out docs/margin.md. The tables in this folder are run on each. */
export interface Subject {
  apply(input: VenueInput): Outcome;
  account(name: string): AccountReport;
  instrument(name: string): InstrumentReport;
  checkOrder(order: Order): OrderReport;
  zeroSum(): ZeroSum;
}

export interface SubjectKind {
  readonly name: string;
  open(market: MarketDocument, options: { readonly identityCapacity: number }): Subject;
}

export const subjects: readonly SubjectKind[] = [
  { name: "oracle", open: (market, options) => new Oracle(market, options) },
  { name: "kernel", open: (market, options) => new KernelSubject(market, options) },
];
