-- Runs inside others have a / in their ids; there may be thousands of them between two that a person started.

CREATE INDEX runs ON executions (key) WHERE instr(id, '/') = 0;
