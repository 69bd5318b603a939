// INP-001 to INP-006: which inputs are applied, and what becomes of the others.

import { expect, test } from "vitest";
import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { market } from "./market.ts";
import { rule } from "./rule.ts";
import { subjects } from "./subject.ts";

rule(
  "INP-001 the same fill again is dropped; with other content it quarantines its account",
  `
  open alice cross
  open bob cross
  buy alice LIN 1 @ 10 id t1 at 5
  buy alice LIN 1 @ 10 id t1 at 5 ! DUPLICATE
  > nothing
  account alice quarantined=no
  sell bob LIN 1 @ 10 id t1 at 5              # the other side of the trade has an identity of its own
  buy alice LIN 1 @ 10 id t1 at 5 venue elsewhere
  buy alice LIN 1 @ 11 id t1 at 5 ! IDENTITY_CONFLICT
  > quarantined alice IDENTITY_CONFLICT
  buy alice LIN 2 @ 10 id t1 at 5 ! IDENTITY_CONFLICT
  > nothing
  account alice quarantined=yes
  position alice LIN quantity=2
  `,
);

rule(
  "INP-001 a command is known by account and command id",
  `
  open alice cross
  open bob cross
  deposit alice USD 10 id d at 5
  deposit alice USD 10 id d at 5 ! DUPLICATE
  deposit bob USD 10 id d at 5
  deposit alice USD 11 id d at 5 ! IDENTITY_CONFLICT
  deposit alice USD 10 id d at 6 ! DUPLICATE   # of a command, the time is no part of the content
  withdraw alice USD 99 id w ! FREE_COLLATERAL
  withdraw alice USD 99 id w ! DUPLICATE       # one identity, one answer
  withdraw alice USD 9 id w ! IDENTITY_CONFLICT
  withdraw alice USD 9 id x
  account alice quarantined=no
  pool alice USD balance=1
  `,
);

rule(
  "INP-001 what is no newer than the newest identity forgotten cannot be told from a duplicate",
  `
  open alice cross at 1
  deposit alice USD 10 id d1 at 2
  deposit alice USD 10 id d2 at 3
  deposit alice USD 10 id late at 1           # nothing is forgotten yet: the three above are remembered
  deposit alice USD 10 id d3 at 1 ! IDENTITY_TOO_OLD 1,767,225,601,000,000 1,767,225,601,000,000
  deposit alice USD 10 id d1 at 2 ! DUPLICATE
  deposit alice USD 10 id d4 at 9             # forgets d1
  deposit alice USD 10 id d5 at 2 ! IDENTITY_TOO_OLD
  deposit alice USD 10 id d1 at 2 ! IDENTITY_TOO_OLD
  buy alice LIN 1 @ 10 id t1 at 2 ! IDENTITY_TOO_OLD
  > quarantined alice IDENTITY_TOO_OLD
  deposit alice USD 10 id d6 at 4
  pool alice USD balance=50
  `,
  { identityCapacity: 3 },
);

rule(
  "INP-002 a fill that cannot be applied says why and quarantines its account",
  `
  open a1 cross
  buy a1 TIK 0 @ 100 ! QUANTITY_NOT_POSITIVE 0 0
  > quarantined a1 QUANTITY_NOT_POSITIVE
  open a2 cross
  buy a2 TIK -10 @ 100 ! QUANTITY_NOT_POSITIVE -10 0
  buy a2 TIK 1,010 @ 100 ! QUANTITY_LIMIT 1,010 1,000
  buy a2 TIK 15 @ 100 ! QUANTITY_OFF_LOT 15 10
  buy a2 TIK 10 @ 0 ! PRICE_NOT_POSITIVE 0 0
  buy a2 TIK 10 @ -5 ! PRICE_NOT_POSITIVE -5 0
  buy a2 TIK 10 @ 1,005 ! PRICE_LIMIT 1,005 1,000
  buy a2 TIK 10 @ 101 ! PRICE_OFF_TICK 101 5
  buy a2 TIK 10 @ 100 fee 1,000,000,000,000,001 ! FEE_LIMIT 1,000,000,000,000,001 1,000,000,000,000,000
  buy a2 TIK 10 @ 100 side missing ! FIELD_MISSING
  buy a2 TIK 10 @ 100 liquidity missing ! FIELD_MISSING
  buy a2 NEW 10 @ 100 ! INSTRUMENT_UNKNOWN
  buy zoe TIK 10 @ 100 ! ACCOUNT_UNKNOWN
  > nothing
  buy venue:insurance TIK 10 @ 100 ! ACCOUNT_RESERVED
  > nothing
  position a2 TIK absent
  `,
);

rule(
  "INP-002 the first thing that is wrong is the answer",
  `
  open alice cross
  buy zoe NEW 0 @ 0 ! ACCOUNT_UNKNOWN
  buy alice NEW 0 @ 0 ! INSTRUMENT_UNKNOWN
  buy alice TIK 0 @ 0 side missing ! FIELD_MISSING
  buy alice TIK 1,005 @ 0 ! QUANTITY_LIMIT
  buy alice TIK 15 @ 0 ! QUANTITY_OFF_LOT
  buy alice TIK 10 @ 1,001 fee 9,999,999,999,999,999 ! PRICE_LIMIT
  sell alice TIK 10 @ 100 fee 9,999,999,999,999,999 liquidation ! FEE_LIMIT
  `,
);

rule(
  "INP-002 a quarantined account still takes fills, marks and commands",
  `
  open alice cross
  deposit alice USD 100
  buy alice LIN 1 @ 0 ! PRICE_NOT_POSITIVE
  buy alice LIN 10 @ 100
  mark LIN 94
  > state alice USD healthy liquidating
  deposit alice USD 100
  > state alice USD liquidating healthy
  account alice quarantined=yes
  `,
);

rule(
  "INP-002 a sum past the magnitudes of the engine is refused, never a wrong sum",
  `
  open alice cross
  buy alice LIN 9,000,000,000,000,000 @ 1
  buy alice LIN 1,000,000,000,000,000 @ 1 ! OVERFLOW      # 2^53 units
  > quarantined alice OVERFLOW
  buy alice OTH 1,200,000,000,000 @ 1 ! OVERFLOW          # worth 1.2 x 10^18 > 2^60 at the price limit
  position alice LIN quantity=9,000,000,000,000,000
  position alice OTH absent
  `,
  {
    listings: {
      LIN: { quantityLimit: 2n ** 53n, priceLimit: 100n },
      OTH: { quantityLimit: 2n ** 41n, priceLimit: 1_000_000n },
    },
  },
);

rule(
  "INP-002 a fill far from the mark is a fact; a price of zero is one where the instrument allows it",
  `
  open alice cross
  mark TIK 100
  buy alice TIK 10 @ 1,000
  position alice TIK quantity=10 cost=10,000 profit=-9,000
  buy alice OIL 10 @ -5
  position alice OIL quantity=10 cost=-50
  buy alice OIL 10 @ 0
  position alice OIL quantity=20 cost=-50
  `,
);

rule(
  "INP-003 marks out of range or late are refused",
  `
  mark LIN 0 ! PRICE_NOT_POSITIVE 0 0
  mark LIN 100,001 ! PRICE_LIMIT 100,001 100,000
  mark OIL -100,001 ! PRICE_LIMIT -100,001 100,000
  mark OIL -5
  mark NEW 5 ! INSTRUMENT_UNKNOWN
  mark LIN 100 at 10
  mark LIN 101 at 9 ! PRICE_LATE 1,767,225,609,000,000 1,767,225,610,000,000
  mark LIN 102 at 10 ! PRICE_LATE    # nor is the same time newer
  mark LIN 102 at 11
  instrument LIN mark=102 markTimeUs=1,767,225,611,000,000
  mark TIK 101                       # a mark need not be on tick
  `,
);

rule(
  "INP-003 one wrong tick is held; a true gap is believed at the third",
  `
  mark TIK 100
  mark TIK 110                       # 10 %: on the line
  mark TIK 122 ! PRICE_BAND 122 110
  mark TIK 112
  mark TIK 200 ! PRICE_BAND 200 112
  mark TIK 210 ! PRICE_BAND 210 112  # second
  instrument TIK mark=112
  mark TIK 220
  instrument TIK mark=220
  `,
);

rule(
  "INP-003 a wrong tick delivered three times is still one wrong tick",
  `
  mark TIK 100 at 5
  mark TIK 200 at 6 ! PRICE_BAND 200 100
  mark TIK 200 at 6 ! PRICE_LATE
  mark TIK 100 at 5 ! PRICE_LATE       # nor is the mark itself one that clears what is held
  mark TIK 200 at 6 ! PRICE_LATE
  mark TIK 201 at 7 ! PRICE_BAND 201 100
  instrument TIK mark=100
  mark TIK 202 at 8
  instrument TIK mark=202
  `,
);

rule(
  "INP-005 funding has one answer for each time, a refusal too",
  `
  fund TIK 1000 at 5 ! PRICE_MISSING
  mark TIK 100 at 6
  fund TIK 1000 at 5 ! DUPLICATE
  fund TIK 1000 at 7
  `,
);

rule(
  "INP-003 what is held must confirm itself: another gap, or a mark in the band, begins anew",
  `
  mark TIK 100
  mark TIK 200 ! PRICE_BAND
  mark TIK 205 ! PRICE_BAND
  mark TIK 300 ! PRICE_BAND          # not near 205: the first of its own
  mark TIK 305 ! PRICE_BAND
  mark TIK 101                       # in the band: what was held is forgotten
  mark TIK 305 ! PRICE_BAND
  mark TIK 306 ! PRICE_BAND
  mark TIK 307
  instrument TIK mark=307
  `,
);

rule(
  "INP-004 the engine's time is the latest event time seen, by refused inputs too; only 2000 to 2200 is taken",
  `
  open alice cross
  mark LIN 100 at 10
  mark LIN 0 at 71 ! PRICE_NOT_POSITIVE
  order alice buy LIN 1 = PRICE_STALE 61,000,000 60,000,000
  mark OTH 100 at 20                 # time does not go back
  order alice buy LIN 1 = PRICE_STALE 61,000,000 60,000,000
  mark LIN 100 time 946,684,799,999,999 ! TIME_RANGE 946,684,799,999,999 946,684,800,000,000
  mark LIN 100 time 7,258,118,400,000,000 ! TIME_RANGE 7,258,118,400,000,000 7,258,118,400,000,000
  order alice buy LIN 1 = PRICE_STALE 61,000,000 60,000,000
  deposit alice USD 1 time 0 ! TIME_RANGE
  account alice quarantined=no
  buy alice LIN 1 @ 100 time 0 ! TIME_RANGE
  > quarantined alice TIME_RANGE
  mark DAT 100 time 946,684,800,000,000
  mark DAT 100 time 7,258,118,399,999,999
  `,
);

rule(
  "INP-005 funding and settlement are known by instrument and time",
  `
  open alice cross
  deposit alice USD 1,000
  fund LIN 1,000,000 at 1 ! PRICE_MISSING
  mark LIN 100
  mark OTH 100
  buy alice LIN 10 @ 100
  fund LIN 1,000,000 at 20
  fund LIN 1,000,000 at 20 ! DUPLICATE 1,767,225,620,000,000 1,767,225,620,000,000
  fund LIN 2,000,000 at 19 ! DUPLICATE 1,767,225,619,000,000 1,767,225,620,000,000
  fund OTH 1,000,000 at 20
  fund LIN 1,000,000,001 at 30 ! RATE_RANGE 1,000,000,001 1,000,000,000
  fund LIN -1,000,000,001 at 30 ! RATE_RANGE
  fund LIN 1,000,000 at 30
  fund NEW 1 ! INSTRUMENT_UNKNOWN
  position alice LIN funding=-2
  settle LIN 0 ! PRICE_NOT_POSITIVE
  settle LIN 100,001 ! PRICE_LIMIT
  settle NEW 1 ! INSTRUMENT_UNKNOWN
  settle LIN 100
  settle LIN 100 ! DUPLICATE
  settle LIN 0 ! DUPLICATE
  `,
);

rule(
  "INP-001 commands: names, reserved accounts, amounts",
  `
  deposit alice USD 1 ! ACCOUNT_UNKNOWN
  open alice 4 ! MODE_UNKNOWN 4 0
  open alice cross
  open alice cross ! ACCOUNT_EXISTS
  open venue:fees cross ! ACCOUNT_RESERVED
  deposit alice EUR 1 ! CURRENCY_UNKNOWN
  deposit alice USD 0 ! AMOUNT_NOT_POSITIVE 0 0
  deposit alice USD -1 ! AMOUNT_NOT_POSITIVE -1 0
  deposit alice USD 100,000,000,000,000,001 ! AMOUNT_LIMIT 100,000,000,000,000,001 100,000,000,000,000,000
  withdraw alice USD 0 ! AMOUNT_NOT_POSITIVE 0 0
  deposit venue:insurance USD 10
  withdraw venue:insurance USD 11 ! FREE_COLLATERAL 11 10
  withdraw venue:insurance USD 10
  deposit venue:fees USD 10 ! ACCOUNT_RESERVED
  mode venue:insurance - cross ! ACCOUNT_RESERVED
  zero sum
  `,
);

rule(
  "INP-005 a listing adds an instrument once",
  `
  open alice cross
  list NEW like LIN
  list NEW like LIN ! INSTRUMENT_EXISTS
  buy alice NEW 3 @ 50
  position alice NEW quantity=3 cost=150
  `,
);

test.each(subjects)("INP-006 an unreadable record changes nothing and keeps its reason ($name)", (kind) => {
  const subject = kind.open(market(), { identityCapacity: 10 });
  for (const reason of [RefusalReason.UNDECODABLE, RefusalReason.NOT_A_NUMBER]) {
    const record = Uint8Array.of(1, 2, 3);
    const outcome = subject.apply({ kind: "unreadable", reason, detail: "no fill", record });
    expect(outcome).toMatchObject({ code: reason, followed: [] });
  }
});
