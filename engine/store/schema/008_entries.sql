-- A step that began, completed and was left by all its connections at once is one row and not three or more:
-- `begun` is when it began, `taken` names the connections. What they stand for is seen in the view `journal`.
-- Of other rows both are null. `checksum` is of all of it (engine/store/checksum.py).

ALTER TABLE journal ADD COLUMN begun INTEGER;
ALTER TABLE journal ADD COLUMN taken TEXT; -- JSON, a list of the ids of connections
PRAGMA legacy_alter_table = ON; -- what reads `journal` goes on to read it, now the view
ALTER TABLE journal RENAME TO entries;
PRAGMA legacy_alter_table = OFF;

CREATE VIEW journal AS
SELECT execution, seq, ts, type, step_id, attempt, data FROM entries
UNION ALL
SELECT execution, seq - 1, begun, 14, step_id, attempt, NULL FROM entries WHERE begun IS NOT NULL
UNION ALL
SELECT e.execution, e.seq + 1 + c.key, e.ts, 25, NULL, 0, json_object('connection_id', c.value, 'outcome', 'TAKEN')
FROM entries e, json_each(e.taken) c
WHERE e.begun IS NOT NULL;

DROP VIEW run_times;

CREATE VIEW run_times AS -- paused runs wait; between an end and being taken up again a run is neither
SELECT execution,
       sum(CASE WHEN type IN (1, 2, 4, 5, 10, 29) THEN next_ts - ts ELSE 0 END) / 1e3 AS active_ms,
       sum(CASE WHEN type = 3 THEN next_ts - ts ELSE 0 END) / 1e3 AS waiting_ms
FROM (
    SELECT execution, type, ts, lead(ts) OVER (PARTITION BY execution ORDER BY seq) AS next_ts
    FROM entries
    WHERE type BETWEEN 1 AND 13 OR type = 29
)
GROUP BY execution;
