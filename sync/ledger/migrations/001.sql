-- Times are nanoseconds since 1970 in UTC, 0 for none. The text is meant for
-- SQLite and PostgreSQL alike.

CREATE TABLE folders (
	id       BIGINT PRIMARY KEY,
	folder   TEXT NOT NULL UNIQUE, -- absolute path of a hot folder
	bench    TEXT NOT NULL,
	identity TEXT NOT NULL,        -- of its root, so that another disk is noticed
	seen     BIGINT NOT NULL,      -- when the agent met it first
	held     TEXT NOT NULL         -- why it waits for "release", empty if it does not
);

CREATE TABLE known (               -- the content last accepted under each name
	folder     BIGINT NOT NULL,
	dir        TEXT NOT NULL,
	name       TEXT NOT NULL,
	size       BIGINT NOT NULL,
	mtime      BIGINT NOT NULL,
	changed    BIGINT NOT NULL,
	sha256     TEXT NOT NULL,      -- empty until read
	generation BIGINT NOT NULL,    -- 0: was here before the agent and is left alone
	PRIMARY KEY (folder, dir, name)
) WITHOUT ROWID;
CREATE INDEX known_content ON known (size, sha256);

CREATE TABLE jobs (
	id           TEXT PRIMARY KEY,
	account      TEXT NOT NULL,
	bench        TEXT NOT NULL,
	role         TEXT NOT NULL,
	folder       TEXT NOT NULL,
	name         TEXT NOT NULL,
	batch        TEXT NOT NULL,
	flow         TEXT NOT NULL,
	kind         TEXT NOT NULL,
	generation   BIGINT NOT NULL,
	size         BIGINT NOT NULL,
	mtime        BIGINT NOT NULL,
	changed      BIGINT NOT NULL,
	sha256       TEXT NOT NULL,
	sha1         TEXT NOT NULL,
	md5          TEXT NOT NULL,
	rating       BIGINT NOT NULL,
	label        TEXT NOT NULL,
	state        TEXT NOT NULL,
	rank         BIGINT NOT NULL,
	created      BIGINT NOT NULL,
	not_before   BIGINT NOT NULL,
	sent_at      BIGINT NOT NULL,
	forced       BOOLEAN NOT NULL,
	ask          BOOLEAN NOT NULL,
	published    BOOLEAN NOT NULL,
	misses       BIGINT NOT NULL,
	starts       BIGINT NOT NULL,
	failures     BIGINT NOT NULL,
	asks         BIGINT NOT NULL,
	receipt_id   TEXT NOT NULL,
	receipt_name TEXT NOT NULL,
	receipt_link TEXT NOT NULL,
	receipt_size BIGINT NOT NULL,
	verified     BOOLEAN NOT NULL,
	reason       TEXT NOT NULL,
	agent        TEXT NOT NULL,    -- who holds it, empty if nobody
	lease        BIGINT NOT NULL   -- until when
);
CREATE INDEX jobs_rank ON jobs (account, flow, rank, mtime DESC) WHERE state = 'queued';
CREATE INDEX jobs_time ON jobs (account, flow, not_before) WHERE state = 'queued';
CREATE INDEX jobs_age ON jobs (account, flow, created) WHERE state = 'queued';
CREATE INDEX jobs_sent ON jobs (account, not_before) WHERE state = 'sent';
CREATE INDEX jobs_parked ON jobs (created) WHERE state = 'parked';
CREATE INDEX jobs_open ON jobs (bench, account, state, size, created) WHERE state IN ('queued', 'moving', 'publishing', 'sent', 'parked');
CREATE INDEX jobs_held ON jobs (agent) WHERE state IN ('moving', 'publishing');
CREATE INDEX jobs_file ON jobs (folder, name);
CREATE INDEX jobs_content ON jobs (account, bench, sha256);

CREATE TABLE days (                -- what was delivered, so that counting costs nothing
	bench   TEXT NOT NULL,
	account TEXT NOT NULL,
	day     TEXT NOT NULL,         -- 2026-11-22, by the agent's clock
	done    BIGINT NOT NULL,
	bytes   BIGINT NOT NULL,
	last    BIGINT NOT NULL,
	PRIMARY KEY (bench, account, day)
);

CREATE TABLE history (
	seq     INTEGER PRIMARY KEY,
	at      BIGINT NOT NULL,
	folder  TEXT NOT NULL,
	name    TEXT NOT NULL,
	job     TEXT NOT NULL,         -- empty for what happened to the file alone
	account TEXT NOT NULL,
	what    TEXT NOT NULL,
	reason  TEXT NOT NULL
);
CREATE INDEX history_file ON history (folder, name);

CREATE TABLE controls (            -- what people ask of the agent
	seq    INTEGER PRIMARY KEY,
	at     BIGINT NOT NULL,
	verb   TEXT NOT NULL,
	args   TEXT NOT NULL,          -- JSON
	taken  BIGINT NOT NULL,        -- when the agent acted; 0 while it has not
	answer TEXT NOT NULL
);
CREATE INDEX controls_open ON controls (seq) WHERE taken = 0;

CREATE TABLE pauses (              -- by a person; they outlive a restart
	account TEXT PRIMARY KEY,      -- '*' for all
	until   BIGINT NOT NULL,       -- 0: until somebody says resume
	at      BIGINT NOT NULL
);

CREATE TABLE agents (
	id      TEXT PRIMARY KEY,      -- fresh at each start
	name    TEXT NOT NULL,
	host    TEXT NOT NULL,
	pid     BIGINT NOT NULL,
	version TEXT NOT NULL,
	started BIGINT NOT NULL,
	seen    BIGINT NOT NULL,       -- last sign of life
	stopped BIGINT NOT NULL,       -- when it was stopped in an orderly way; 0 otherwise
	live    TEXT NOT NULL          -- JSON: what it is doing right now
);
