// What the verdict of a program looks at. It follows from the program alone and is found once for each that is installed; no
// state: a restart finds it again.

import { FIELD_DAYS, FIELD_EXPIRED, FIELD_SECONDS, FIELD_YEARS, LEVEL_ORDER, NODE_FLAGS, NODE_INDEX, NODE_LEVEL, NODE_OPERATION, NODE_VERDICT, OPERATION_FIELD, PROGRAM_NODES, PROGRAM_SLOTS } from "./format";
import { programAt, programsVersion } from "./programs";
import { nodeAt } from "./results";

/** For each slot: 0 programs' version u32 | 4 looks at orders u32 | 8 fields, a bit each, u64. */
const facts = memory.data(256, 8);
const FACTS_SIZE: usize = 16;

/** A bit for each field. */
export const ALL_FIELDS: u64 = u64.MAX_VALUE;

@inline
export function reads(fields: u64, field: u32): bool {
  return (fields & (<u64>1 << <u64>field)) != 0;
}

/** Fields that nodes of the verdict read, a bit each; structures read strikes and marks besides. */
export function fieldsRead(slot: u32): u64 {
  return load<u64>(factsOf(slot), 8);
}

/** Whether the verdict hangs on the time of the book. */
export function readsTime(slot: u32): bool {
  const fields = fieldsRead(slot);
  return reads(fields, FIELD_SECONDS) || reads(fields, FIELD_DAYS) || reads(fields, FIELD_YEARS) || reads(fields, FIELD_EXPIRED);
}

/** Whether the verdict has a rule of its own for orders. */
export function looksAtOrders(slot: u32): bool {
  return load<u32>(factsOf(slot), 4) != 0;
}

function factsOf(slot: u32): usize {
  if (slot >= PROGRAM_SLOTS) unreachable();
  const record = facts + <usize>slot * FACTS_SIZE;
  if (load<u32>(record) != programsVersion) find(record, programAt(slot));
  return record;
}

function find(record: usize, program: usize): void {
  let orders: u32 = 0;
  let fields: u64 = 0;
  const count: u32 = program == 0 ? 0 : load<u32>(program, PROGRAM_NODES);
  for (let number: u32 = 0; number < count; number++) {
    const node = nodeAt(program + load<u32>(program, PROGRAM_NODES + 4), number);
    if ((load<u8>(node, NODE_FLAGS) & NODE_VERDICT) == 0) continue;
    if (load<u8>(node, NODE_LEVEL) == LEVEL_ORDER) orders = 1;
    if (load<u16>(node, NODE_OPERATION) == OPERATION_FIELD) fields |= <u64>1 << <u64>load<u32>(node, NODE_INDEX);
  }
  store<u32>(record, programsVersion);
  store<u32>(record, orders, 4);
  store<u64>(record, fields, 8);
}
