-- The journal is the truth; executions, steps and timers are projections of it, written in the same
-- transaction. What is asked for seldom is a view over the journal: it costs a step nothing.
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

CREATE TABLE timers (
    execution INTEGER NOT NULL,
    step_id   TEXT NOT NULL,
    due_at    INTEGER, -- null when the step does not wait any more
    PRIMARY KEY (execution, step_id)
) WITHOUT ROWID;

CREATE VIEW attempts AS -- ended_at and outcome are null while it runs, and when the process died
SELECT execution, step_id, attempt, ts AS started_at,
       CASE next_type WHEN 14 THEN NULL ELSE next_ts END AS ended_at,
       -- A step's event types stand from 14 (RUNNING) on as its statuses do from 1 (RUNNING) on.
       CASE next_type WHEN 14 THEN NULL ELSE next_type - 13 END AS outcome,
       json_extract(next_data, '$.error') AS error
FROM (
    SELECT execution, step_id, attempt, ts, type,
           lead(ts) OVER moves AS next_ts, lead(type) OVER moves AS next_type,
           lead(data) OVER moves AS next_data
    FROM journal
    WHERE type BETWEEN 14 AND 24
    WINDOW moves AS (PARTITION BY execution, step_id ORDER BY seq)
)
WHERE type = 14;

CREATE VIEW connections AS
SELECT execution, json_extract(data, '$.connection_id') AS connection_id,
       json_extract(data, '$.outcome') AS outcome, ts AS resolved_at
FROM journal
WHERE type = 25;
