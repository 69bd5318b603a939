// MAR-009 to MAR-011 and MAR-025, MAR-026: funding, settlement, transfers, insurance.

import { rule } from "./rule.ts";

rule(
  "MAR-009 longs pay shorts when the rate is positive; rounding goes against both",
  `
  open alice cross
  open bob cross
  deposit alice USD 1,000
  deposit bob USD 1,000
  mark LIN 105
  buy alice LIN 10 @ 100
  sell bob LIN 10 @ 100
  fund LIN 1,000,000             # 0.1 % of 1,050 = 1.05
  > funding alice -2 posted=0 covered=0
  > funding bob 1 posted=0 covered=0
  pool alice USD balance=998
  pool bob USD balance=1,001
  position alice LIN funding=-2 realised=0
  pool venue:rounding USD balance=1
  fund LIN -1,000,000
  pool alice USD balance=999
  pool bob USD balance=999
  pool venue:rounding USD balance=2
  zero sum
  `,
);

rule(
  "MAR-009 an isolated position pays from its posted collateral; what that cannot bear, insurance pays",
  `
  open alice isolated
  open bob isolated
  deposit alice USD 100
  deposit bob USD 100
  mark LIN 100
  buy alice LIN 10 @ 100
  sell bob LIN 10 @ 100
  fund LIN 30,000,000            # 3 % of 1,000
  > funding alice -30 posted=-30 covered=0
  > funding bob 30 posted=30 covered=0
  > state alice LIN healthy called
  fund LIN 80,000,000
  > funding alice -80 posted=-70 covered=10
  > funding bob 80 posted=80 covered=0
  > state alice LIN called liquidating
  position alice LIN posted=0 funding=-110
  position bob LIN posted=210 funding=110
  pool alice USD balance=0
  pool venue:insurance USD balance=-10
  zero sum
  `,
);

rule(
  "MAR-009 with one side seen, rounding books against the net quantity",
  `
  open alice cross
  open bob cross
  mark LIN 105
  buy alice LIN 10 @ 105
  buy bob LIN 10 @ 105
  fund LIN 1,000,000              # each floor(-1.05) = -2; net trunc(-2.1) = -2
  pool venue:rounding USD balance=2
  instrument LIN net=20 longs=20 holders=2
  `,
);

rule(
  "MAR-009 an inverse position pays in coin",
  `
  open alice cross
  mark INV 100,000
  buy alice INV 100,000 @ 100,000
  fund INV 100,000                # 0.01 % of 10 coins
  > funding alice -100,000 posted=0 covered=0
  > state alice XBT liquidating bankrupt
  `,
);

rule(
  "MAR-010 settlement closes every position at the price, without a fee, and ends the instrument",
  `
  open alice cross
  open bob isolated
  deposit alice USD 1,000
  deposit bob USD 100
  mark DAT 100
  buy alice DAT 10 @ 100
  sell bob DAT 10 @ 100
  settle DAT 115
  > settled alice 10 profit=150 posted=0 covered=0
  > settled bob -10 profit=-150 posted=100 covered=50
  pool alice USD balance=1,150
  pool bob USD balance=0
  pool venue:insurance USD balance=-50
  position alice DAT absent
  instrument DAT settled=yes net=0 holders=0
  zero sum
  buy alice DAT 1 @ 100 ! INSTRUMENT_SETTLED
  mark DAT 100 ! INSTRUMENT_SETTLED
  fund DAT 1 ! INSTRUMENT_SETTLED
  settle DAT 115 ! DUPLICATE
  leverage bob DAT 200 ! INSTRUMENT_SETTLED
  mode bob DAT cross ! INSTRUMENT_SETTLED
  collateral bob DAT 1 ! INSTRUMENT_SETTLED
  order bob buy DAT 1 = INSTRUMENT_SETTLED
  `,
);

rule(
  "MAR-010 booked rounding makes the cash of a settlement add up",
  `
  open alice cross
  open bob cross
  buy alice HLF 3 @ 8             # -12
  sell bob HLF 3 @ 8
  settle HLF 9                    # +13.5: 13; -13.5: -14
  > settled alice 3 profit=1 posted=0 covered=0
  > settled bob -3 profit=-2 posted=0 covered=0
  > insurance bob USD 2
  > state alice USD liquidating healthy
  > state bob USD liquidating healthy
  pool venue:rounding USD balance=1
  zero sum
  `,
);

rule(
  "MAR-010 an isolated position that was in trouble is healthy when it is gone",
  `
  open alice isolated
  deposit alice USD 100
  mark DAT 100
  buy alice DAT 10 @ 100
  mark DAT 94
  > state alice DAT healthy liquidating
  account alice state=liquidating
  settle DAT 94
  > settled alice 10 profit=-60 posted=100 covered=0
  > state alice DAT liquidating healthy
  account alice state=healthy
  pool alice USD balance=40
  `,
);

rule(
  "MAR-011 a deposit adds, a withdrawal takes free collateral only, unrealised profit stays",
  `
  open alice cross
  deposit alice USD 150
  mark LIN 100
  buy alice LIN 10 @ 100
  pool alice USD free=50
  withdraw alice USD 51 ! FREE_COLLATERAL 51 50
  withdraw alice USD 50
  pool alice USD balance=100 free=0
  mark LIN 200
  pool alice USD equity=1,100 IM=200 free=100     # the balance, not equity - IM
  withdraw alice USD 101 ! FREE_COLLATERAL 101 100
  withdraw alice XBT 1 ! FREE_COLLATERAL 1 0
  pool venue:transfers USD balance=-100
  `,
);

rule(
  "MAR-025 insurance pays a cross balance below zero when a liquidation leaves no cross position",
  `
  open alice cross
  deposit alice USD 100
  deposit venue:insurance USD 500
  mark LIN 100
  buy alice LIN 10 @ 100
  buy alice OTH 1 @ 100
  mark LIN 88
  > state alice USD called bankrupt
  sell alice LIN 10 @ 88 liquidation      # balance -20, and OTH is still open
  > nothing
  pool alice USD balance=-20
  sell alice OTH 1 @ 90 liquidation
  > insurance alice USD 30
  > state alice USD bankrupt healthy
  pool alice USD balance=0
  pool venue:insurance USD balance=470
  `,
);

rule(
  "MAR-025 so it does at a settlement; an ordinary close leaves the debt",
  `
  open alice cross
  open bob cross
  buy alice DAT 10 @ 100
  buy bob LIN 10 @ 100
  sell bob LIN 10 @ 98
  > state bob USD liquidating bankrupt
  pool bob USD balance=-20
  settle DAT 97
  > settled alice 10 profit=-30 posted=0 covered=0
  > insurance alice USD 30
  > state alice USD liquidating healthy
  pool alice USD balance=0 state=healthy
  pool bob USD balance=-20 state=bankrupt
  `,
);

rule(
  "MAR-026 every unit is somewhere",
  `
  open alice isolated
  open bob cross
  deposit alice USD 1,000
  deposit bob USD 777
  deposit alice XBT 500,000,000
  deposit bob XBT 300,000,000
  mark FEE 101
  mark HLF 7
  mark INV 138,730
  buy alice FEE 7 @ 101
  sell bob FEE 7 @ 101 maker
  buy bob HLF 3 @ 7
  sell alice HLF 3 @ 7
  sell alice INV 1,001 @ 138,730
  buy bob INV 1,001 @ 138,730
  zero sum
  fund FEE 123,457
  fund HLF -98,765,432
  fund INV 7,777
  zero sum
  sell alice FEE 9 @ 99
  buy bob FEE 9 @ 99
  buy alice INV 1,700 @ 138,005
  sell bob INV 1,700 @ 138,005
  withdraw alice USD 11
  zero sum
  settle HLF 5
  settle FEE 88
  settle INV 140,001
  zero sum
  `,
);
