-- How often and how long: answered from the projections, never from a second store.

CREATE TABLE status_names (
    kind TEXT NOT NULL,
    code INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (kind, code)
) WITHOUT ROWID;
INSERT INTO status_names VALUES
    ('execution', 0, 'PENDING'), ('execution', 1, 'RUNNING'), ('execution', 2, 'PAUSING'),
    ('execution', 3, 'PAUSED'), ('execution', 4, 'CANCELLING'), ('execution', 5, 'COMPLETED'),
    ('execution', 6, 'COMPLETED_WITH_ERRORS'), ('execution', 7, 'FAILED'), ('execution', 8, 'CANCELLED'),
    ('execution', 9, 'ROLLING_BACK'), ('execution', 10, 'ROLLED_BACK'),
    ('execution', 11, 'ROLLBACK_FAILED'), ('execution', 12, 'QUARANTINED'),
    ('step', 0, 'PENDING'), ('step', 1, 'RUNNING'), ('step', 2, 'WAITING'), ('step', 3, 'PAUSED'),
    ('step', 4, 'COMPLETED'), ('step', 5, 'FAILED'), ('step', 6, 'SKIPPED'), ('step', 7, 'CANCELLED'),
    ('step', 8, 'UNCERTAIN'), ('step', 9, 'ROLLING_BACK'), ('step', 10, 'ROLLED_BACK'),
    ('step', 11, 'ROLLBACK_FAILED');

CREATE VIEW run_list AS
SELECT e.id AS execution_id, e.workflow_id, e.workflow_name, e.definition_hash,
       n.name AS status, e.reason, e.error,
       e.created_at / 1e6 AS created_at, e.started_at / 1e6 AS started_at, e.ended_at / 1e6 AS ended_at,
       (e.ended_at - e.started_at) / 1e3 AS duration_ms
FROM executions e JOIN status_names n ON n.kind = 'execution' AND n.code = e.status;

CREATE VIEW run_statistics AS -- one row a workflow and version of its drawing
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
       max(created_at) / 1e6 AS last_run_at
FROM executions
GROUP BY workflow_id, definition_hash;

CREATE VIEW step_statistics AS -- one row a step and version of the drawing it stands in
SELECT e.workflow_id, e.definition_hash, s.step_id,
       count(*) AS runs,
       sum(s.status = 4) AS completed,
       sum(s.status = 5) AS failed,
       sum(s.status = 6) AS skipped,
       avg(CASE s.status WHEN 4 THEN 1.0 WHEN 5 THEN 0.0 END) AS success_rate,
       sum(max(s.attempts - 1, 0)) AS retries,
       avg(s.duration_ms) AS mean_duration_ms,
       min(s.duration_ms) AS min_duration_ms,
       max(s.duration_ms) AS max_duration_ms
FROM steps s JOIN executions e ON e.key = s.execution
GROUP BY e.workflow_id, e.definition_hash, s.step_id;
