// The program store: state of the shard (TABLE_PROGRAMS). A directory of slots, then the programs, without gaps.
//
//   | slot[0]: offset u32, bytes u32 | .. | slot[15] | program | program | ..

import { HEADER_PROGRAM_BYTES } from "../memory/layout";
import { header, programs } from "../memory/tables";
import {
  PROGRAM_BYTES, PROGRAM_FORMAT, PROGRAM_HEADER_SIZE, PROGRAM_SLOTS, PROGRAM_WIDEST, REGIME_DONE, REGIME_PROGRAM_INVALID,
  REGIME_PROGRAM_UNKNOWN, REGIME_STORE_FULL, SCENARIOS_MAX,
} from "./format";
import { programBytes } from "./regions";
import { measure } from "./room";

/** Rises when a slot comes to hold another program: what was computed under a former one is void. */
export let programsVersion: u32 = 1;

const SLOT_SIZE: u32 = 8;
const DIRECTORY_BYTES: u32 = PROGRAM_SLOTS * SLOT_SIZE;

@inline
function slotAt(slot: u32): usize {
  return programs + <usize>slot * SLOT_SIZE;
}

/** @returns 0 where nothing is installed */
export function programAt(slot: u32): usize {
  if (slot >= PROGRAM_SLOTS || programBytes == 0) return 0;
  const offset = load<u32>(slotAt(slot));
  return offset == 0 ? 0 : programs + offset;
}

/**
 * Puts a program in a slot, in place of what was there; no bytes empty it. The bytes are elsewhere in memory.
 * @returns REGIME_DONE or why not
 */
export function install(slot: u32, source: usize, bytes: u32): u32 {
  if (slot >= PROGRAM_SLOTS || programBytes == 0) return REGIME_PROGRAM_UNKNOWN;
  if (bytes == 0) {
    uninstall(slot);
    return REGIME_DONE;
  }
  if (
    bytes < PROGRAM_HEADER_SIZE || load<u32>(source) != PROGRAM_FORMAT || load<u32>(source, PROGRAM_BYTES) != bytes ||
    load<u32>(source, PROGRAM_WIDEST) > SCENARIOS_MAX
  ) {
    return REGIME_PROGRAM_INVALID;
  }
  const kept = (bytes + 15) & ~15;
  const replaced = load<u32>(slotAt(slot)) == 0 ? 0 : load<u32>(slotAt(slot), 4);
  const used = max(load<u32>(header, HEADER_PROGRAM_BYTES), DIRECTORY_BYTES) - replaced;
  if (used > programBytes || kept > programBytes - used) return REGIME_STORE_FULL;
  uninstall(slot);
  const offset = max(load<u32>(header, HEADER_PROGRAM_BYTES), DIRECTORY_BYTES);
  memory.copy(programs + offset, source, bytes);
  memory.fill(programs + offset + bytes, 0, kept - bytes);
  measure(programs + offset);
  store<u32>(slotAt(slot), offset);
  store<u32>(slotAt(slot), kept, 4);
  store<u32>(header, offset + kept, HEADER_PROGRAM_BYTES);
  programsVersion++;
  return REGIME_DONE;
}

/** Closes the gap that the slot's program leaves. */
function uninstall(slot: u32): void {
  const offset = load<u32>(slotAt(slot));
  if (offset == 0) return;
  const bytes = load<u32>(slotAt(slot), 4);
  const used = load<u32>(header, HEADER_PROGRAM_BYTES);
  memory.copy(programs + offset, programs + offset + bytes, used - offset - bytes);
  memory.fill(programs + used - bytes, 0, bytes);
  for (let other: u32 = 0; other < PROGRAM_SLOTS; other++) {
    const start = load<u32>(slotAt(other));
    if (start > offset) store<u32>(slotAt(other), start - bytes);
  }
  store<u32>(slotAt(slot), 0);
  store<u32>(slotAt(slot), 0, 4);
  store<u32>(header, used - bytes, HEADER_PROGRAM_BYTES);
  programsVersion++;
}

/** After a snapshot was copied into the table. */
export function programsRestored(): void {
  programsVersion++;
}
