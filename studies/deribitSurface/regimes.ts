/** A regime of the study: `name` is what accounts are assigned to, `id` the document. */
export interface StudiedRegime {
  readonly name: string;
  readonly id: string;
  readonly title: string;
}

/**
 * Two of the venue itself, and a cross regime of another one. OKX is the one whose published rules margin coin-settled options in
 * coin; Bybit's unified account takes 3 % of an index in USD and the option's mark for one unit of money.
 */
export const STUDIED_REGIMES: readonly StudiedRegime[] = [
  { name: "deribit-portfolio", id: "deribit-portfolio-2026-02", title: "Deribit portfolio" },
  { name: "deribit-standard", id: "deribit-standard-2026-01", title: "Deribit standard" },
  { name: "okx-multi", id: "okx-multi-2024-09", title: "OKX multi-currency" },
];
