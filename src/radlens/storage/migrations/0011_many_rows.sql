-- A list of cases is read from an index in its own order, however many there are.
CREATE INDEX cases_of_a_task ON cases (task, outcome, rank, place);
CREATE INDEX cases_of_a_signer ON cases (signer, outcome, rank, place);
CREATE INDEX cases_in_hands ON cases (lease) WHERE lease IS NOT NULL;
DROP INDEX cases_by_rank;

-- Nearly all went well: an index of that would be walked in vain for what is seldom.
DROP INDEX audit_of_an_outcome;
CREATE INDEX audit_of_a_failure ON audit (outcome, seq) WHERE outcome <> 'done';
