// INP-001: the identities seen last, a ring with an index beside it. The index follows from the ring (open addressing,
// linear probing), so it is neither hashed nor in a snapshot.

import { DUPLICATE, IDENTITY_CONFLICT, IDENTITY_TOO_OLD } from "../memory/codes";
import {
  ACCOUNT_OPENED, HEADER_FORGOTTEN_THROUGH, HEADER_IDENTITIES_SEEN, HEADER_IDENTITY_CAPACITY, IDENTITY_FINGERPRINT, IDENTITY_KEY,
  IDENTITY_SIZE, IDENTITY_TIME, INPUT_FINGERPRINT, INPUT_FIRST, INPUT_INSTRUMENT, INPUT_KIND, INPUT_SECOND, INPUT_THIRD,
  INPUT_TIME, FILL_APPLIED, INPUT_KIND,
} from "../memory/layout";
import { ownPosition } from "../memory/outputs";
import { header, identities, identityIndex, identityIndexMask, identityPositionAt } from "../memory/tables";

@inline
function entryAt(place: u32): usize {
  return identities + <usize>place * IDENTITY_SIZE;
}

// An index slot holds a ring place plus one; zero is empty.
@inline
function slotAt(slot: u32): usize {
  return identityIndex + ((<usize>slot) << 2);
}

@inline
function home(key: u64): u32 {
  // Keys are hashes already; the multiplication spreads those of a poor hash (Fibonacci hashing).
  return <u32>((key * 0x9e3779b97f4a7c15) >> 32) & identityIndexMask;
}

@inline
function mix(hash: u64, word: u64): u64 {
  let mixed = (hash ^ word) * 0x9e3779b97f4a7c15;
  mixed ^= mixed >> 32;
  return mixed;
}

/** What an input says, all but its identity, in 64 bits. What is text in it, the host has put into the fingerprint field. */
export function contentOf(input: usize): u64 {
  // The number that an opening asks for is the next free one: it may be another the second time.
  const opens = load<u8>(input, INPUT_KIND) == ACCOUNT_OPENED;
  let hash = mix(load<u64>(input, INPUT_FINGERPRINT), opens ? <u64>load<u32>(input) : load<u64>(input));
  hash = mix(hash, load<u64>(input, INPUT_INSTRUMENT));
  // A command sent again through the API gets the engine's time then: what it asks for counts, not when.
  if (load<u8>(input, INPUT_KIND) == FILL_APPLIED) hash = mix(hash, load<u64>(input, INPUT_TIME));
  hash = mix(hash, load<u64>(input, INPUT_FIRST));
  hash = mix(hash, load<u64>(input, INPUT_SECOND));
  return mix(hash, load<u64>(input, INPUT_THIRD));
}

/** Journal position of the event that `recognise` found: where the first answer stands. */
export let recognisedAt: i64 = 0;

/** Of a replay whose rows say what was refused for its identity (setReplay). */
let passedOver: bool = false;

export function passIdentitiesOver(yes: bool): void {
  passedOver = yes;
}

/** @returns 0 when new, else DUPLICATE, IDENTITY_CONFLICT or IDENTITY_TOO_OLD */
export function recognise(key: u64, fingerprint: u64, timeUs: i64): u8 {
  if (passedOver) return 0;
  let slot = home(key);
  for (;;) {
    const place = load<u32>(slotAt(slot));
    if (place == 0) break;
    const entry = entryAt(place - 1);
    if (load<u64>(entry, IDENTITY_KEY) == key) {
      recognisedAt = load<i64>(identityPositionAt(place - 1));
      return load<u64>(entry, IDENTITY_FINGERPRINT) == fingerprint ? DUPLICATE : IDENTITY_CONFLICT;
    }
    slot = (slot + 1) & identityIndexMask;
  }
  return timeUs <= load<i64>(header, HEADER_FORGOTTEN_THROUGH) ? IDENTITY_TOO_OLD : 0;
}

export function remember(key: u64, fingerprint: u64, timeUs: i64): void {
  if (passedOver) return;
  const seen = load<u64>(header, HEADER_IDENTITIES_SEEN);
  const capacity = <u64>load<u32>(header, HEADER_IDENTITY_CAPACITY);
  const place = <u32>(seen % capacity);
  const entry = entryAt(place);
  if (seen >= capacity) {
    const forgotten = load<i64>(entry, IDENTITY_TIME);
    if (forgotten > load<i64>(header, HEADER_FORGOTTEN_THROUGH)) {
      store<i64>(header, forgotten, HEADER_FORGOTTEN_THROUGH);
    }
    removeFromIndex(load<u64>(entry, IDENTITY_KEY), place);
  }
  store<u64>(entry, key, IDENTITY_KEY);
  store<u64>(entry, fingerprint, IDENTITY_FINGERPRINT);
  store<i64>(entry, timeUs, IDENTITY_TIME);
  store<i64>(identityPositionAt(place), ownPosition());
  store<u64>(header, seen + 1, HEADER_IDENTITIES_SEEN);
  addToIndex(key, place);
}

function addToIndex(key: u64, place: u32): void {
  let slot = home(key);
  while (load<u32>(slotAt(slot)) != 0) slot = (slot + 1) & identityIndexMask;
  store<u32>(slotAt(slot), place + 1);
}

function removeFromIndex(key: u64, place: u32): void {
  let hole = home(key);
  while (load<u32>(slotAt(hole)) != place + 1) hole = (hole + 1) & identityIndexMask;
  // Close the gap, so that no search stops early: move back whatever probed across it.
  let slot = hole;
  for (;;) {
    slot = (slot + 1) & identityIndexMask;
    const other = load<u32>(slotAt(slot));
    if (other == 0) break;
    const wanted = home(load<u64>(entryAt(other - 1), IDENTITY_KEY));
    if (((slot - wanted) & identityIndexMask) >= ((slot - hole) & identityIndexMask)) {
      store<u32>(slotAt(hole), other);
      hole = slot;
    }
  }
  store<u32>(slotAt(hole), 0);
}

/** Builds the index again from the ring, after a snapshot was copied in. */
export function indexIdentities(): void {
  memory.fill(identityIndex, 0, (<usize>identityIndexMask + 1) << 2);
  const seen = load<u64>(header, HEADER_IDENTITIES_SEEN);
  const capacity = <u64>load<u32>(header, HEADER_IDENTITY_CAPACITY);
  const filled = <u32>(seen < capacity ? seen : capacity);
  for (let place: u32 = 0; place < filled; place++) {
    addToIndex(load<u64>(entryAt(place), IDENTITY_KEY), place);
  }
}
