-- How long runs and steps were active, waited for somebody or something, and stood in line. Times in ms.
-- Types: 1-13 and 29 move an execution, 14-24 a step, 25 decides a connection (see engine/store/codes.py).

DROP VIEW run_statistics;
DROP VIEW step_statistics;

CREATE VIEW run_times AS -- paused runs wait; between an end and being taken up again a run is neither
SELECT execution,
       sum(CASE WHEN type IN (1, 2, 4, 5, 10, 29) THEN next_ts - ts ELSE 0 END) / 1e3 AS active_ms,
       sum(CASE WHEN type = 3 THEN next_ts - ts ELSE 0 END) / 1e3 AS waiting_ms
FROM (
    SELECT execution, type, ts, lead(ts) OVER (PARTITION BY execution ORDER BY seq) AS next_ts
    FROM journal
    WHERE type BETWEEN 1 AND 13 OR type = 29
)
GROUP BY execution;

CREATE VIEW step_times AS -- a try that a crash cut off (14 after 14) took nobody knows how long
SELECT execution, step_id,
       sum(CASE WHEN type = 14 AND next_type <> 14 THEN next_ts - ts ELSE 0 END) / 1e3 AS active_ms,
       sum(CASE WHEN type IN (15, 16) THEN next_ts - ts ELSE 0 END) / 1e3 AS waiting_ms,
       min(CASE WHEN type = 14 THEN seq END) AS first_seq,
       min(CASE WHEN type = 14 THEN ts END) AS first_ts
FROM (
    SELECT execution, step_id, seq, type, ts,
           lead(ts) OVER moves AS next_ts, lead(type) OVER moves AS next_type
    FROM journal
    WHERE type BETWEEN 14 AND 24
    WINDOW moves AS (PARTITION BY execution, step_id ORDER BY seq)
)
GROUP BY execution, step_id;

CREATE VIEW run_statistics AS -- one row a workflow and version of its drawing; percentiles by nearest rank
SELECT workflow_id, definition_hash,
       count(*) AS runs,
       sum(status = 5) AS completed,
       sum(status = 6) AS completed_with_errors,
       sum(status IN (7, 10, 11, 12)) AS failed,
       sum(status = 8) AS cancelled,
       -- Of the runs that came to an end by themselves.
       avg(CASE WHEN status IN (5, 6) THEN 1.0 WHEN status IN (7, 10, 11, 12) THEN 0.0 END) AS success_rate,
       avg(ended_at - started_at) / 1e3 AS mean_duration_ms,
       max(ended_at - started_at) / 1e3 AS max_duration_ms,
       max(CASE WHEN place = (ended + 1) / 2 THEN active_ms END) AS p50_active_ms,
       max(CASE WHEN place = (95 * ended + 99) / 100 THEN active_ms END) AS p95_active_ms,
       avg(CASE WHEN ended_at IS NOT NULL THEN waiting_ms END) AS mean_waiting_ms,
       max(created_at) / 1e6 AS last_run_at
FROM (
    SELECT e.*, t.active_ms, t.waiting_ms,
           count(t.active_ms) FILTER (WHERE e.ended_at IS NOT NULL) OVER version AS ended,
           CASE WHEN e.ended_at IS NOT NULL AND t.active_ms IS NOT NULL THEN row_number() OVER (
               PARTITION BY e.workflow_id, e.definition_hash, e.ended_at IS NULL OR t.active_ms IS NULL
               ORDER BY t.active_ms
           ) END AS place
    FROM executions e LEFT JOIN run_times t ON t.execution = e.key
    WHERE instr(e.id, '/') = 0
    WINDOW version AS (PARTITION BY e.workflow_id, e.definition_hash)
)
GROUP BY workflow_id, definition_hash;

CREATE VIEW step_statistics AS -- one row a step and version of the drawing it stands in
SELECT workflow_id, definition_hash, step_id,
       count(*) AS runs,
       sum(status = 4) AS completed,
       sum(status = 5) AS failed,
       sum(status = 6) AS skipped,
       avg(CASE status WHEN 4 THEN 1.0 WHEN 5 THEN 0.0 END) AS success_rate,
       sum(max(attempts - 1, 0)) AS retries,
       avg(duration_ms) AS mean_duration_ms,
       min(duration_ms) AS min_duration_ms,
       max(duration_ms) AS max_duration_ms,
       max(CASE WHEN place = (ran + 1) / 2 THEN active_ms END) AS p50_active_ms,
       max(CASE WHEN place = (95 * ran + 99) / 100 THEN active_ms END) AS p95_active_ms,
       avg(CASE WHEN place IS NOT NULL THEN waiting_ms END) AS mean_waiting_ms
FROM (
    SELECT e.workflow_id, e.definition_hash, s.*, t.active_ms, t.waiting_ms,
           count(t.first_seq) OVER step AS ran,
           CASE WHEN t.first_seq IS NOT NULL THEN row_number() OVER (
               PARTITION BY e.workflow_id, e.definition_hash, s.step_id, t.first_seq IS NULL
               ORDER BY t.active_ms
           ) END AS place
    FROM steps s
    JOIN executions e ON e.key = s.execution
    LEFT JOIN step_times t ON t.execution = s.execution AND t.step_id = s.step_id
    WHERE instr(e.id, '/') = 0
    WINDOW step AS (PARTITION BY e.workflow_id, e.definition_hash, s.step_id)
)
GROUP BY workflow_id, definition_hash, step_id;
