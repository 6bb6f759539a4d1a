-- Retouches on their way in, and the tasks they come back for.

ALTER TABLE jobs ADD COLUMN deselected BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE jobs ADD COLUMN remote TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN core TEXT NOT NULL DEFAULT '';            -- digest of the picture without metadata; empty if unknown
ALTER TABLE jobs ADD COLUMN stem TEXT NOT NULL DEFAULT '';            -- of name: see Stem; filled in after this script
ALTER TABLE jobs ADD COLUMN source_id TEXT NOT NULL DEFAULT '';       -- source_*: what the remote says of a retouch
ALTER TABLE jobs ADD COLUMN source_name TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN source_batch TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN source_bench TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN source_answers TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN source_link TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN source_rejected BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE jobs ADD COLUMN source_final BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE jobs ADD COLUMN answers TEXT NOT NULL DEFAULT '';         -- the job that a retouch answers
ALTER TABLE jobs ADD COLUMN round BIGINT NOT NULL DEFAULT 0;
CREATE INDEX jobs_in ON jobs (account, rank, created) WHERE flow = 'in' AND state = 'queued';
CREATE INDEX jobs_offered ON jobs (created) WHERE state = 'offered';
CREATE INDEX jobs_landed ON jobs (account, created) WHERE state = 'landed';
CREATE INDEX jobs_answers ON jobs (answers) WHERE answers != '';
CREATE INDEX jobs_batch ON jobs (batch) WHERE flow = 'out' AND batch != '';
CREATE INDEX jobs_receipt ON jobs (account, receipt_id) WHERE flow = 'out' AND receipt_id != '';
CREATE INDEX jobs_core ON jobs (account, bench, core) WHERE core != '';
CREATE INDEX jobs_stem ON jobs (account, stem) WHERE flow = 'out';
CREATE INDEX jobs_stem_in ON jobs (stem) WHERE flow = 'in';
DROP INDEX jobs_open;
CREATE INDEX jobs_open ON jobs (bench, account, flow, state, size, created) WHERE state IN ('queued', 'moving', 'publishing', 'sent', 'parked', 'offered', 'failed');

ALTER TABLE known ADD COLUMN core TEXT NOT NULL DEFAULT '';
ALTER TABLE days ADD COLUMN landed BIGINT NOT NULL DEFAULT 0;

CREATE TABLE tasks (
	id         TEXT PRIMARY KEY,
	account    TEXT NOT NULL,
	bench      TEXT NOT NULL,
	key        TEXT NOT NULL,      -- what it collects: a sub-folder, or empty
	title      TEXT NOT NULL,
	round      BIGINT NOT NULL,
	state      TEXT NOT NULL,
	template   TEXT NOT NULL,
	created    BIGINT NOT NULL,
	closes     BIGINT NOT NULL,
	deadline   BIGINT NOT NULL,
	not_before BIGINT NOT NULL,
	failures   BIGINT NOT NULL,
	reason     TEXT NOT NULL,
	published  BOOLEAN NOT NULL
);
CREATE INDEX tasks_state ON tasks (account, state);

CREATE TABLE memory (              -- what a connector keeps over restarts
	account TEXT NOT NULL,
	key     TEXT NOT NULL,
	value   TEXT NOT NULL,
	PRIMARY KEY (account, key)
);
