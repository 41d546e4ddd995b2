-- The training images most alike to the image; null where the model remembers none.
ALTER TABLE predictions ADD COLUMN alike text;
