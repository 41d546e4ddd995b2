-- What has to stand beside every heat map of the model; null where nothing has to, as before.
ALTER TABLE predictions ADD COLUMN map_warning text;
