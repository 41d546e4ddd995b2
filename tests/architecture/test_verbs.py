"""What has a verb is put on record somewhere."""

import re
from pathlib import Path

from radlens.domain.audit import Verb

SOURCE = Path(__file__).parents[2] / "src" / "radlens"


def test_every_verb_is_used_where_acts_are_noted() -> None:
    shapes = ("audit_fhir.py", "audit.py")
    files = [p for p in SOURCE.rglob("*.py") if p.name not in shapes or "usecases" in p.parts]
    used = set(re.findall(r"Verb\.([A-Z_]+)", "\n".join(p.read_text() for p in files)))
    assert {verb.name for verb in Verb} - used == set()
