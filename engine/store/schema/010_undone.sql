-- A run that was undone counts as what it was before: completed, stopped, or failed. Attempts beyond the first count
-- also where the run was taken up again since.

DROP VIEW run_statistics;
DROP VIEW step_statistics;

CREATE VIEW undone_runs AS -- how each run ended that has been undone since, by its last move before that
SELECT execution,
       CASE type WHEN 6 THEN 5 WHEN 7 THEN 6 WHEN 5 THEN 8 WHEN 9 THEN 8 ELSE 7 END AS ended_as
FROM (
    SELECT j.execution, j.type, row_number() OVER (PARTITION BY j.execution ORDER BY j.seq DESC) AS place
    FROM executions e
    JOIN entries j ON j.execution = e.key
    WHERE e.status IN (10, 11) AND (j.type BETWEEN 1 AND 9 OR j.type IN (13, 29))
)
WHERE place = 1;

CREATE VIEW step_retries AS -- an attempt with a higher number than the one before it
SELECT execution, step_id, count(*) AS retries
FROM (
    SELECT execution, step_id, attempt,
           lag(attempt) OVER (PARTITION BY execution, step_id ORDER BY seq) AS attempt_before
    FROM entries
    WHERE type = 14
)
WHERE attempt > attempt_before
GROUP BY execution, step_id;

CREATE VIEW run_statistics AS -- one row a workflow and version of its drawing; parts of runs are not counted
WITH runs AS MATERIALIZED (
    SELECT e.key, e.workflow_id, e.definition_hash, e.created_at, e.ended_at,
           coalesce(u.ended_as, e.status) AS status,
           t.active_ms, t.waiting_ms,
           (e.ended_at - e.started_at) / 1e3 AS duration_ms,
           (q.first_ts - e.created_at) / 1e3 AS queue_ms, -- until its first step ran
           s.retries
    FROM executions e
    LEFT JOIN run_times t ON t.execution = e.key
    LEFT JOIN (
        SELECT execution, min(ts) AS first_ts FROM journal WHERE type = 14 GROUP BY execution
    ) q ON q.execution = e.key
    LEFT JOIN (SELECT execution, sum(retries) AS retries FROM step_retries GROUP BY execution) s
        ON s.execution = e.key
    LEFT JOIN undone_runs u ON u.execution = e.key
    WHERE instr(e.id, '/') = 0
),
ranked AS (
    SELECT *,
           CASE WHEN ended_at IS NOT NULL AND active_ms IS NOT NULL THEN row_number() OVER (
               PARTITION BY workflow_id, definition_hash, ended_at IS NULL OR active_ms IS NULL
               ORDER BY active_ms
           ) END AS active_place,
           CASE WHEN duration_ms IS NOT NULL THEN row_number() OVER (
               PARTITION BY workflow_id, definition_hash, duration_ms IS NULL ORDER BY duration_ms
           ) END AS duration_place,
           CASE WHEN queue_ms IS NOT NULL THEN row_number() OVER (
               PARTITION BY workflow_id, definition_hash, queue_ms IS NULL ORDER BY queue_ms
           ) END AS queue_place,
           count(active_ms) FILTER (WHERE ended_at IS NOT NULL) OVER version AS ended,
           count(duration_ms) OVER version AS lasted,
           count(queue_ms) OVER version AS queued
    FROM runs
    WINDOW version AS (PARTITION BY workflow_id, definition_hash)
)
SELECT workflow_id, definition_hash,
       count(*) AS runs,
       sum(status = 5) AS completed,
       sum(status = 6) AS completed_with_errors,
       sum(status IN (7, 10, 11, 12)) AS failed,
       sum(status = 8) AS cancelled,
       -- Of the runs that came to an end by themselves.
       avg(CASE WHEN status IN (5, 6) THEN 1.0 WHEN status IN (7, 10, 11, 12) THEN 0.0 END) AS success_rate,
       sum(coalesce(retries, 0)) AS retries,
       avg(duration_ms) AS mean_duration_ms,
       max(duration_ms) AS max_duration_ms,
       max(CASE WHEN duration_place = (lasted + 1) / 2 THEN duration_ms END) AS p50_duration_ms,
       max(CASE WHEN duration_place = (95 * lasted + 99) / 100 THEN duration_ms END) AS p95_duration_ms,
       max(CASE WHEN active_place = (ended + 1) / 2 THEN active_ms END) AS p50_active_ms,
       max(CASE WHEN active_place = (95 * ended + 99) / 100 THEN active_ms END) AS p95_active_ms,
       avg(CASE WHEN ended_at IS NOT NULL THEN waiting_ms END) AS mean_waiting_ms,
       max(CASE WHEN queue_place = (queued + 1) / 2 THEN queue_ms END) AS p50_queue_ms,
       max(CASE WHEN queue_place = (95 * queued + 99) / 100 THEN queue_ms END) AS p95_queue_ms,
       max(created_at) / 1e6 AS last_run_at
FROM ranked
GROUP BY workflow_id, definition_hash;

CREATE VIEW step_statistics AS -- one row a step and version of the drawing it stands in
WITH runs AS MATERIALIZED (
    SELECT e.workflow_id, e.definition_hash, s.step_id, s.status, coalesce(r.retries, 0) AS retries,
           -- A result that was taken, pinned or passed on says nothing about how long the step takes.
           coalesce(json_extract(j.data, '$.via') IN ('reused', 'pinned', 'passthrough'), 0) AS is_not_run,
           s.duration_ms, t.active_ms, t.waiting_ms, q.queue_ms
    FROM steps s
    JOIN executions e ON e.key = s.execution
    LEFT JOIN journal j ON j.execution = s.execution AND j.seq = s.seq
    LEFT JOIN step_times t ON t.execution = s.execution AND t.step_id = s.step_id
    LEFT JOIN step_queues q ON q.execution = s.execution AND q.step_id = s.step_id
    LEFT JOIN step_retries r ON r.execution = s.execution AND r.step_id = s.step_id
    WHERE instr(e.id, '/') = 0
),
ranked AS (
    SELECT *,
           ran_at IS NOT NULL AS ran,
           CASE WHEN ran_at IS NOT NULL THEN row_number() OVER (
               PARTITION BY workflow_id, definition_hash, step_id, ran_at IS NULL ORDER BY active_ms
           ) END AS active_place,
           CASE WHEN ran_at IS NOT NULL THEN row_number() OVER (
               PARTITION BY workflow_id, definition_hash, step_id, ran_at IS NULL ORDER BY queue_ms
           ) END AS queue_place,
           CASE WHEN lasted_ms IS NOT NULL THEN row_number() OVER (
               PARTITION BY workflow_id, definition_hash, step_id, lasted_ms IS NULL ORDER BY lasted_ms
           ) END AS duration_place,
           count(ran_at) OVER step AS ran_in,
           count(lasted_ms) OVER step AS lasted
    FROM (
        SELECT *,
               CASE WHEN NOT is_not_run THEN queue_ms END AS ran_at,
               CASE WHEN NOT is_not_run AND queue_ms IS NOT NULL THEN duration_ms END AS lasted_ms
        FROM runs
    )
    WINDOW step AS (PARTITION BY workflow_id, definition_hash, step_id)
)
SELECT workflow_id, definition_hash, step_id,
       count(*) AS runs,
       sum(status = 4) AS completed,
       sum(status = 5) AS failed,
       sum(status = 6) AS skipped,
       avg(CASE status WHEN 4 THEN 1.0 WHEN 5 THEN 0.0 END) AS success_rate,
       sum(retries) AS retries,
       sum(is_not_run) AS not_run,
       avg(lasted_ms) AS mean_duration_ms,
       min(lasted_ms) AS min_duration_ms,
       max(lasted_ms) AS max_duration_ms,
       max(CASE WHEN duration_place = (lasted + 1) / 2 THEN lasted_ms END) AS p50_duration_ms,
       max(CASE WHEN duration_place = (95 * lasted + 99) / 100 THEN lasted_ms END) AS p95_duration_ms,
       max(CASE WHEN active_place = (ran_in + 1) / 2 THEN active_ms END) AS p50_active_ms,
       max(CASE WHEN active_place = (95 * ran_in + 99) / 100 THEN active_ms END) AS p95_active_ms,
       avg(CASE WHEN ran THEN waiting_ms END) AS mean_waiting_ms,
       max(CASE WHEN queue_place = (ran_in + 1) / 2 THEN queue_ms END) AS p50_queue_ms,
       max(CASE WHEN queue_place = (95 * ran_in + 99) / 100 THEN queue_ms END) AS p95_queue_ms
FROM ranked
GROUP BY workflow_id, definition_hash, step_id;
