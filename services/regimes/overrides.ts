/**
 * Values in place of the document's own, for a what-if or a published case with parameters of its own. Written as in the
 * document: a parameter's `value` or its keys, a table's rows, a scenario set, a states' condition.
 */
export interface Overrides {
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly tables?: Readonly<Record<string, unknown>>;
  readonly pairs?: Readonly<Record<string, unknown>>;
  readonly credits?: Readonly<Record<string, unknown>>;
  readonly scenarios?: Readonly<Record<string, unknown>>;
}
