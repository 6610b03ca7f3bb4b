-- Where a step stands that ran at once is said by its row of `entries`: only others have a row of their own, and
-- those to which something happened afterwards. `reached` holds the last number of each run's journal, so that a
-- row that is missing at its end is missed.

PRAGMA legacy_alter_table = ON; -- what reads `steps` goes on to read it, now the view
ALTER TABLE steps RENAME TO step_rows;
PRAGMA legacy_alter_table = OFF;

CREATE VIEW steps AS
SELECT execution, step_id, status, reason, attempts, started_at, ended_at, duration_ms, seq FROM step_rows
UNION ALL
SELECT execution, step_id, 4, '', attempt, begun, ts, json_extract(data, '$.duration_ms'), seq
FROM entries e
WHERE begun IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM step_rows r WHERE r.execution = e.execution AND r.step_id = e.step_id);

CREATE TABLE reached (
    execution INTEGER PRIMARY KEY,
    seq       INTEGER NOT NULL
);
