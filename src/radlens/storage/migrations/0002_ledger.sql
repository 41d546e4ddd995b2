-- What the lab found out; ``seq`` is the order in which the entries began.
CREATE TABLE ledger (
  id      text NOT NULL PRIMARY KEY CHECK (length(id) > 0),
  seq     bigint NOT NULL UNIQUE,
  kind    text NOT NULL,
  name    text NOT NULL,
  time    text NOT NULL,
  state   text NOT NULL,
  body    text NOT NULL,
  parents text NOT NULL,
  files   text NOT NULL
);

CREATE INDEX ledger_of_a_kind ON ledger (kind, name, seq);
