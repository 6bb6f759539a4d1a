-- Tasks that people put together, further rounds of them, and pictures that
-- nobody waits for any more.

ALTER TABLE tasks ADD COLUMN comment TEXT NOT NULL DEFAULT '';
ALTER TABLE tasks ADD COLUMN by_hand BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE tasks ADD COLUMN awaited TEXT NOT NULL DEFAULT '';       -- a photo of it that was awaited when last looked
ALTER TABLE jobs ADD COLUMN comment TEXT NOT NULL DEFAULT '';         -- of this round; empty: the task's
ALTER TABLE jobs ADD COLUMN closed BOOLEAN NOT NULL DEFAULT FALSE;    -- by a person: see Job.Closed
