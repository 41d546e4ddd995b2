-- Where an act came from and how it ended; empty and 'done' for what is older.
ALTER TABLE audit ADD COLUMN origin text NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN outcome text NOT NULL DEFAULT 'done';
ALTER TABLE predictions ADD COLUMN origin text NOT NULL DEFAULT '';

-- The time again, as text that sorts by time: what is older was said in UTC as a rule.
ALTER TABLE audit ADD COLUMN utc text NOT NULL DEFAULT '';
UPDATE audit SET utc = time;

CREATE INDEX audit_of_a_verb ON audit (verb, seq);
CREATE INDEX audit_of_a_subject ON audit (subject, seq);
CREATE INDEX audit_of_an_actor ON audit (actor, seq);
CREATE INDEX audit_of_an_outcome ON audit (outcome, seq);
CREATE INDEX audit_by_time ON audit (utc, seq);
CREATE INDEX predictions_of_a_model ON predictions (model_digest, seq);

-- A signed statement that the log had this digest at this entry.
CREATE TABLE checkpoints (
  seq       bigint NOT NULL PRIMARY KEY REFERENCES audit (seq),
  digest    text NOT NULL CHECK (length(digest) = 64),
  time      text NOT NULL,
  trace     text NOT NULL,
  key       text NOT NULL,
  signature text NOT NULL
);

-- Predictions whose image and evidence were destroyed, at the place of the entry that tells of it.
CREATE TABLE erasures (
  prediction text NOT NULL PRIMARY KEY REFERENCES predictions (id),
  entry      bigint NOT NULL REFERENCES audit (seq),
  erased     text NOT NULL,
  erased_by  text NOT NULL,
  erased_why text NOT NULL
);

-- Idempotency keys are chosen by callers and may name a patient: their SHA-256 is kept from here
-- on, and those of before are forgotten.
DELETE FROM requests;

-- Model versions by the digest of their manifest; ``files`` names the bundle's parts as objects,
-- ``approved`` the accounts that approved of the next activation.
CREATE TABLE versions (
  digest  text NOT NULL PRIMARY KEY CHECK (length(digest) = 64),
  seq     bigint NOT NULL UNIQUE REFERENCES audit (seq),
  task    text NOT NULL,
  version text NOT NULL,
  stage   text NOT NULL,
  share   double precision,
  source  text NOT NULL,
  time    text NOT NULL,
  actor   text NOT NULL,
  via     text NOT NULL,
  origin  text NOT NULL,
  files   text NOT NULL,
  facts   text NOT NULL,
  approved text NOT NULL,
  thresholds text,
  UNIQUE (task, version)
);

-- The rule that no two models can be live for one task is the database's own.
CREATE UNIQUE INDEX one_live_version ON versions (task) WHERE stage = 'live';
CREATE UNIQUE INDEX one_canary_version ON versions (task) WHERE stage = 'canary';
CREATE UNIQUE INDEX one_shadow_version ON versions (task) WHERE stage = 'shadow';

-- Every change of a version's stage, at the place of the audit entry that tells of it.
CREATE TABLE moves (
  seq    bigint NOT NULL REFERENCES audit (seq),
  digest text NOT NULL REFERENCES versions (digest),
  task   text NOT NULL,
  before text,
  after  text NOT NULL,
  share  double precision,
  time   text NOT NULL,
  actor  text NOT NULL,
  via    text NOT NULL,
  origin text NOT NULL,
  reason text NOT NULL,
  thresholds text,
  PRIMARY KEY (seq, digest)
);

CREATE INDEX moves_of_a_task ON moves (task, seq);

-- What a candidate said of images that the live model answered; never shown as an answer.
CREATE TABLE shadows (
  prediction text NOT NULL REFERENCES predictions (id),
  digest     text NOT NULL REFERENCES versions (digest),
  time       text NOT NULL,
  findings   text,
  failure    text,
  changed    text NOT NULL,
  PRIMARY KEY (prediction, digest)
);

CREATE INDEX shadows_of_a_version ON shadows (digest);

CREATE TABLE users (
  id       text NOT NULL PRIMARY KEY CHECK (length(id) > 0),
  name     text NOT NULL UNIQUE,
  role     text NOT NULL,
  source   text NOT NULL,
  password text,
  created  text NOT NULL,
  disabled text
);

-- Sessions and keys are known by the SHA-256 of their secret alone.
CREATE TABLE sessions (
  digest  text NOT NULL PRIMARY KEY CHECK (length(digest) = 64),
  account text NOT NULL REFERENCES users (id),
  began   text NOT NULL,
  seen    text NOT NULL,
  expires text NOT NULL,
  origin  text NOT NULL
);

CREATE INDEX sessions_of_an_account ON sessions (account);

CREATE TABLE api_keys (
  digest  text NOT NULL PRIMARY KEY CHECK (length(digest) = 64),
  id      text NOT NULL UNIQUE,
  account text NOT NULL REFERENCES users (id),
  name    text NOT NULL,
  role    text NOT NULL,
  created text NOT NULL,
  expires text NOT NULL,
  revoked text
);

-- Failed sign-ins, to slow guessing down on all processes alike.
CREATE TABLE guesses (
  subject  text NOT NULL PRIMARY KEY,
  failures bigint NOT NULL,
  last     text NOT NULL
);

-- What a site must remember that belongs to nothing else, such as the digest of its set-up link.
CREATE TABLE site_facts (
  name  text NOT NULL PRIMARY KEY,
  value text NOT NULL
);
