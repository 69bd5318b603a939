// MAR-007 and MAR-008: what an isolated position may lose.

import { rule } from "./rule.ts";

rule(
  "MAR-007 opening posts the initial margin of the entry cost; adding posts the difference",
  `
  open alice isolated
  deposit alice USD 1,000
  buy alice TIR 10 @ 100        # I(1,000) = 20 % - 100 = 100
  position alice TIR posted=100
  pool alice USD balance=900
  buy alice TIR 10 @ 150        # I(2,500) - I(1,000) = 400 - 100
  position alice TIR posted=400 cost=2,500
  pool alice USD balance=600 IM=0 openPositions=0
  `,
);

rule(
  "MAR-007 the position's leverage counts: at 2x half of the cost is posted",
  `
  open alice isolated
  deposit alice USD 1,000
  leverage alice LIN 200
  buy alice LIN 10 @ 100
  position alice LIN posted=500 leverage=200
  pool alice USD balance=500
  `,
);

rule(
  "MAR-007 a fill is a fact: with too little free collateral it posts what there is, and the state shows it",
  `
  open alice isolated
  deposit alice USD 60
  mark LIN 100
  buy alice LIN 10 @ 100         # 100 required
  > state alice LIN healthy called
  position alice LIN posted=60 IM=100 MM=50
  pool alice USD balance=0
  buy alice LIN 10 @ 100
  > state alice LIN called liquidating
  position alice LIN posted=60 IM=200 MM=100
  `,
);

rule(
  "MAR-007 the fee comes first and from the pool; a flip posts for what it opens",
  `
  open alice isolated
  deposit alice USD 105
  buy alice FEE 10 @ 100 fee 10        # 95 are left for the 100 required
  position alice FEE posted=95
  pool alice USD balance=0
  sell alice FEE 15 @ 110 fee 15       # closing: 95 + 100 - 10 = 185; opening 550: fee 5, posts 55
  position alice FEE quantity=-5 cost=-550 posted=55 realised=100
  pool alice USD balance=125
  `,
);

rule(
  "MAR-007 free collateral is what the cross positions of the pool leave",
  `
  open alice isolated
  deposit alice USD 150
  mode alice OTH cross
  mark OTH 100
  buy alice OTH 10 @ 100         # IM 100, free 50
  buy alice LIN 10 @ 100
  position alice LIN posted=50
  pool alice USD balance=100 free=0
  `,
);

rule(
  "MAR-008 a partial close releases its share and its profit",
  `
  open alice isolated
  deposit alice USD 1,000
  buy alice LIN 3 @ 111          # posts ceil(33.3) = 34
  position alice LIN posted=34
  sell alice LIN 1 @ 121         # share floor(11.33) = 11, profit 10
  position alice LIN posted=23 quantity=2 realised=10
  pool alice USD balance=987
  sell alice LIN 2 @ 111
  position alice LIN posted=0 quantity=0
  pool alice USD balance=1,010
  `,
);

rule(
  "MAR-008 a loss beyond the slice takes the rest of the posted collateral, then insurance, never the pool",
  `
  open alice isolated
  deposit alice USD 1,000
  buy alice LIN 10 @ 100         # posts 100
  sell alice LIN 4 @ 80          # share 40, profit -80: slice -40 from the posted 60
  position alice LIN posted=20 quantity=6
  pool alice USD balance=900
  sell alice LIN 6 @ 85          # share 20, profit -90: slice -70
  > insurance alice USD 70
  > state alice LIN liquidating healthy
  position alice LIN posted=0 quantity=0
  pool alice USD balance=900
  pool venue:insurance USD balance=-70
  `,
);

rule(
  "MAR-008 worked: long 10, cost 1,000, posted 100, sold at 85: the pool gets 0, insurance pays 50",
  `
  open alice isolated
  open bob cross
  deposit alice USD 100
  deposit bob USD 1,000
  buy alice LIN 10 @ 100
  sell bob LIN 10 @ 100
  sell alice LIN 10 @ 85
  > insurance alice USD 50
  buy bob LIN 10 @ 85
  pool alice USD balance=0
  pool bob USD balance=1,150
  pool venue:insurance USD balance=-50
  zero sum
  `,
);

rule(
  "MAR-008 a closing fee can use up the slice as well",
  `
  open alice isolated
  deposit alice USD 100
  buy alice LIN 10 @ 100
  sell alice LIN 10 @ 91 fee 12    # 100 - 90 - 12 = -2
  > insurance alice USD 2
  pool alice USD balance=0
  pool venue:fees USD balance=12
  `,
);
