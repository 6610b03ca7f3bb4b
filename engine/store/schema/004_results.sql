-- Results that may be used again, by the key of what they were made from: the newest one each.

CREATE TABLE results (
    key       TEXT PRIMARY KEY,
    execution INTEGER NOT NULL,
    step_id   TEXT NOT NULL,
    seq       INTEGER NOT NULL -- of the completion in the journal
) WITHOUT ROWID;
CREATE INDEX results_by_execution ON results (execution);

-- What pinned results in workflow files refer to; these stored results stay whatever is pruned.
CREATE TABLE pins (
    owner TEXT NOT NULL, -- a workflow and its file
    name  TEXT NOT NULL,
    PRIMARY KEY (owner, name)
) WITHOUT ROWID;
