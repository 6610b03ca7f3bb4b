-- The journal is the truth; the other tables are projections of it, written in the same transaction.
-- Times are microseconds since the epoch (UTC); statuses and types are the codes of engine/store/codes.py.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO meta VALUES ('closed_cleanly', 1), ('syncs', 0);

CREATE TABLE definitions (
    hash       TEXT PRIMARY KEY,
    definition TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE executions (
    key             INTEGER PRIMARY KEY,
    id              TEXT NOT NULL UNIQUE,
    workflow_id     TEXT NOT NULL,
    workflow_name   TEXT NOT NULL,
    definition_hash TEXT NOT NULL,
    status          INTEGER NOT NULL,
    reason          TEXT NOT NULL,
    error           TEXT,
    created_at      INTEGER NOT NULL,
    started_at      INTEGER,
    ended_at        INTEGER
);
CREATE INDEX executions_by_status ON executions (status, key);

CREATE TABLE journal (
    execution INTEGER NOT NULL,
    seq       INTEGER NOT NULL,
    ts        INTEGER NOT NULL,
    type      INTEGER NOT NULL,
    step_id   TEXT,
    attempt   INTEGER NOT NULL,
    data      TEXT,
    PRIMARY KEY (execution, seq)
) WITHOUT ROWID;

CREATE TABLE steps (
    execution   INTEGER NOT NULL,
    step_id     TEXT NOT NULL,
    status      INTEGER NOT NULL,
    reason      TEXT NOT NULL,
    attempts    INTEGER NOT NULL,
    started_at  INTEGER,
    ended_at    INTEGER,
    duration_ms REAL,
    seq         INTEGER NOT NULL, -- of the event that brought it here; the output stands there
    PRIMARY KEY (execution, step_id)
) WITHOUT ROWID;

CREATE TABLE attempts (
    execution  INTEGER NOT NULL,
    step_id    TEXT NOT NULL,
    attempt    INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER,
    outcome    INTEGER, -- the status the step went to; null while it runs, or if the process died
    error      TEXT,
    PRIMARY KEY (execution, step_id, attempt, started_at)
) WITHOUT ROWID;

CREATE TABLE connections (
    execution     INTEGER NOT NULL,
    connection_id TEXT NOT NULL,
    outcome       INTEGER NOT NULL,
    PRIMARY KEY (execution, connection_id)
) WITHOUT ROWID;

CREATE TABLE timers (
    execution INTEGER NOT NULL,
    step_id   TEXT NOT NULL,
    due_at    INTEGER, -- null when the step does not wait any more
    PRIMARY KEY (execution, step_id)
) WITHOUT ROWID;
