import type { Derivation } from "../../generated/proto/plimsoll/v1/evaluate_service.ts";
import type { Cell, MarginState } from "../evaluate/evaluation.ts";
import type { Explanation, Figure, Part } from "../evaluate/explain.ts";
import { formatFixed, parseFixed } from "../regimes/fixed.ts";
import type { Fixed } from "../regimes/program.ts";

/** An explanation as a message; without figures and tables unless `whole`. */
export function derivationMessage(explanation: Explanation, whole: boolean): Derivation {
  const { regime, verdicts, conclusion, figures, tables, reports } = explanation;
  return {
    regime: regime.id,
    venue: regime.venue,
    title: regime.title,
    vintage: regime.vintage,
    verdicts: verdicts.map(({ currency, equity, initial, maintenance, state }) => ({
      currency,
      equity: formatFixed(equity),
      initialMargin: formatFixed(initial),
      maintenanceMargin: formatFixed(maintenance),
      state,
    })),
    equityTerm: conclusion.equity,
    initialTerm: conclusion.initial,
    maintenanceTerm: conclusion.maintenance,
    figures: whole
      ? figures.map(({ value, parts, ...figure }) => ({
          ...figure,
          value: cellText(value),
          parts: parts.map(({ sign, source, value: part, ...rest }) => ({
            ...rest,
            value: cellText(part),
            subtracted: sign < 0,
            source: source ?? "",
          })),
        }))
      : [],
    tables: whole
      ? tables.map(({ attributes, values, ...table }) => ({
          ...table,
          values: [...values],
          attributes: attributes.map((attribute) => ({ name: attribute.name, values: [...attribute.values] })),
        }))
      : [],
    sources: regime.sources.map(({ key, title, where }) => ({ key, title, where })),
    reportTerms: whole ? [...reports] : [],
    valuation: regime.valuation,
  };
}

/** The message of a whole explanation, read again. */
export function explanationOf(message: Derivation): Explanation {
  const { regime: id, venue, title, vintage, valuation, sources, verdicts, figures, tables, reportTerms } = message;
  return {
    regime: { id, venue, title, vintage, valuation, sources: sources.map((source) => ({ ...source, note: "" })) },
    verdicts: verdicts.map(({ currency, equity, initialMargin, maintenanceMargin, state }) => ({
      currency,
      equity: fixedOf(equity),
      initial: fixedOf(initialMargin),
      maintenance: fixedOf(maintenanceMargin),
      state: state as MarginState,
    })),
    conclusion: {
      equity: message.equityTerm,
      initial: message.initialTerm,
      maintenance: message.maintenanceTerm,
    },
    figures: figures.map(({ level, rule, value, parts, ...figure }) => ({
      ...figure,
      level: level as Figure["level"],
      rule: rule as Figure["rule"],
      value: cellOf(value),
      parts: parts.map(({ kind, subtracted, source, value: part, ...rest }) => ({
        ...rest,
        kind: kind as Part["kind"],
        value: cellOf(part),
        sign: subtracted ? -1 : 1,
        source: source === "" ? undefined : source,
      })),
    })),
    tables,
    reports: reportTerms,
  };
}

/** Empty where the value is undefined. */
function cellText(cell: Cell): string {
  return cell === undefined ? "" : formatFixed(cell);
}

function cellOf(text: string): Cell {
  return text === "" ? undefined : fixedOf(text);
}

/** @throws RangeError for what no gateway says */
function fixedOf(text: string): Fixed {
  const value = parseFixed(text);
  if (typeof value === "string") throw new RangeError(`the gateway says ${text}, which ${value}`);
  return value;
}
