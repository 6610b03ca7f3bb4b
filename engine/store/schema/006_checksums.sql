-- By which a reader sees that a row is what was written (engine/store/checksum.py). Null: written before.

ALTER TABLE journal ADD COLUMN checksum INTEGER;
ALTER TABLE definitions ADD COLUMN checksum INTEGER;
