-- By which a reader sees that a run's row is what was written; one that is not is made anew from its journal.

ALTER TABLE executions ADD COLUMN checksum INTEGER;
