// The gate's own serializer against the generated one: the same bytes.

import fc from "fast-check";
import { expect, test } from "vitest";
import {
  CheckOrderResponse,
  DecideResponse,
  type GateAnswer,
  type OrderDecision,
} from "../../generated/proto/plimsoll/v1/gate_service.ts";
import { AcceptedOrder } from "../../services/gateway/acceptedOrder.ts";
import { checkOrderBytes, decideBytes } from "../../services/gateway/answerBytes.ts";
import { holdDecision } from "../../services/gateway/decisions.ts";
import { refusalWithoutNumbers } from "../../services/gateway/refusals.ts";
import { formatDecimal } from "../../services/markets/decimal.ts";
import { ACCEPTED, FakeEngine, REFUSED_AT_SIGHT } from "./fakeEngine.ts";

const LIMIT = 2n ** 63n;
const units = fc.oneof(
  fc.bigInt({ min: -LIMIT, max: LIMIT - 1n }),
  fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }),
  // Where doubles end, and where digits begin.
  fc.constantFrom(
    ...[0n, 1n, 9n, 10n, 99n, 10n ** 9n, 2n ** 31n, 2n ** 53n, LIMIT - 1n].flatMap((at) => [at, -at, at - 1n]),
  ),
);
const order = fc
  .tuple(
    fc.array(units, { minLength: 9, maxLength: 9 }),
    fc.nat(18),
    fc.boolean(),
    fc.constantFrom("USDT", "", "€", "x".repeat(200)),
  )
  .map(([numbers, scale, reduces, currency]) => {
    const [fee, equityBefore, equityAfter, initialMarginBefore, initialMarginAfter] = numbers as [
      bigint,
      bigint,
      bigint,
      bigint,
      bigint,
    ];
    const [, , , , , maintenanceMarginBefore, maintenanceMarginAfter, freeCollateralBefore, freeCollateralAfter] =
      numbers;
    const before = {
      equityBefore,
      initialMarginBefore,
      maintenanceMarginBefore: maintenanceMarginBefore!,
      freeCollateralBefore: freeCollateralBefore!,
    };
    const after = {
      equityAfter,
      initialMarginAfter,
      maintenanceMarginAfter: maintenanceMarginAfter!,
      freeCollateralAfter: freeCollateralAfter!,
    };
    return new AcceptedOrder({ ...ACCEPTED, ...before, ...after, fee, reduces }, currency, scale);
  });

/** Its text once and for all, as a plain message. */
function plain(decision: AcceptedOrder): OrderDecision {
  const { accepted, refusal, reduces, currency, fee, before, after, binding } = decision;
  return { accepted, refusal, reduces, currency, fee, before, after, binding };
}

const asOf = fc.option(fc.record({ journalPosition: units, eventTimeUs: units }), { nil: undefined });
const engine = new FakeEngine();
const question = { account: 4, instrument: 0, side: 1, quantity: 1n, price: undefined, reduceOnly: false } as const;
const held = holdDecision(engine, question, {
  code: 0,
  value: 0n,
  limit: 0n,
  binding: "initial_margin",
  duplicate: true,
  figures: ACCEPTED,
  asOf: engine.asOf(),
});
const others: GateAnswer["answer"][] = [
  undefined,
  { $case: "hold", value: held },
  { $case: "error", value: { code: 8, reason: "GATE_BUSY", message: "ask again" } },
  {
    $case: "check",
    value: {
      ...plain(new AcceptedOrder(REFUSED_AT_SIGHT, "USDT", 2)),
      accepted: false,
      refusal: refusalWithoutNumbers(1),
    },
  },
];

test("an amount has the digits of formatDecimal", () => {
  fc.assert(
    fc.property(order, (decision) => {
      const { decision: read } = CheckOrderResponse.decode(checkOrderBytes({ asOf: undefined, decision }));
      expect(read?.fee).toBe(formatDecimal(decision.answer.fee, decision.scale));
      expect(read?.after?.freeCollateral).toBe(formatDecimal(decision.answer.freeCollateralAfter, decision.scale));
    }),
    { numRuns: 2_000 },
  );
});

test("a check", () => {
  fc.assert(
    fc.property(asOf, order, (at, decision) => {
      const expected = CheckOrderResponse.encode({ asOf: at, decision: plain(decision) }).finish();
      expect(checkOrderBytes({ asOf: at, decision }).equals(expected)).toBe(true);
      expect(checkOrderBytes({ asOf: at, decision: plain(decision) }).equals(expected)).toBe(true);
    }),
  );
});

test("a batch of checks, refusals, holds and errors, of any size", () => {
  const tag = fc.oneof(fc.bigInt({ min: 0n, max: 300n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
  const answer = fc.oneof(
    { weight: 3, arbitrary: order.map((value) => ({ $case: "check" as const, value })) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );
  fc.assert(
    fc.property(asOf, fc.array(fc.record({ tag, answer }), { maxLength: 300 }), (at, answers) => {
      const texts = answers.map(({ tag: own, answer: each }): GateAnswer => {
        if (each?.$case !== "check" || !(each.value instanceof AcceptedOrder)) return { tag: own, answer: each };
        return { tag: own, answer: { $case: "check", value: plain(each.value) } };
      });
      const expected = DecideResponse.encode({ asOf: at, answers: texts }).finish();
      expect(decideBytes({ asOf: at, answers }).equals(expected)).toBe(true);
    }),
  );
});

test("an answer that cannot be encoded leaves nothing in the one after it", () => {
  const accepted = new AcceptedOrder(ACCEPTED, "USDT", 6);
  const alone = checkOrderBytes({ asOf: undefined, decision: accepted });
  const beyond: GateAnswer = { tag: LIMIT * 4n, answer: { $case: "hold", value: undefined as never } };
  const answers: GateAnswer[] = [{ tag: 1n, answer: { $case: "check", value: accepted } }, beyond];
  expect(() => decideBytes({ asOf: undefined, answers })).toThrow();
  expect(checkOrderBytes({ asOf: undefined, decision: accepted })).toEqual(alone);
});
