/**
 * How long a statement waits for a lock on the journal's file that another process holds. Readers never hold one against the
 * engine but at the start: whoever opens a log that a killed engine left, or asks of a file that is not yet in WAL mode,
 * locks the whole file for some milliseconds. Given when the file is opened, because the very first statement may meet it.
 */
export const LOCK_TIMEOUT_MS = 2_000;
