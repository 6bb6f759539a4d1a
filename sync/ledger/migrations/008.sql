-- Fewer indexes are touched at each step of a job. not_before of a queued job is 0
-- once its time has come, so that one index tells what is due and what of it is
-- the oldest; open jobs lie by state, so that those in somebody's hands need no
-- index of their own. For a list of more than two, IN would build a table at each
-- change of a job.

DROP INDEX jobs_time;
DROP INDEX jobs_age;
CREATE INDEX jobs_due ON jobs (account, flow, not_before, created) WHERE state = 'queued';
DROP INDEX jobs_held;
DROP INDEX jobs_open;
CREATE INDEX jobs_open ON jobs (state, bench, account, flow, size, created) WHERE state != 'done' AND state != 'superseded' AND state != 'landed';
