-- For people who look for files: all jobs, and those of one bench, by the time
-- they were added. Neither column ever changes. The conditions hold for every
-- job; only a question that repeats them is answered from these indexes.

CREATE INDEX jobs_created ON jobs (created) WHERE created > 0;
CREATE INDEX jobs_bench ON jobs (bench, created) WHERE bench != '';
