import { type DocumentProblem, describeProblem } from "../markets/documentError.ts";

/** A regime document makes no sense. Names every problem that was found, in the order of the file. */
export class RegimeDocumentError extends Error {
  override readonly name = "RegimeDocumentError";
  readonly problems: readonly DocumentProblem[];

  constructor(problems: readonly DocumentProblem[]) {
    const inOrder = [...problems].sort((a, b) => a.line - b.line);
    super(inOrder.map(describeProblem).join("\n"));
    this.problems = inOrder;
  }
}

/** An override names what the document does not have. */
export class UnknownOverrideError extends Error {
  override readonly name = "UnknownOverrideError";
  /** As `parameters.maintenance_faktor`. */
  readonly places: readonly string[];

  constructor(regime: string, places: readonly string[], hints: readonly string[]) {
    super(places.map((place, index) => `${regime} has no ${place} to override${hints[index] ?? ""}`).join("\n"));
    this.places = places;
  }
}
