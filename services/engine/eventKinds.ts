import type { JournalEvent } from "../../generated/proto/plimsoll/v1/journal_events.ts";

export type EventCase = NonNullable<JournalEvent["body"]>["$case"];

/** Field numbers of JournalEvent.body, which are the `kind` of a row; test/engine/eventKinds.test.ts holds them to the proto. */
export const EVENT_KINDS: Readonly<Record<EventCase, number>> = {
  shardOpened: 10,
  epochStarted: 11,
  currencyListed: 12,
  marginTableSet: 13,
  scenarioGridSet: 14,
  instrumentListed: 15,
  regimeSet: 16,
  accountOpened: 20,
  deposited: 21,
  withdrawn: 22,
  marginModeSet: 23,
  leverageSet: 24,
  collateralMoved: 25,
  holdPlaced: 26,
  holdAmended: 27,
  holdReleased: 28,
  fillApplied: 30,
  markPriceSet: 40,
  fundingApplied: 41,
  instrumentSettled: 42,
  indexPriceSet: 43,
  limitSet: 50,
  switchSet: 51,
  overrideSet: 52,
  inputRefused: 60,
  recordQuarantined: 61,
  fundingPaid: 70,
  positionSettled: 71,
  marginStateChanged: 72,
  insurancePaid: 73,
  accountQuarantined: 74,
  regimeActivated: 75,
  marginUnknown: 76,
  holdExpired: 77,
  holdUsed: 78,
  overrideExpired: 79,
  controlTripped: 80,
};

/** Rows of this kind and above follow from the input before them; a replay derives them again. */
export const FIRST_DERIVED_KIND = 70;
