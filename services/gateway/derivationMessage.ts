import type { Derivation } from "../../generated/proto/plimsoll/v1/evaluate_service.ts";
import type { Cell } from "../evaluate/evaluation.ts";
import type { Explanation } from "../evaluate/explain.ts";
import { formatFixed } from "../regimes/fixed.ts";

/** An explanation as a message; without figures and tables unless `whole`. */
export function derivationMessage(explanation: Explanation, whole: boolean): Derivation {
  const { regime, verdicts, conclusion, figures, tables } = explanation;
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
  };
}

/** Empty where the value is undefined. */
function cellText(cell: Cell): string {
  return cell === undefined ? "" : formatFixed(cell);
}
