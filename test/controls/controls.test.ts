// The rules of docs/controls.md, each with its worked numbers. The market is that of test/margin/market.ts.

import { controlRule } from "./rule.ts";

/** Two rich accounts and marks of 100: nothing here is about margin. */
const RICH = `
  open alice cross
  deposit alice USD 1,000,000
  deposit alice XBT 100,000,000,000
  open bob cross
  deposit bob USD 1,000,000
  mark LIN 100
  mark OTH 100
  mark INV 100,000
`;

controlRule(
  "CTL-001 a kill switch refuses everything in its scope, what reduces too",
  `${RICH}
  buy alice LIN 5 @ 100
  check alice buy LIN 1 = accepted
  switch KILL - - on
  check alice buy LIN 1 = KILL_SWITCH 1 0
  check alice sell LIN 1 = KILL_SWITCH 1 0
  check bob buy OTH 1 = KILL_SWITCH 1 0
  switch KILL - - off
  check alice buy LIN 1 = accepted
  switch KILL alice - on
  check alice sell LIN 1 = KILL_SWITCH 2 0
  check bob buy LIN 1 = accepted
  switch KILL alice - off
  switch KILL - LIN on
  check alice buy LIN 1 = KILL_SWITCH 3 0
  check alice buy OTH 1 = accepted
  switch KILL - LIN off
  switch KILL alice LIN on
  check alice buy LIN 1 = KILL_SWITCH 4 0
  check alice buy OTH 1 = accepted
  check bob buy LIN 1 = accepted
  switch KILL alice LIN off
  check alice buy LIN 1 = accepted
  `,
);

controlRule(
  "CTL-002 a halted instrument takes no order; a halted account, or one that has no permission, may still reduce",
  `${RICH}
  buy alice LIN 5 @ 100
  switch HALT - LIN on
  check alice buy LIN 1 = TRADING_HALTED 3 0
  check alice sell LIN 1 = TRADING_HALTED 3 0
  switch HALT - LIN off
  switch HALT - - on
  check alice sell LIN 1 = TRADING_HALTED 1 0
  switch HALT - - off
  switch HALT alice - on
  check alice buy LIN 1 = TRADING_HALTED 2 0
  check alice sell LIN 5 = accepted
  check alice sell LIN 6 = TRADING_HALTED 2 0
  switch HALT alice - off
  switch NOT_PERMITTED alice LIN on
  check alice buy LIN 1 = INSTRUMENT_NOT_PERMITTED 4 0
  check alice sell LIN 5 = accepted
  check alice buy OTH 1 = accepted
  switch NOT_PERMITTED alice LIN off
  switch NOT_PERMITTED alice - on ! CONTROL_SCOPE 8 0
  switch NOT_PERMITTED - LIN on ! CONTROL_SCOPE
  `,
);

controlRule(
  "CTL-003 an account that is called, liquidating or bankrupt takes no new risk anywhere",
  `
  open alice cross
  deposit alice USD 120
  mark LIN 100
  mark OTH 100
  mark INV 100,000
  deposit alice XBT 100,000,000
  buy alice LIN 10 @ 100
  mark LIN 97                              # equity 90 of 97
  check alice buy OTH 1 = ACCOUNT_STATE 2 1
  check alice buy INV 1 = ACCOUNT_STATE 2 1   # margin in XBT is there: still no
  check alice sell LIN 10 = accepted
  check alice sell LIN 11 = ACCOUNT_STATE 2 1
  mark LIN 92
  check alice buy OTH 1 = ACCOUNT_STATE 3 1
  mark LIN 80
  check alice buy OTH 1 = ACCOUNT_STATE 4 1
  deposit alice USD 1,000
  check alice buy OTH 1 = accepted
  `,
  { kernelOnly: true },
);

controlRule(
  "CTL-004 reduce-only: a switch of the venue, an account, an instrument, or a wish of the order itself",
  `${RICH}
  buy alice LIN 5 @ 100
  switch REDUCE_ONLY - LIN on
  check alice buy LIN 1 = REDUCE_ONLY 3 0
  check alice sell LIN 5 = accepted
  check alice sell LIN 6 = REDUCE_ONLY 3 0
  switch REDUCE_ONLY alice - on
  check alice buy OTH 1 = REDUCE_ONLY 2 0
  switch REDUCE_ONLY - - on
  check bob buy OTH 1 = REDUCE_ONLY 1 0
  `,
);

controlRule(
  "CTL-004 an order that asks to reduce only is refused when it would add",
  `${RICH}
  buy alice LIN 5 @ 100
  check alice sell LIN 5 reduce-only = accepted
  check alice sell LIN 6 reduce-only = NOT_REDUCING 6 5
  check alice buy LIN 1 reduce-only = NOT_REDUCING 1 0
  check alice sell LIN 6 = accepted
  `,
  { kernelOnly: true },
);

controlRule(
  "CTL-005 limits are set at run time, for a scope that the control has; all that apply hold; one command, one effect",
  `${RICH}
  limit ORDER_QUANTITY - LIN 10
  limit ORDER_QUANTITY alice LIN 7
  check alice buy LIN 8 = ORDER_QUANTITY 8 7
  check bob buy LIN 8 = accepted
  limit ORDER_QUANTITY alice LIN 20             # the instrument's limit still holds
  check alice buy LIN 11 = ORDER_QUANTITY 11 10
  limit ORDER_QUANTITY - LIN none
  check alice buy LIN 11 = accepted
  limit ORDER_QUANTITY alice LIN 5 id x at 50
  limit ORDER_QUANTITY alice LIN 9 id y at 51
  limit ORDER_QUANTITY alice LIN 5 id x at 52 ! DUPLICATE
  check alice buy LIN 9 = accepted
  limit ORDER_QUANTITY alice LIN 6 id x at 53 ! IDENTITY_CONFLICT
  limit ORDER_QUANTITY zoe LIN 5 ! ACCOUNT_UNKNOWN
  limit ORDER_QUANTITY alice NEW 5 ! INSTRUMENT_UNKNOWN
  limit CREDIT alice - EUR 5 ! CURRENCY_UNKNOWN
  limit ORDER_QUANTITY alice LIN -1 ! CONTROL_VALUE -1 0
  limit POSITION alice - 5 ! CONTROL_SCOPE 5 0
  limit CREDIT alice - 5 ! CONTROL_SCOPE 9 0    # in which currency?
  limit MESSAGE_RATE alice - 0 ! CONTROL_VALUE 0 1
  limit MESSAGE_RATE alice - 1,000,001 ! CONTROL_VALUE 1,000,001 1,000,000
  `,
);

controlRule(
  "CTL-006 the price collar: a limit price no further from the mark than a fraction of it, either way",
  `${RICH}
  limit PRICE_COLLAR - LIN 50,000,000           # 5 %
  check alice buy LIN 1 @ 105 = accepted
  check alice buy LIN 1 @ 106 = PRICE_COLLAR 106 105
  check alice sell LIN 1 @ 95 = accepted
  check alice sell LIN 1 @ 94 = PRICE_COLLAR 94 95
  check alice buy LIN 1 @ 94 = PRICE_COLLAR 94 95
  check alice buy LIN 1 = accepted              # a market order names no price
  check alice buy OTH 1 @ 200 = accepted
  limit PRICE_COLLAR - - 10,000,000
  check alice buy OTH 1 @ 102 = PRICE_COLLAR 102 101
  mark LIN 119                                  # 5 % is 5.95: 5; 1 % is 1.19: 1
  check alice buy LIN 1 @ 121 = PRICE_COLLAR 121 120
  limit PRICE_COLLAR - - none
  check alice buy LIN 1 @ 124 = accepted
  check alice buy LIN 1 @ 125 = PRICE_COLLAR 125 124
  `,
);

controlRule(
  "CTL-007 the largest order: in quantity units of an instrument, in whole contracts elsewhere",
  `${RICH}
  limit ORDER_QUANTITY - LIN 250                # 2.5 contracts
  check alice buy LIN 250 = accepted
  check alice buy LIN 251 = ORDER_QUANTITY 251 250
  limit ORDER_QUANTITY alice - 2
  check alice buy LIN 200 = accepted
  check alice buy LIN 201 = ORDER_QUANTITY 201 200
  check bob buy LIN 201 = accepted
  limit ORDER_QUANTITY - - 1
  check bob buy LIN 100 = accepted
  check bob buy LIN 101 = ORDER_QUANTITY 101 100
  `,
  { listings: { LIN: { quantityScale: 2, multiplierNumerator: 100n } } },
);

controlRule(
  "CTL-008 the largest notional: at the limit or the mark, whichever is worth more",
  `${RICH}
  limit ORDER_NOTIONAL - LIN 1,000
  check alice buy LIN 10 = accepted
  check alice buy LIN 11 = ORDER_NOTIONAL 1,100 1,000
  check alice buy LIN 10 @ 101 = ORDER_NOTIONAL 1,010 1,000
  check alice buy LIN 11 @ 90 = ORDER_NOTIONAL 1,100 1,000
  limit ORDER_NOTIONAL alice - USD 500
  check alice buy OTH 6 = ORDER_NOTIONAL 600 500
  check bob buy OTH 6 = accepted
  limit ORDER_NOTIONAL - - XBT 100,000,000      # one coin: 10,000 contracts at 10,000.0
  check alice buy INV 10,000 = accepted
  check alice buy INV 10,001 = ORDER_NOTIONAL 100,010,000 100,000,000
  check alice buy INV 10,000 @ 50,000 = ORDER_NOTIONAL 200,000,000 100,000,000
  `,
);

controlRule(
  "CTL-009 the message rate: no order without a token, for the account and for the venue",
  `${RICH}
  limit MESSAGE_RATE alice - 10 burst 1
  check alice buy LIN 1 = accepted
  check alice buy LIN 1 = accepted              # asking takes no token
  limit MESSAGE_RATE alice - 10 burst 0
  check alice buy LIN 1 = MESSAGE_RATE 10 0
  check bob buy LIN 1 = accepted
  limit MESSAGE_RATE - - 100 burst 0
  check bob buy LIN 1 = MESSAGE_RATE 100 0
  `,
);

controlRule(
  "CTL-010 the position limit: what the position would be, long or short; what reduces passes",
  `${RICH}
  limit POSITION - LIN 10
  limit POSITION bob LIN 4
  check alice buy LIN 10 = accepted
  check alice sell LIN 11 = POSITION_LIMIT 11 10
  check bob buy LIN 5 = POSITION_LIMIT 5 4
  buy alice LIN 20 @ 100                        # a fill is a fact
  check alice buy LIN 1 = POSITION_LIMIT 21 10
  check alice sell LIN 5 = accepted
  check alice sell LIN 30 = accepted            # over to 10 short
  check alice sell LIN 31 = POSITION_LIMIT 11 10
  `,
);

controlRule(
  "CTL-011 open orders: how many, how much, how much worth",
  `${RICH}
  limit OPEN_ORDERS alice - 0
  check alice buy LIN 1 = OPEN_ORDER_LIMIT 1 0
  limit OPEN_ORDERS alice - 1
  check alice buy LIN 1 = accepted
  limit OPEN_QUANTITY alice LIN 10
  check alice buy LIN 10 = accepted
  check alice buy LIN 11 = OPEN_QUANTITY_LIMIT 11 10
  limit OPEN_NOTIONAL - OTH 1,000
  check alice buy OTH 11 = OPEN_NOTIONAL_LIMIT 1,100 1,000
  `,
);

controlRule(
  "CTL-012 the credit limit: gross notional of an account in a currency",
  `${RICH}
  limit CREDIT alice - USD 2,000
  buy alice LIN 10 @ 100
  sell alice OTH 5 @ 100
  check alice buy OTH 6 = CREDIT_LIMIT 2,100 2,000   # 1,000 + 500 + 600: beyond flat, so it is not a reduction
  check alice buy OTH 5 = accepted                  # it reduces
  check alice buy LIN 5 = accepted
  check alice buy LIN 6 = CREDIT_LIMIT 2,100 2,000
  check alice buy INV 100,000 = accepted            # another currency
  mark LIN 120
  check alice buy LIN 3 = CREDIT_LIMIT 2,060 2,000
  check bob buy LIN 100 = accepted
  limit CREDIT - - USD 5,000
  check bob buy LIN 42 = CREDIT_LIMIT 5,040 5,000
  `,
);

controlRule(
  "CTL-013 concentration: the account's share of what is open, beyond a quantity that is free",
  `${RICH}
  limit CONCENTRATION - LIN 250,000,000 burst 10    # a quarter, 10 are free
  check alice buy LIN 10 = accepted                 # all of it, and free
  check alice buy LIN 11 = CONCENTRATION 11 10
  buy bob LIN 30 @ 100
  check alice buy LIN 10 = accepted
  check alice buy LIN 11 = CONCENTRATION 11 10      # a quarter of 30 + 11
  buy bob LIN 60 @ 100
  check alice buy LIN 30 = accepted                 # a quarter of 90 + 30
  check alice buy LIN 31 = CONCENTRATION 31 30
  check alice sell LIN 30 = accepted                # short alike
  check bob buy LIN 1 = CONCENTRATION 91 22
  check bob sell LIN 50 = accepted
  `,
);

controlRule(
  "CTL-014 executions that come too fast stop the account until two people let it go on",
  `${RICH}
  limit EXECUTION_RATE alice - 2 burst 3
  mark LIN 100 at 100
  buy alice LIN 1 @ 100 at 100
  buy alice LIN 1 @ 100 at 100
  buy alice LIN 1 @ 100 at 100
  > nothing
  check alice buy LIN 1 = accepted
  buy alice LIN 1 @ 100 time 1767225700499999       # a microsecond before the next token
  > tripped alice EXECUTION_RATE 4
  check alice buy LIN 1 = REPEATED_EXECUTION 11 0
  check alice sell LIN 1 = REPEATED_EXECUTION 11 0
  check bob buy LIN 1 = accepted
  buy alice LIN 1 @ 100 at 101
  > nothing                                         # told once
  limit EXECUTION_RATE alice - none
  check alice buy LIN 1 = REPEATED_EXECUTION        # lifting the limit does not start it again
  override EXECUTION_RATE alice - until 200
  check alice buy LIN 1 = accepted
  mark LIN 100 at 200
  > expired alice - EXECUTION_RATE
  check alice buy LIN 1 = accepted
  `,
);

controlRule(
  "CTL-014 a token is there at the very microsecond",
  `${RICH}
  limit EXECUTION_RATE alice - 2 burst 1
  buy alice LIN 1 @ 100 at 100
  buy alice LIN 1 @ 100 time 1767225700500000
  > nothing
  buy alice LIN 1 @ 100 time 1767225700999999
  > tripped alice EXECUTION_RATE 2
  `,
);

controlRule(
  "CTL-014 the same order executed again and again stops the account",
  `${RICH}
  limit ORDER_EXECUTIONS alice - 2
  buy alice LIN 1 @ 100 order a
  buy alice LIN 1 @ 100 order a
  buy alice LIN 1 @ 100 order b
  buy alice LIN 1 @ 100 order a
  buy alice LIN 1 @ 100
  buy alice LIN 1 @ 100                             # no order, no count
  buy alice LIN 1 @ 100 order a
  > nothing
  buy alice LIN 1 @ 100 order a
  > tripped alice ORDER_EXECUTIONS 3
  check alice buy LIN 1 = REPEATED_EXECUTION 12 0
  override EXECUTION_RATE alice - until 90
  check alice buy LIN 1 = REPEATED_EXECUTION 12 0   # another control
  override ORDER_EXECUTIONS alice - until 90
  buy alice LIN 1 @ 100 order a
  > nothing
  check alice buy LIN 1 = accepted
  mark LIN 100 at 90
  > expired alice - EXECUTION_RATE
  > expired alice - ORDER_EXECUTIONS
  buy alice LIN 1 @ 100 order a
  > tripped alice ORDER_EXECUTIONS 5
  `,
);

controlRule(
  "CTL-016 an override lifts one control for one scope, needs two people, and ends at its microsecond",
  `${RICH}
  limit POSITION - LIN 10
  limit ORDER_QUANTITY - LIN 50
  override POSITION alice LIN until 100
  check alice buy LIN 11 = accepted
  check alice buy LIN 51 = ORDER_QUANTITY 51 50
  check bob buy LIN 11 = POSITION_LIMIT 11 10
  mark LIN 100 time 1767225699999999
  > nothing
  check alice buy LIN 11 = accepted
  mark LIN 100 at 100
  > expired alice LIN POSITION
  check alice buy LIN 11 = POSITION_LIMIT 11 10
  override POSITION - LIN until 200
  check bob buy LIN 11 = accepted
  override POSITION - LIN until 0                   # taken back
  check bob buy LIN 11 = POSITION_LIMIT 11 10
  mark LIN 100 at 201
  > nothing
  override POSITION alice LIN until 300 by ann approved ann ! OVERRIDE_IDENTITIES
  override POSITION alice LIN until 201 ! OVERRIDE_EXPIRY
  override POSITION alice LIN until 100,000 ! OVERRIDE_EXPIRY
  override POSITION - - until 300 ! CONTROL_SCOPE 5 0
  override EXECUTION_RATE alice LIN until 300 ! CONTROL_SCOPE 11 0
  check alice buy LIN 11 = POSITION_LIMIT 11 10
  `,
);
