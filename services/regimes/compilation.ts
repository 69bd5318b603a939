import type { Graph } from "./graph.ts";
import type { Levels } from "./levels.ts";
import type { OpenScope, Report } from "./scope.ts";

/** Compiling one document. */
export interface Compilation {
  readonly document: Readonly<Record<string, unknown>>;
  readonly report: Report;
  readonly scope: OpenScope;
  readonly graph: Graph;
  readonly levels: Levels;
  readonly sources: ReadonlySet<string>;
}
