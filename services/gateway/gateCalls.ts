import { status } from "@grpc/grpc-js";
import type {
  GateAnswer,
  GateCall,
  HoldDecision,
  OrderDecision,
} from "../../generated/proto/plimsoll/v1/gate_service.ts";
import type { RiskEngine } from "../engine/riskEngine.ts";
import { decisionMessage, holdDecision } from "./decisions.ts";
import type { GatewayLimits } from "./limits.ts";
import { amendment, type HoldQuestion, orderQuestion, placement, release } from "./orderFields.ts";
import { engineNotServing, GatewayError, gateBusy, invalidField } from "./statusDetails.ts";
import { Turn } from "./turn.ts";

type Question = GateCall["call"];

/**
 * Answers questions of the gate, one by one or many at once: unary calls, batches and streams all come here.
 *
 * An engine with ten times the load that it can bear answers the part that it can, in time, and turns the rest away: it is
 * cheaper to say so than to decide. Holds wait for the disk together (group commit), no more than `holdsWaiting` at a time;
 * and no turn of the event loop begins another batch after `turnMs`. (A single call costs hardly more than to refuse it.) Most of an overload never comes here: HTTP/2 holds it
 * back in the client (`callsPerConnection`, and a stream is read on only when its last message is answered).
 */
export class GateCalls {
  readonly #engine: RiskEngine;
  readonly #limits: GatewayLimits;
  readonly #turn: Turn;
  readonly #turnIsOver: GateAnswer["answer"];
  readonly #holdsWait: GatewayError;
  #waiting = 0;

  /** @param cpuMs what this thread has worked so far; no answer depends on it but that a batch is turned away */
  constructor(engine: RiskEngine, limits: GatewayLimits, cpuMs: () => number = threadCpuMs) {
    this.#engine = engine;
    this.#limits = limits;
    this.#turn = new Turn(cpuMs);
    // Made once: an error with its stack costs more than a decision.
    this.#turnIsOver = errorAnswer(gateBusy(`more was asked at once than ${limits.turnMs} ms can answer`));
    this.#holdsWait = gateBusy(`${limits.holdsWaiting} holds wait for the disk`);
  }

  /** @throws GatewayError for a question that cannot be asked */
  check(question: Extract<Question, { $case: "check" }>["value"] | undefined): OrderDecision {
    const order = orderQuestion(this.#engine, question);
    return decisionMessage(this.#engine, order, this.#engine.checkOrder(order));
  }

  /** Resolves when the answer is on disk. @throws GatewayError for a question that cannot be asked, or when too many wait */
  async hold(question: Question): Promise<HoldDecision> {
    if (this.#waiting >= this.#limits.holdsWaiting) throw this.#holdsWait;
    const { request, order } = this.#holdQuestion(question);
    this.#waiting += 1;
    try {
      return holdDecision(this.#engine, order, await this.#engine.submitHold(request));
    } finally {
      this.#waiting -= 1;
    }
  }

  /**
   * Answers a batch, in its order. An error of one question is its own answer.
   * @param gone whether the caller has left: nothing is begun for him any more
   * @throws GatewayError for a batch that is too large
   */
  async answerAll(calls: readonly GateCall[], gone: () => boolean): Promise<GateAnswer[]> {
    if (calls.length > this.#limits.callsPerBatch) {
      throw invalidField(
        "calls",
        `${calls.length}`,
        `must be at most ${this.#limits.callsPerBatch}`,
        "BATCH_TOO_LARGE",
      );
    }
    if (this.#turn.lastsMs() > this.#limits.turnMs) return calls.map(({ tag }) => ({ tag, answer: this.#turnIsOver }));
    const answers: (GateAnswer | Promise<GateAnswer>)[] = [];
    for (const call of calls) {
      if (gone()) break;
      answers.push(this.#answer(call));
    }
    // Waiting for what is there already would cost a promise each.
    return calls.some(({ call }) => call?.$case !== "check") ? Promise.all(answers) : (answers as GateAnswer[]);
  }

  #answer({ tag, call }: GateCall): GateAnswer | Promise<GateAnswer> {
    try {
      if (call?.$case === "check") return { tag, answer: { $case: "check", value: this.check(call.value) } };
      return this.hold(call).then(
        (value): GateAnswer => ({ tag, answer: { $case: "hold", value } }),
        (error: unknown) => this.#failed(tag, error),
      );
    } catch (error) {
      return this.#failed(tag, error);
    }
  }

  #holdQuestion(question: Question): HoldQuestion {
    switch (question?.$case) {
      case "place":
        return placement(this.#engine, question.value);
      case "amend":
        return amendment(this.#engine, question.value);
      case "release":
        return release(this.#engine, question.value);
      default:
        throw invalidField("call", "", "must be a check, place, amend or release", "FIELD_MISSING");
    }
  }

  #failed(tag: bigint, thrown: unknown): GateAnswer {
    const { serving, reason } = this.#engine.status;
    return { tag, answer: errorAnswer(serving ? thrown : engineNotServing(reason)) };
  }
}

function errorAnswer(error: unknown): GateAnswer["answer"] {
  const value =
    error instanceof GatewayError
      ? { code: error.code, reason: error.reason, message: error.message }
      : { code: status.INTERNAL, reason: "INTERNAL", message: "the engine could not answer" };
  return { $case: "error", value };
}

/** A turn that stands still because other programs have the cores is not long: to turn its questions away would free none. */
function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
