-- Long work: what is queued, who is at it, how it ended. ``seq`` is the audit entry of its queueing.
CREATE TABLE jobs (
  id        text NOT NULL PRIMARY KEY CHECK (length(id) > 0),
  seq       bigint NOT NULL UNIQUE REFERENCES audit (seq),
  kind      text NOT NULL,
  arguments text NOT NULL,
  time      text NOT NULL,
  actor     text NOT NULL,
  via       text NOT NULL,
  origin    text NOT NULL,
  state     text NOT NULL,
  progress  text NOT NULL,
  attempts  bigint NOT NULL,
  stop      bigint NOT NULL,
  began     text,
  ended     text,
  worker    text NOT NULL,
  lease     text,
  result    text,
  failure   text
);

CREATE INDEX jobs_of_a_state ON jobs (state, seq);
