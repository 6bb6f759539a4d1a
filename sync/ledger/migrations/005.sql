-- The newest pictures of a bench, for the page.

CREATE INDEX jobs_recent ON jobs (bench, account, created) WHERE kind != 'mark';
