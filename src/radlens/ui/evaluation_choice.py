"""Which evaluation is looked at: by version, then by what it was measured on."""

from collections.abc import Iterator
from dataclasses import dataclass

import streamlit as st

from radlens.domain.evaluation import Evaluation
from radlens.domain.ledger import Item, Kind
from radlens.domain.registry import Stage, Version
from radlens.ports import Site
from radlens.usecases.evaluations import brought, recorded

SHOWN = "evaluation"  # in the address: an entry's id or a version's digest
LAST = "last evaluation"


@dataclass(frozen=True)
class Choice:
    """One evaluation on record; without an ``item`` the figures that a version came with."""

    key: str
    task: str
    model: str
    digest: str
    item: Item | None
    version: Version | None

    @property
    def measured_on(self) -> str:
        """Where its figures are from, and of when."""
        if self.item is None:
            return "its training's own held-out images, as it came"
        subject = self.item.body["subject"]
        return f"{subject['dataset']}, split {subject['split']}, {self.day}"

    @property
    def day(self) -> str:
        """When it was measured; of what a version came with, when its bundle was made."""
        if self.item:
            return f"{self.item.time:%Y-%m-%d %H:%M %Z}"
        made = ((self.version and self.version.facts.get("lineage")) or {}).get("made")
        return str(made)[:10] if made else "a day that is not on record"

    def read(self, site: Site) -> Evaluation | None:
        """All of it; None where nothing that can be read came with a version."""
        if self.item:
            return recorded(site, self.item)
        return brought(site, self.version) if self.version else None


def choices(site: Site) -> list[Choice]:
    """What is on record, the newest first; then the figures that versions came with, live first."""
    versions = {version.digest: version for version in site.registry.versions()}
    return [*_recorded(site, versions), *_brought(versions)]


def _recorded(site: Site, versions: dict[str, Version]) -> Iterator[Choice]:
    for item in site.ledger.items(Kind.EVALUATION):
        of = item.body["subject"]
        digest = of["model_digest"]
        yield Choice(item.id, of["task"], of["model"], digest, item, versions.get(digest))


def _brought(versions: dict[str, Version]) -> Iterator[Choice]:
    known = [version for version in versions.values() if version.loadable and version.measures]
    for found in sorted(known, key=lambda version: version.stage is not Stage.LIVE):
        yield Choice(found.digest, found.task, found.version, found.digest, None, found)


def choose(site: Site, found: list[Choice]) -> Choice:
    """The evaluation of the address or of the boxes; kept when the page is left."""
    asked = st.query_params.get(SHOWN, st.session_state.get(LAST, ""))
    start = next((each for each in found if asked and each.key.startswith(asked)), found[0])
    models = list(dict.fromkeys(each.digest for each in found))
    titles = {each.digest: _title(site, each) for each in found}
    left, right = st.columns(2)
    with left:
        at = models.index(start.digest)
        model = st.selectbox("Version", models, index=at, format_func=titles.__getitem__)
    of_model = {each.key: each for each in found if each.digest == model}
    keys = list(of_model)
    with right:
        at = keys.index(start.key) if start.key in of_model else 0
        places = {key: each.measured_on for key, each in of_model.items()}
        key = st.selectbox("Measured on", keys, index=at, format_func=places.__getitem__)
    st.session_state[LAST] = key
    if st.query_params.get(SHOWN) != key:
        st.query_params[SHOWN] = key
    return of_model[key]


def _title(site: Site, choice: Choice) -> str:
    task = site.tasks[choice.task].title if choice.task in site.tasks else choice.task
    stage = f", {choice.version.stage}" if choice.version else ""
    return f"{task}: {choice.model}{stage}"
