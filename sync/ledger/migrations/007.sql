-- Indexes that cost less to keep. Of digests the first eight signs tell nearly
-- always enough. And what is urgent is told by ten seconds: what was written in one
-- moment goes in the order in which it was found, as it lies here.

DROP INDEX jobs_rank;
CREATE INDEX jobs_rank ON jobs (account, flow, rank, (mtime / 10000000000) DESC) WHERE state = 'queued';
DROP INDEX jobs_content;
CREATE INDEX jobs_content ON jobs ((substr(sha256, 1, 8))) WHERE sha256 != '';
DROP INDEX jobs_core;
CREATE INDEX jobs_core ON jobs ((substr(core, 1, 8))) WHERE core != '';
DROP INDEX known_content;
CREATE INDEX known_content ON known (size, (substr(sha256, 1, 8)));
