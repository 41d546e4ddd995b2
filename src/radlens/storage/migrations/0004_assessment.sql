-- What the input gate said of the image; null where nothing checked it.
ALTER TABLE predictions ADD COLUMN assessment text;
