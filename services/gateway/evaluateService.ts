import type {
  EvaluateRequest,
  EvaluateResponse,
  EvaluateServiceServer,
  ExplainAccountRequest,
  ExplainAccountResponse,
  GetAccountBookRequest,
  GetAccountBookResponse,
  ListRegimesResponse,
} from "../../generated/proto/plimsoll/v1/evaluate_service.ts";
import type { AccountExplanation } from "../engine/explainAccount.ts";
import type { RiskEngine } from "../engine/riskEngine.ts";
import { evaluateBook } from "../evaluate/evaluateBook.ts";
import { BookRefusedError, type Evaluation } from "../evaluate/evaluation.ts";
import { explain } from "../evaluate/explain.ts";
import { describeRegime } from "../regimes/describeRegime.ts";
import { listRegimes, loadRegime } from "../regimes/loadRegime.ts";
import type { Program } from "../regimes/program.ts";
import { asOfMessage } from "./accountMessage.ts";
import { reading, unary } from "./calls.ts";
import { requireText } from "./decimalField.ts";
import { derivationMessage } from "./derivationMessage.ts";
import { invalidField, marginUnknown, unknownName } from "./statusDetails.ts";

/** plimsoll.v1.EvaluateService: books that are given whole, and how a live account's margin came about. */
export function evaluateService(engine: RiskEngine): EvaluateServiceServer {
  // Compiled once, when it is first asked for: a client must not make the engine compile at every call.
  const programs = new Map<string, Program>();
  const programOf = (id: string): Program => {
    const program = programs.get(id) ?? loadRegime(id);
    programs.set(id, program);
    return program;
  };
  return {
    listRegimes: unary(engine, (): ListRegimesResponse => {
      return { regimes: listRegimes().map(describeRegime) };
    }),
    evaluate: unary(engine, (request) => evaluate(request, programOf)),
    explainAccount: reading(engine, (request) => explainAccount(engine, request)),
    getAccountBook: reading(engine, (request) => getAccountBook(engine, request)),
  };
}

function evaluate(
  { regime, book, explain: whole }: EvaluateRequest,
  programOf: (id: string) => Program,
): EvaluateResponse {
  requireText("regime", regime);
  // Only documents that came with the engine: a path would read files for a stranger.
  if (!listRegimes().includes(regime)) throw unknownName("regime", regime);
  const program = programOf(regime);
  const derivation = (evaluation: Evaluation) => derivationMessage(explain(program, evaluation), whole);
  try {
    const { main, isolated } = evaluateBook(program, book);
    return {
      main: derivation(main),
      isolated: Object.fromEntries([...isolated].map(([name, evaluation]) => [name, derivation(evaluation)])),
    };
  } catch (error) {
    if (!(error instanceof BookRefusedError)) throw error;
    throw invalidField(`book.${error.place}`, "", error.message, error.code.toUpperCase().replaceAll("-", "_"));
  }
}

function explainAccount(engine: RiskEngine, request: ExplainAccountRequest): ExplainAccountResponse {
  const account = accountOf(engine, request);
  let explanation: AccountExplanation;
  try {
    explanation = engine.explain(account);
  } catch (error) {
    if (!(error instanceof BookRefusedError)) throw error;
    throw marginUnknown(request.account, error.place, error.message);
  }
  const { main, isolated } = explanation;
  return {
    main: derivationMessage(main, true),
    isolated: isolated === undefined ? undefined : derivationMessage(isolated, true),
    asOf: asOfMessage(engine.asOf()),
  };
}

function getAccountBook(engine: RiskEngine, request: GetAccountBookRequest): GetAccountBookResponse {
  const { book, regime = "" } = engine.book(accountOf(engine, request));
  return { book: JSON.stringify(book), regime, asOf: asOfMessage(engine.asOf()) };
}

function accountOf(engine: RiskEngine, request: { readonly account: string }): number {
  requireText("account", request.account);
  const account = engine.names.account(request.account);
  if (account === undefined) throw unknownName("account", request.account);
  return account;
}
