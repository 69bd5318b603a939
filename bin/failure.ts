/**
 * Ends a command that could not do what it was asked: the message says what is wrong and what to do, the exit code is 1.
 * The process ends here, because a broker's or a server's handles may still be open.
 */
export function fail(error: unknown): never {
  const told =
    error instanceof Error ? `${error.name === "Error" ? "" : `${error.name}: `}${error.message}` : String(error);
  process.stderr.write(`error: ${told}\n`);
  process.exit(1);
}
