/**
 * The tables, made to be read with the `sqlite3` shell too. `event` has no index but its primary key: a second one costs
 * eight times the append rate (docs/hacking.md), and an account's history needs none (`previous`).
 */
export const SCHEMA = `
CREATE TABLE IF NOT EXISTS batch (
  batch INTEGER PRIMARY KEY,
  first_position INTEGER NOT NULL,
  last_position INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  event_time_us INTEGER NOT NULL,
  kernel_hash TEXT NOT NULL,
  sources TEXT NOT NULL,
  previous_hash BLOB NOT NULL,
  hash BLOB NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS event (
  position INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL,
  account INTEGER,
  instrument INTEGER,
  previous INTEGER NOT NULL,
  event_time_us INTEGER NOT NULL,
  payload BLOB NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS source_position (
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,
  leader_epoch INTEGER NOT NULL,
  last_offset INTEGER NOT NULL,
  PRIMARY KEY (topic, partition)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS kernel (
  hash TEXT PRIMARY KEY,
  binary BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS account_head (
  account INTEGER PRIMARY KEY,
  position INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS event_kind (
  kind INTEGER PRIMARY KEY,
  name TEXT NOT NULL
) STRICT;

CREATE VIEW IF NOT EXISTS event_log AS
  SELECT position, name AS kind, account, instrument, previous,
         strftime('%Y-%m-%d %H:%M:%f', event_time_us / 1000000.0, 'unixepoch') AS event_time,
         length(payload) AS bytes
  FROM event JOIN event_kind USING (kind);
`;
