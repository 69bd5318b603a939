// MAR-012 to MAR-017: what a position is worth and what it must hold.

import { rule } from "./rule.ts";

rule(
  "MAR-012 a position is worth the floor of what closing it at the mark would bring",
  `
  open alice cross
  buy alice LIN 10 @ 100
  sell alice OTH 10 @ 100
  buy alice INV 1,000 @ 138,730
  position alice LIN value=1,000 profit=0 IM=100      # before the first mark, V = C
  mark LIN 105
  mark OTH 105
  mark INV 140,000
  position alice LIN value=1,050 profit=50
  position alice OTH value=-1,050 profit=-50
  position alice INV value=-7,142,858 profit=65,388   # 10^12 / 140,000 = 7,142,857.1, and -7,208,246 was paid
  `,
);

rule(
  "MAR-012 an odd half goes against long and short",
  `
  open alice cross
  open bob cross
  buy alice HLF 1 @ 8
  sell bob HLF 1 @ 8
  mark HLF 9
  position alice HLF value=4 profit=0
  position bob HLF value=-5 profit=-1
  `,
);

rule(
  "MAR-013 maintenance margin by tiers is continuous where a tier begins",
  `
  open alice cross
  buy alice TIR 10 @ 100
  mark TIR 99         # N = 990 at 5 % = 49.5
  position alice TIR MM=50
  mark TIR 100        # 10 % - 50
  position alice TIR MM=50
  mark TIR 250
  position alice TIR MM=200
  mark TIR 999        # N = 9,990
  position alice TIR MM=949
  mark TIR 1,000      # 25 % - 1,550
  position alice TIR MM=950
  mark TIR 2,000
  position alice TIR MM=3,450
  `,
);

rule(
  "MAR-013 a short counts by the size of its notional, an inverse contract in coin",
  `
  open bob cross
  sell bob TIR 10 @ 250
  position bob TIR MM=200
  buy bob INV 100,000 @ 100,000
  mark INV 125,000                                # 8 coins
  position bob INV value=-800,000,000 MM=40,000,000
  mark INV 80,000                                 # 12.5 coins: a fall makes it larger
  position bob INV value=-1,250,000,000 MM=62,500,000
  `,
);

rule(
  "MAR-014 initial margin is the larger of the chosen leverage and the tier",
  `
  open alice cross
  deposit alice USD 20,000
  buy alice TIR 10 @ 99
  position alice TIR IM=99           # 10x and 10 %
  mark TIR 250
  position alice TIR IM=400          # 250 by leverage, 500 - 100 by tier
  leverage alice TIR 200
  position alice TIR IM=1,250        # half
  leverage alice TIR 300
  mark TIR 100
  position alice TIR IM=334          # a third of 1,000, up
  mark TIR 2,000
  position alice TIR IM=6,900        # 6,667 by leverage, 10,000 - 3,100 by tier
  `,
);

rule(
  "MAR-015 losses are offset by gains within the pool",
  `
  open alice cross
  deposit alice USD 200
  mark LIN 100
  mark OTH 100
  buy alice LIN 10 @ 100
  sell alice OTH 10 @ 100
  mark LIN 110
  mark OTH 108
  pool alice USD balance=200 profit=20 equity=220 IM=218 MM=109 free=2 openPositions=2
  mark LIN 120
  pool alice USD profit=120 equity=320 IM=228 free=92
  mark OTH 90
  pool alice USD equity=500 IM=210 free=200            # never more than the balance
  `,
);

rule(
  "MAR-015 isolated positions and other currencies are no part of a pool",
  `
  open alice cross
  deposit alice USD 300
  deposit alice XBT 50
  mark LIN 100
  mark OTH 100
  mode alice OTH isolated
  buy alice LIN 10 @ 100
  buy alice OTH 10 @ 100
  mark OTH 150
  pool alice USD balance=200 profit=0 equity=200 IM=100 openPositions=1
  pool alice XBT balance=50 equity=50 IM=0
  position alice OTH posted=100 profit=500
  `,
);

rule(
  "MAR-016 each state begins below its line, not on it",
  `
  open alice cross
  deposit alice USD 100
  mark LIN 100
  buy alice LIN 10 @ 100      # equity 100 = IM
  > nothing
  mark LIN 99                 # 90 < 99
  > state alice USD healthy called
  mark LIN 95                 # 50, MM 48
  > nothing
  mark LIN 94                 # 40 < 47
  > state alice USD called liquidating
  mark LIN 90                 # 0
  > nothing
  mark LIN 89                 # -10
  > state alice USD liquidating bankrupt
  account alice state=bankrupt stateSinceUs=1,767,225,609,000,000
  mark LIN 100
  > state alice USD bankrupt healthy
  account alice state=healthy
  `,
);

rule(
  "MAR-016 the account's state is the worst of its parts; changes come by account, pool before isolated position",
  `
  open alice isolated
  open bob cross
  deposit bob USD 100
  mark LIN 100
  buy bob LIN 10 @ 100
  buy alice LIN 10 @ 100 fee 1       # nothing to pay it with, nothing to post
  > state alice USD healthy bankrupt
  > state alice LIN healthy liquidating
  account alice state=bankrupt
  deposit alice USD 1
  > state alice USD bankrupt healthy
  account alice state=liquidating
  pool alice USD state=healthy
  position alice LIN state=liquidating
  mark LIN 94
  > state alice LIN liquidating bankrupt
  > state bob USD healthy liquidating
  position bob LIN state=healthy     # a cross position has none of its own
  `,
);

rule(
  "MAR-017 the margin ratio is 1 where liquidation begins, in millionths, rounded up",
  `
  open alice cross
  deposit alice USD 100
  pool alice USD ratio=0
  buy alice LIN 10 @ 100
  mark LIN 100
  pool alice USD ratio=500,000
  mark LIN 99                 # 50 / 90
  pool alice USD ratio=555,556
  mark LIN 94                 # 47 / 40
  pool alice USD ratio=1,175,000
  mark LIN 90                 # 45 / 0
  pool alice USD ratio=9,223,372,036,854,775,807
  mark LIN 80
  pool alice USD ratio=9,223,372,036,854,775,807
  position alice LIN ratio=0
  open bob isolated
  deposit bob USD 100
  buy bob OTH 10 @ 100
  position bob OTH ratio=500,000
  `,
);
