-- Whose image it is, as pseudonyms under a key that is not in the database: the same again for the
-- same patient and the same study. Null where nothing says so, and after an erasure.
ALTER TABLE predictions ADD COLUMN patient text;
ALTER TABLE predictions ADD COLUMN study text;
ALTER TABLE predictions ADD COLUMN salt text;

CREATE INDEX predictions_of_a_patient ON predictions (patient, seq) WHERE patient IS NOT NULL;
