// OKX: futures and options of the single pool, spot margin, the multi-currency account, portfolio margin.

import type { Family } from "../family.ts";
import { okxAccount } from "./okx/account.ts";
import { okxFutures } from "./okx/futures.ts";
import { okxOptions } from "./okx/options.ts";
import { okxPortfolio } from "./okx/portfolio.ts";
import { okxSpotMargin } from "./okx/spotMargin.ts";
import { exclusive } from "./reading/exclusive.ts";

export const families: readonly Family[] = exclusive([okxPortfolio, okxOptions, okxSpotMargin, okxFutures, okxAccount]);
