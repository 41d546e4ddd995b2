-- What a reader said of a prediction, once and for all, at the place of its audit entry.
CREATE TABLE reviews (
  id         text NOT NULL PRIMARY KEY CHECK (length(id) > 0),
  seq        bigint NOT NULL UNIQUE REFERENCES audit (seq),
  prediction text NOT NULL REFERENCES predictions (id),
  model      text NOT NULL CHECK (length(model) = 64),
  version    text NOT NULL,
  time       text NOT NULL,
  actor      text NOT NULL,
  via        text NOT NULL,
  origin     text NOT NULL,
  opinions   text NOT NULL,
  impression text NOT NULL,
  blind      bigint NOT NULL,
  final      bigint NOT NULL
);

CREATE INDEX reviews_of_a_prediction ON reviews (prediction, seq);
CREATE UNIQUE INDEX one_blind_opinion ON reviews (prediction, actor) WHERE blind = 1;

-- Reviews that were taken back; they stay where they are.
CREATE TABLE undos (
  review text NOT NULL PRIMARY KEY REFERENCES reviews (id),
  seq    bigint NOT NULL UNIQUE REFERENCES audit (seq),
  time   text NOT NULL,
  actor  text NOT NULL,
  via    text NOT NULL,
  origin text NOT NULL
);

-- The list of cases: ``place`` is the prediction's own, ``rank`` counts from the most urgent, and
-- ``reader`` has it until ``lease``. What is concluded says so here, that it can be listed.
CREATE TABLE cases (
  prediction text NOT NULL PRIMARY KEY REFERENCES predictions (id),
  place      bigint NOT NULL UNIQUE,
  task       text NOT NULL,
  rank       bigint NOT NULL,
  outcome    text NOT NULL,
  signer     text NOT NULL,
  readings   bigint NOT NULL,
  reader     text NOT NULL,
  lease      text
);

CREATE INDEX cases_by_outcome ON cases (outcome, rank, place);
CREATE INDEX cases_by_rank ON cases (rank, place);
