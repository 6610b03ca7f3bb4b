-- Steps that were not run for their result do not count in how long a step takes.

DROP VIEW step_statistics;

CREATE VIEW step_statistics AS -- one row a step and version of the drawing it stands in
SELECT workflow_id, definition_hash, step_id,
       count(*) AS runs,
       sum(status = 4) AS completed,
       sum(status = 5) AS failed,
       sum(status = 6) AS skipped,
       avg(CASE status WHEN 4 THEN 1.0 WHEN 5 THEN 0.0 END) AS success_rate,
       sum(max(attempts - 1, 0)) AS retries,
       -- A result that was taken, pinned or passed on took no time, and says nothing about the step's own.
       sum(status = 4 AND duration_ms = 0) AS not_run,
       avg(nullif(duration_ms, 0)) AS mean_duration_ms,
       min(nullif(duration_ms, 0)) AS min_duration_ms,
       max(nullif(duration_ms, 0)) AS max_duration_ms,
       max(CASE WHEN place = (ran + 1) / 2 THEN active_ms END) AS p50_active_ms,
       max(CASE WHEN place = (95 * ran + 99) / 100 THEN active_ms END) AS p95_active_ms,
       avg(CASE WHEN place IS NOT NULL THEN waiting_ms END) AS mean_waiting_ms
FROM (
    SELECT *,
           count(ran_seq) OVER step AS ran,
           CASE WHEN ran_seq IS NOT NULL THEN row_number() OVER (
               PARTITION BY workflow_id, definition_hash, step_id, ran_seq IS NULL
               ORDER BY active_ms
           ) END AS place
    FROM (
        SELECT e.workflow_id, e.definition_hash, s.*, t.active_ms, t.waiting_ms,
               -- One that waited did run, however short its last try was.
               CASE WHEN s.duration_ms IS NOT 0 OR t.waiting_ms > 0 THEN t.first_seq END AS ran_seq
        FROM steps s
        JOIN executions e ON e.key = s.execution
        LEFT JOIN step_times t ON t.execution = s.execution AND t.step_id = s.step_id
        WHERE instr(e.id, '/') = 0
    )
    WINDOW step AS (PARTITION BY workflow_id, definition_hash, step_id)
)
GROUP BY workflow_id, definition_hash, step_id;
