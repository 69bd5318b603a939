import { NoAnswerError, type PastState } from "../../engine/auditDesk.ts";
import { explainAccount } from "../../engine/explainAccount.ts";
import type { Shard } from "../../engine/shard.ts";
import { RegimeDocumentError } from "../../regimes/regimeError.ts";

/** A replayed shard, as a gateway reads a live one. It speaks of the shard as it stands when it is asked. */
export function pastStateOf(shard: Shard): PastState {
  const { reader, names } = shard;
  return {
    names,
    asOf: () => ({ journalPosition: BigInt(reader.nextPosition - 1), eventTimeUs: reader.eventTimeUs }),
    account: (account) => reader.account(account),
    instrument: (instrument) => reader.instrument(instrument),
    explain: (account) => {
      requireRegime(shard, account);
      try {
        return explainAccount(reader, names, account);
      } catch (error) {
        if (!(error instanceof RegimeDocumentError)) throw error;
        throw new NoAnswerError(
          "REGIME_UNKNOWN",
          `the regime in force cannot be read by this version: ${error.message}`,
        );
      }
    },
  };
}

/** @throws NoAnswerError when the account is assigned to a regime of which no document applies */
export function requireRegime({ reader, names }: Shard, account: number): void {
  const { regime } = reader.account(account);
  if (regime === undefined || names.regimes[regime]?.applies !== undefined) return;
  const name = names.regimes[regime]?.name ?? `${regime}`;
  throw new NoAnswerError("REGIME_UNKNOWN", `no document of regime ${JSON.stringify(name)} applied then`, {
    regime: name,
  });
}
