// MAR-001 to MAR-006: what a fill moves.

import { rule } from "./rule.ts";

rule(
  "MAR-001 an inverse fill moves the floor of its cash; what that takes from the seller is booked to rounding",
  `
  open alice cross
  open bob cross
  # 1,000 x 10^9 / 138,730 = 7,208,246.23
  buy alice INV 1,000 @ 138,730
  position alice INV quantity=1,000 cost=-7,208,246
  pool venue:rounding XBT balance=0
  sell bob INV 1,000 @ 138,730
  position bob INV quantity=-1,000 cost=7,208,247
  pool venue:rounding XBT balance=1
  zero sum
  `,
);

rule(
  "MAR-001 with k = 1/2, an odd linear amount rounds against both sides",
  `
  open alice cross
  open bob cross
  buy alice HLF 1 @ 7          # x = -3.5, cash -4
  sell bob HLF 1 @ 7           # x = +3.5, cash +3
  position alice HLF cost=4
  position bob HLF cost=-3
  pool venue:rounding USD balance=1
  zero sum
  `,
);

rule(
  "MAR-002 the entry cost is the exact sum of what was paid",
  `
  open alice cross
  buy alice LIN 3 @ 40         # 120
  buy alice LIN 2 @ 37         # 74
  position alice LIN quantity=5 cost=194 realised=0
  pool alice USD balance=0
  open bob cross
  sell bob LIN 3 @ 40
  sell bob LIN 2 @ 37
  position bob LIN quantity=-5 cost=-194
  zero sum
  `,
);

rule(
  "MAR-003 a close relieves the entry cost in proportion, rounded up; the last one takes what is left",
  `
  open alice cross
  buy alice LIN 2 @ 33
  buy alice LIN 1 @ 34         # long 3, cost 100
  sell alice LIN 1 @ 40        # R = ceil(33.33) = 34
  position alice LIN quantity=2 cost=66 realised=6
  pool alice USD balance=6
  sell alice LIN 2 @ 40        # 80 - 66
  position alice LIN quantity=0 cost=0 realised=20
  pool alice USD balance=20
  `,
);

rule(
  "MAR-003 a short relieves a negative entry cost, also rounded up",
  `
  open bob cross
  sell bob LIN 2 @ 33
  sell bob LIN 1 @ 34          # short 3, cost -100
  buy bob LIN 1 @ 30           # R = ceil(-33.33) = -33, profit -30 + 33
  position bob LIN quantity=-2 cost=-67 realised=3
  buy bob LIN 2 @ 30           # -60 + 67
  position bob LIN quantity=0 cost=0 realised=10
  `,
);

rule(
  "MAR-003 an inverse close pays in coin",
  `
  open alice cross
  open bob cross
  buy alice INV 100,000 @ 100,000     # 10,000 USD a coin: 10 coins, cost -1,000,000,000
  sell bob INV 100,000 @ 100,000
  sell alice INV 50,000 @ 125,000     # pays 4 coins, relieves 5
  buy bob INV 50,000 @ 125,000
  position alice INV quantity=50,000 cost=-500,000,000 realised=100,000,000
  position bob INV quantity=-50,000 cost=500,000,000 realised=-100,000,000
  zero sum
  `,
);

rule(
  "MAR-004 a flip closes all of it and opens the rest at the same price",
  `
  open alice cross
  buy alice LIN 3 @ 40         # cost 120
  sell alice LIN 5 @ 50        # cash 250: 150 close the 3, 100 open 2 short
  position alice LIN quantity=-2 cost=-100 realised=30
  pool alice USD balance=30
  `,
);

rule(
  "MAR-004 the closing part of a flip gets the floor of its own cash, the opening part the remainder",
  `
  open alice cross
  sell alice HLF 1 @ 7         # cash floor(3.5) = 3, cost -3
  buy alice HLF 3 @ 7          # cash floor(-10.5) = -11: closing floor(-3.5) = -4, opening -7
  position alice HLF quantity=2 cost=7 realised=-1
  pool venue:rounding USD balance=1
  `,
);

rule(
  "MAR-005 the taker pays, the maker's rebate is rounded against the maker, the venue may name the fee",
  `
  open alice cross
  open bob cross
  deposit alice USD 1,000
  deposit bob USD 1,000
  buy alice FEE 15 @ 101             # 1,515 x 0.2 % = 3.03: 4
  pool alice USD balance=996
  position alice FEE fees=4
  sell bob FEE 15 @ 101 maker        # 1,515 x -0.1 % = -1.515: -1
  pool bob USD balance=1,001
  position bob FEE fees=-1
  pool venue:fees USD balance=3
  buy alice FEE 1 @ 101 fee 7
  sell bob FEE 1 @ 101 fee -2
  pool alice USD balance=989
  pool bob USD balance=1,003
  pool venue:fees USD balance=8
  zero sum
  `,
);

rule(
  "MAR-005 the closing part of a flip bears its share of the fee, rounded down",
  `
  open alice isolated
  deposit alice USD 1,000
  buy alice FEE 3 @ 100 fee 0         # posts 30
  sell alice FEE 10 @ 100 fee 11      # closing bears floor(33 / 10) = 3, opening 8; 7 short post 70
  position alice FEE quantity=-7 cost=-700 posted=70 fees=11
  pool alice USD balance=919
  `,
);

rule(
  "MAR-005 what the closing part bears counts in its slice: a fee of 11 as 3, a rebate of 11 as 4 received",
  `
  open alice isolated
  open bob isolated
  deposit alice USD 1,000
  deposit bob USD 1,000
  buy alice FEE 3 @ 100 fee 0
  buy bob FEE 3 @ 100 fee 0
  sell alice FEE 10 @ 88 fee 11       # 30 - 36 - 3; opening 616: fee 8, posts 62
  > insurance alice USD 9
  pool alice USD balance=900
  sell bob FEE 10 @ 88 fee -11        # 30 - 36 + 4; opening: fee -7
  > insurance bob USD 2
  pool bob USD balance=915
  `,
);

rule(
  "MAR-006 a liquidation fill pays insurance after the fee, at most the balance",
  `
  open alice cross
  deposit alice USD 50
  buy alice FEE 10 @ 100 fee 0
  sell alice FEE 5 @ 99 liquidation   # profit -5, fee ceil(0.99) = 1, liquidation fee ceil(4.95) = 5
  pool alice USD balance=39
  position alice FEE quantity=5 fees=6
  pool venue:insurance USD balance=5
  sell alice FEE 4 @ 91 liquidation   # profit -36, fee 1; 2 are left of the 4 that are due
  pool alice USD balance=0
  pool venue:insurance USD balance=7
  `,
);

rule(
  "MAR-006 a liquidation fill only reduces",
  `
  open alice cross
  deposit alice USD 1,000
  buy alice LIN 10 @ 100
  sell alice LIN 11 @ 100 liquidation ! NOT_REDUCING 11 10
  > quarantined alice NOT_REDUCING
  buy alice LIN 1 @ 100 liquidation ! NOT_REDUCING 1 0
  > nothing
  position alice LIN quantity=10
  `,
);

rule(
  "MAR-006 of an isolated position the liquidation fee takes at most the closed slice",
  `
  open alice isolated
  deposit alice USD 100
  buy alice FEE 10 @ 100 fee 0          # posts all 100
  sell alice FEE 10 @ 91 liquidation    # profit -90, fee 2: a slice of 8, of which 10 (1 % of 910, up) are due
  > nothing
  position alice FEE quantity=0 posted=0
  pool alice USD balance=0
  pool venue:insurance USD balance=8
  pool venue:fees USD balance=2
  `,
);
