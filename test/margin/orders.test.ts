// MAR-022 to MAR-024: scenarios, and what an order would do.

import { rule } from "./rule.ts";

rule(
  "MAR-022 a linear position gains in proportion to the move, an inverse one by the move over the new price",
  `
  open alice cross
  open bob cross
  mark LIN 100
  mark INV 100,000
  buy alice LIN 10 @ 100             # -500, -100, 0, 100, 250
  sell bob LIN 10 @ 100
  pool alice USD scan=500 worst=0
  pool bob USD scan=250 worst=4
  buy alice INV 100,000 @ 100,000    # 10 coins x m / (1 + m): -1, -1/9, 0, 1/11, 1/5
  sell bob INV 100,000 @ 100,000
  pool alice XBT scan=1,000,000,000 worst=0
  pool bob XBT scan=200,000,000 worst=4
  `,
);

rule(
  "MAR-023 the positions of a pool are added up scenario by scenario; an isolated position has its own",
  `
  open alice cross
  pool venue:rounding USD absent
  mark LIN 100
  mark OTH 120
  buy alice LIN 10 @ 100
  sell alice OTH 10 @ 120            # 100, 20, 0, -20, -50
  pool alice USD scan=50 worst=4
  mark OTH 100                       # nothing is left: the first of equals
  pool alice USD scan=0 worst=0
  position alice LIN scan=0 worst=0
  open bob isolated
  deposit bob USD 100
  buy bob LIN 10 @ 100
  position bob LIN scan=500 worst=0
  pool bob USD scan=0 worst=0
  `,
);

rule(
  "MAR-024 cross: filled whole at the worse of limit and mark, equity must cover the initial margin",
  `
  open alice cross
  deposit alice USD 120
  mark LIN 100
  order alice buy LIN 10 = accepted IMbefore=0 IM=100 MM=50 equity=120 free=20 freeBefore=120 reduces=no
  order alice buy LIN 10 @ 105 = INITIAL_MARGIN 70 100
  order alice buy LIN 10 @ 95 = accepted equity=120
  order alice sell LIN 10 @ 95 = INITIAL_MARGIN 70 100
  order alice sell LIN 10 @ 105 = accepted equity=120
  order alice buy LIN 12 = accepted IM=120
  order alice buy LIN 13 = INITIAL_MARGIN 120 130
  position alice LIN absent          # asking leaves no trace
  mark FEE 100
  order alice buy FEE 11 = accepted fee=3 equity=117 IM=110
  order alice buy FEE 12 = INITIAL_MARGIN 117 120
  `,
);

rule(
  "MAR-024 an order that only reduces is always accepted, one that flips is not",
  `
  open alice cross
  deposit alice USD 120
  mark LIN 100
  buy alice LIN 10 @ 100
  mark LIN 85
  pool alice USD equity=-30
  order alice sell LIN 4 = accepted reduces=yes IMbefore=85 IM=51
  order alice sell LIN 10 = accepted reduces=yes IM=0 equity=-30
  order alice sell LIN 11 = ACCOUNT_STATE 4 1
  order alice buy LIN 1 = ACCOUNT_STATE 4 1
  `,
);

rule(
  "MAR-024 isolated: what must be posted must be free, after the fee",
  `
  open alice isolated
  deposit alice USD 102
  mark LIN 100
  mark FEE 100
  order alice buy LIN 10 = accepted free=2 IM=100 equity=100
  order alice buy LIN 11 = FREE_COLLATERAL 110 102
  order alice buy FEE 10 = accepted fee=2 free=0
  withdraw alice USD 1
  order alice buy FEE 10 = FREE_COLLATERAL 100 99
  order alice buy LIN 10 @ 101 = accepted
  order alice buy LIN 10 @ 102 = FREE_COLLATERAL 102 101
  `,
);

rule(
  "MAR-024 refused without asking the margin: names, format, limits",
  `
  open alice cross
  deposit alice USD 1,000
  order zoe buy LIN 1 = ACCOUNT_UNKNOWN
  order venue:fees buy LIN 1 = ACCOUNT_RESERVED
  order alice buy NEW 1 = INSTRUMENT_UNKNOWN
  order alice buy TIK 10 = PRICE_MISSING
  mark TIK 100
  order alice buy TIK 10 = accepted
  order alice buy TIK 0 = QUANTITY_NOT_POSITIVE 0 0
  order alice buy TIK 1,010 = QUANTITY_LIMIT 1,010 1,000
  order alice buy TIK 15 = QUANTITY_OFF_LOT 15 10
  order alice buy TIK 10 @ 0 = PRICE_NOT_POSITIVE 0 0
  order alice buy TIK 10 @ 1,005 = PRICE_LIMIT 1,005 1,000
  order alice buy TIK 10 @ 101 = PRICE_OFF_TICK 101 5
  order alice buy TIK 10 @ 105 = accepted
  `,
);

rule(
  "MAR-024 no new risk on a stale mark, nor for a quarantined account",
  `
  open alice cross
  deposit alice USD 1,000
  mark LIN 100 at 10
  mark OTH 100 at 70
  order alice buy LIN 1 = accepted
  mark OTH 100 at 71
  order alice buy LIN 1 = PRICE_STALE 61,000,000 60,000,000
  mark LIN 100
  order alice buy LIN 1 = accepted
  buy alice LIN 1 @ 0 ! PRICE_NOT_POSITIVE
  order alice buy LIN 1 = ACCOUNT_QUARANTINED
  `,
);

rule(
  "CTL-017 no new risk on a stale price of a position beside the order; what reduces passes",
  `
  open alice cross
  open bob isolated
  deposit alice USD 1,000
  deposit alice XBT 100,000,000
  deposit bob USD 1,000
  mark OTH 100 at 10
  mark INV 100,000 at 10
  mark LIN 100 at 70
  buy alice OTH 1 @ 100 at 70
  sell bob OTH 1 @ 100 at 70
  buy alice INV 100 @ 100,000 at 70
  order alice buy LIN 1 = accepted
  order alice buy OTH 1 = accepted
  mark LIN 100 at 71
  order alice buy LIN 1 = PRICE_STALE 61,000,000 60,000,000 price=mark:OTH
  order alice buy OTH 1 = PRICE_STALE 61,000,000 60,000,000 price=mark:OTH
  order alice sell OTH 1 = accepted                # a close passes on a stale price
  order bob buy LIN 1 = accepted                   # what stands behind a fence is no part of the pool
  mark OTH 100 at 72
  order alice buy LIN 1 = accepted                 # the mark of INV is older still, but in another pool
  order alice buy INV 100 = PRICE_STALE 62,000,000 60,000,000 price=mark:INV
  sell alice INV 100 @ 100,000
  buy alice TIR 1 @ 100
  order alice buy LIN 1 = PRICE_MISSING 0 0 price=mark:TIR
  `,
);
