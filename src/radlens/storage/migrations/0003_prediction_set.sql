-- What could not be ruled out beside the findings; null where the model cannot tell.
ALTER TABLE predictions ADD COLUMN prediction_set text;
