-- Portable: SQLite and PostgreSQL >= 14 run the same text.
-- Times are ISO 8601 with their offset, exactly as they were said; order comes from seq alone.

CREATE TABLE audit (
  seq      bigint NOT NULL PRIMARY KEY CHECK (seq > 0),
  time     text NOT NULL,
  actor    text NOT NULL,
  via      text NOT NULL,
  verb     text NOT NULL,
  subject  text NOT NULL,
  detail   text NOT NULL,
  previous text NOT NULL UNIQUE CHECK (length(previous) = 64),
  digest   text NOT NULL UNIQUE CHECK (length(digest) = 64)
);

-- A prediction's place in history is the place of the audit entry that recorded it.
CREATE TABLE predictions (
  id              text NOT NULL PRIMARY KEY CHECK (length(id) > 0),
  seq             bigint NOT NULL UNIQUE REFERENCES audit (seq),
  time            text NOT NULL,
  actor           text NOT NULL,
  via             text NOT NULL,
  task            text NOT NULL,
  model_version   text NOT NULL,
  model_digest    text NOT NULL CHECK (length(model_digest) = 64),
  model_statement text NOT NULL,
  image_digest    text NOT NULL CHECK (length(image_digest) = 64),
  image           text NOT NULL,
  evidence_digest text NOT NULL CHECK (length(evidence_digest) = 64),
  findings        text NOT NULL
);

CREATE INDEX predictions_of_an_image ON predictions (image_digest, seq);

CREATE TABLE requests (
  idempotency_key text NOT NULL PRIMARY KEY CHECK (length(idempotency_key) > 0),
  request         text NOT NULL,
  prediction      text NOT NULL REFERENCES predictions (id)
);
