// Bybit: liquidation prices, margin of futures and options, the unified account.

import type { Family } from "../family.ts";
import { bybitAccount } from "./bybit/account.ts";
import { bybitFutures } from "./bybit/futures.ts";
import { bybitLiquidation } from "./bybit/liquidation.ts";
import { bybitOptions } from "./bybit/options.ts";
import { exclusive } from "./reading/exclusive.ts";

export const families: readonly Family[] = exclusive([bybitOptions, bybitLiquidation, bybitAccount, bybitFutures]);
