// MAR-018: the first mark at which a position is liquidated, and the first at which it is bankrupt.

import { rule } from "./rule.ts";

rule(
  "MAR-018 isolated: a long by the highest mark, a short by the lowest",
  `
  open alice isolated
  open bob isolated
  deposit alice USD 100
  deposit bob USD 100
  buy alice LIN 10 @ 100      # 10 P - 900 < ceil(P / 2): at 94, 40 < 47
  sell bob LIN 10 @ 100       # 1,100 - 10 P < ceil(P / 2): at 105, 50 < 53
  position alice LIN liquidation=94 bankruptcy=89
  position bob LIN liquidation=105 bankruptcy=111
  mark LIN 95
  account alice state=called
  mark LIN 94
  account alice state=liquidating
  `,
);

rule(
  "MAR-018 cross: the other positions' profit and maintenance margin count at their marks",
  `
  open alice cross
  deposit alice USD 100
  mark LIN 100
  mark OTH 90
  buy alice LIN 10 @ 100
  sell alice OTH 5 @ 100      # profit 50, MM 23
  # LIN: 100 + 50 + 10 P - 1,000 - 23 < ceil(P / 2): at 91, 37 < 46
  position alice LIN liquidation=91 bankruptcy=84
  # OTH: 100 + 500 - 5 P - 50 < ceil(P / 4): at 105, 25 < 27
  position alice OTH liquidation=105 bankruptcy=121
  mark OTH 80                 # 50 more, MM 20: at 86, 40 < 43
  position alice LIN liquidation=86 bankruptcy=79
  `,
);

rule(
  "MAR-018 the requirement is that of the tier the position would be in",
  `
  open alice cross
  open bob cross
  deposit alice USD 2,300
  deposit bob USD 1,000
  mark TIR 300
  buy alice TIR 10 @ 300      # 10 P - 700 < ceil(P / 2) at 73 (the tier of the mark would say 72)
  position alice TIR MM=250 liquidation=73 bankruptcy=69
  sell bob TIR 10 @ 90        # 1,900 - 10 P < P - 50 at 178
  position bob TIR liquidation=178 bankruptcy=191
  `,
);

rule(
  "MAR-018 none where no mark within the price limit does it",
  `
  open alice cross
  open bob cross
  deposit alice USD 5,000
  deposit bob USD 1,000,000
  buy alice LIN 10 @ 100
  sell bob LIN 1 @ 100        # at the limit of 100,000: 900,100 left
  position alice LIN liquidation=none bankruptcy=none
  position bob LIN liquidation=none bankruptcy=none
  open carol cross
  mode carol LIN cross
  position carol LIN quantity=0 liquidation=none bankruptcy=none
  `,
);

rule(
  "MAR-018 where every mark within the limit does it, the last one within the limit",
  `
  open alice cross
  mark OTH 1
  buy alice OTH 100,000 @ 20          # -1,900,000
  buy alice LIN 10 @ 100              # at 100,000: 999,000 better
  sell alice TIR 10 @ 100
  position alice LIN liquidation=100,000 bankruptcy=100,000
  position alice TIR liquidation=1 bankruptcy=1
  `,
);

rule(
  "MAR-018 inverse: the requirement grows as the price falls",
  `
  open alice isolated
  open bob isolated
  deposit alice XBT 100,000,000
  deposit bob XBT 100,000,000
  buy alice INV 100,000 @ 100,000     # 1.1 x 10^9 < 1.05 x 10^14 / P below 95,454.5
  sell bob INV 100,000 @ 100,000      # 0.95 x 10^14 / P < 0.9 x 10^9 above 105,555.6
  position alice INV liquidation=95,454 bankruptcy=90,909
  position bob INV liquidation=105,556 bankruptcy=111,112
  `,
);

rule(
  "MAR-018 an inverse short covered by coin is never liquidated",
  `
  open bob cross
  deposit bob XBT 1,000,000,000
  sell bob INV 100,000 @ 100,000
  position bob INV liquidation=none bankruptcy=none
  `,
);

rule(
  "MAR-018 a long in an instrument of any price may be liquidated below zero",
  `
  open alice cross
  deposit alice USD 500
  buy alice OIL 10 @ 20               # 300 + 10 P < ceil(|P| / 2): at -29, 10 < 15
  position alice OIL liquidation=-29 bankruptcy=-31
  mark OIL -29
  pool alice USD state=liquidating equity=10 MM=15
  `,
);
