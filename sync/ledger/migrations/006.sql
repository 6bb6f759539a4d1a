-- Tasks that are not ours: those that a remote hands out, and edit projects.

ALTER TABLE tasks ADD COLUMN kind TEXT NOT NULL DEFAULT '';       -- received, project, or empty: ours
ALTER TABLE tasks ADD COLUMN link TEXT NOT NULL DEFAULT '';       -- where a person sees it at the remote
ALTER TABLE tasks ADD COLUMN status TEXT NOT NULL DEFAULT '';     -- what it is called there
ALTER TABLE tasks ADD COLUMN missing TEXT NOT NULL DEFAULT '';    -- names of what is expected still, one in a line
ALTER TABLE tasks ADD COLUMN news BIGINT NOT NULL DEFAULT 0;      -- see Task.News
CREATE INDEX jobs_batch_in ON jobs (batch) WHERE flow = 'in' AND batch != '';
