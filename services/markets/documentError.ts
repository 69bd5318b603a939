/** One thing that is wrong in a market or regime document. */
export interface DocumentProblem {
  /** As it was given to the loader. */
  readonly file: string;
  /** From 1; 0 when the file as a whole is meant. */
  readonly line: number;
  /** Path of the field, e.g. `instruments[1].tick`; empty for the document itself. */
  readonly field: string;
  /** The value, the rule that it breaks, and what to write instead. */
  readonly reason: string;
}

/** A market, or a regime that it uses, makes no sense. Names every problem that was found, in the order of the file. */
export class MarketDocumentError extends Error {
  override readonly name = "MarketDocumentError";
  readonly problems: readonly DocumentProblem[];

  constructor(problems: readonly DocumentProblem[]) {
    super(problems.map(describeProblem).join("\n"));
    this.problems = problems;
  }
}

/** file:line: field: reason */
export function describeProblem({ file, line, field, reason }: DocumentProblem): string {
  const place = line > 0 ? `${file}:${line}` : file;
  return field === "" ? `${place}: ${reason}` : `${place}: ${field}: ${reason}`;
}
