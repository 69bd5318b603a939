// MAR-019 to MAR-021: what an account may choose.

import { rule } from "./rule.ts";

rule(
  "MAR-019 cross to isolated posts the initial margin and covers an unrealised loss; the way back returns it",
  `
  open alice cross
  deposit alice USD 300
  mark LIN 100
  buy alice LIN 10 @ 100
  mode alice LIN isolated
  position alice LIN mode=isolated posted=100
  pool alice USD balance=200 IM=0
  mode alice LIN cross
  position alice LIN mode=cross posted=0
  pool alice USD balance=300
  mark LIN 95
  mode alice LIN isolated        # IM 95, loss 50
  position alice LIN posted=145 state=healthy
  mode alice LIN isolated        # as it is
  position alice LIN posted=145
  mode alice LIN cross
  mark LIN 110
  mode alice LIN isolated        # a profit is not counted twice: IM 110
  position alice LIN posted=110
  `,
);

rule(
  "MAR-019 refused when the pool could not pay, or could not bear what stays in it",
  `
  open alice cross
  deposit alice USD 120
  mark LIN 95
  buy alice LIN 10 @ 100
  mode alice LIN isolated ! INITIAL_MARGIN -25 0
  position alice LIN mode=cross posted=0
  deposit alice USD 180
  buy alice OTH 15 @ 100
  mark OTH 99                    # after posting 145: balance 155, equity 140, IM 149
  mode alice LIN isolated ! INITIAL_MARGIN 140 149
  deposit alice USD 9
  mode alice LIN isolated
  `,
);

rule(
  "MAR-019 unrealised profit of others cannot be posted: the balance itself must bear it",
  `
  open alice cross
  deposit alice USD 120
  mark LIN 95
  mark OTH 200
  buy alice LIN 10 @ 100
  buy alice OTH 1 @ 100          # profit 100, IM 20
  mode alice LIN isolated ! INITIAL_MARGIN -25 0
  `,
);

rule(
  "MAR-019 isolated to cross is refused when the pool would be below its initial margin",
  `
  open alice isolated
  deposit alice USD 100
  buy alice LIN 10 @ 100
  mark LIN 99
  > state alice LIN healthy called
  mode alice LIN cross ! INITIAL_MARGIN 90 99
  deposit alice USD 9
  mode alice LIN cross
  > state alice LIN called healthy
  pool alice USD balance=109 equity=99 IM=99
  `,
);

rule(
  "MAR-019 without an open position it always holds; the account's own mode is for positions yet to come",
  `
  open alice
  account alice mode=isolated
  mode alice LIN cross
  position alice LIN mode=cross quantity=0
  leverage alice OTH 500
  mode alice - cross
  account alice mode=cross
  leverage alice TIR 500
  position alice OTH mode=isolated leverage=500
  position alice TIR mode=cross leverage=500
  mode alice - unspecified ! MODE_UNKNOWN
  mode alice LIN 7 ! MODE_UNKNOWN 7 0
  mode alice NEW cross ! INSTRUMENT_UNKNOWN
  `,
);

rule(
  "MAR-020 from 1x to what the first tier allows",
  `
  open alice cross
  leverage alice LIN 99 ! LEVERAGE_RANGE 99 100
  leverage alice LIN 1,001 ! LEVERAGE_RANGE 1,001 1,000
  position alice LIN absent
  leverage alice LIN 100
  leverage alice LIN 1,000
  leverage alice NEW 500 ! INSTRUMENT_UNKNOWN
  `,
);

rule(
  "MAR-020 refused when it lifts the initial margin above the equity",
  `
  open alice cross
  deposit alice USD 150
  mark LIN 100
  buy alice LIN 10 @ 100
  leverage alice LIN 500 ! INITIAL_MARGIN 150 200
  position alice LIN leverage=1,000
  leverage alice LIN 700
  position alice LIN IM=143
  mark LIN 86                    # equity 10, IM 123: less is always allowed
  leverage alice LIN 900
  open bob isolated
  deposit bob USD 300
  mark OTH 100
  buy bob OTH 10 @ 100
  leverage bob OTH 500 ! INITIAL_MARGIN 100 200
  collateral bob OTH 100
  leverage bob OTH 500
  position bob OTH IM=200 posted=200
  `,
);

rule(
  "MAR-020 a leverage that the tier overrules changes nothing and is allowed",
  `
  open alice cross
  deposit alice USD 10
  mark TIR 250
  buy alice TIR 10 @ 250         # 400 by tier
  leverage alice TIR 700         # 358 by leverage
  position alice TIR IM=400 leverage=700
  `,
);

rule(
  "MAR-021 adding takes from the free collateral; taking back leaves the initial margin and covers a loss",
  `
  open alice isolated
  deposit alice USD 200
  mark LIN 100
  buy alice LIN 10 @ 100
  collateral alice LIN 101 ! FREE_COLLATERAL 101 100
  collateral alice LIN 60
  position alice LIN posted=160
  pool alice USD balance=40
  mark LIN 95                    # 160 - 50 - 95
  collateral alice LIN -16 ! POSTED_COLLATERAL 16 15
  collateral alice LIN -15
  position alice LIN posted=145
  mark LIN 110                   # a profit cannot be taken: 145 - 110
  collateral alice LIN -36 ! POSTED_COLLATERAL 36 35
  collateral alice LIN -35
  pool alice USD balance=90
  position alice LIN posted=110
  `,
);

rule(
  "MAR-021 only an isolated position holds collateral",
  `
  open alice cross
  deposit alice USD 200
  collateral alice LIN 10 ! NOT_ISOLATED
  collateral alice LIN 0 ! AMOUNT_NOT_POSITIVE 0 0
  collateral alice LIN -100,000,000,000,000,001 ! AMOUNT_LIMIT -100,000,000,000,000,001 100,000,000,000,000,000
  collateral alice NEW 1 ! INSTRUMENT_UNKNOWN
  position alice LIN absent
  `,
);
