"""Where the log leads: all of it as a file, and what an entry speaks of."""

from urllib.parse import quote, urlencode

from radlens.domain.audit import Act, Outcome, Verb, Wanted
from radlens.domain.errors import NoSuchPrediction
from radlens.ports import Site
from radlens.ui import door
from radlens.ui.markup import inside

FORMS = {"jsonl": "JSON Lines", "csv": "CSV", "fhir": "FHIR"}
# What is done to a prediction, by its id.
READING = {
    Verb.PREDICT,
    Verb.VIEW,
    Verb.VIEW_IMAGE,
    Verb.VIEW_HEATMAP,
    Verb.DOWNLOAD_REPORT,
    Verb.DOWNLOAD_ANSWER,
    Verb.CLAIM_CASE,
    Verb.RELEASE_CASE,
    Verb.REVIEW,
    Verb.UNDO_REVIEW,
}


def exports(wanted: Wanted) -> str:
    """Links to everything that fits, a form each.

    The REST API answers them entry by entry and puts on record who took what along: a log of any
    length passes through no page.
    """
    asked = {
        "verb": wanted.verb,
        "actor": wanted.actor,
        "subject": wanted.subject,
        "outcome": wanted.outcome,
        "since": wanted.since and wanted.since.isoformat(),
        "until": wanted.until and wanted.until.isoformat(),
    }
    filters = {name: str(value) for name, value in asked.items() if value}
    links = [
        inside(f"/api/v1/audit/export?{urlencode({'format': form, **filters})}", title)
        for form, title in FORMS.items()
    ]
    return f'<p class="rl-fine">Export every entry that fits: {", ".join(links)}</p>'


def leads(site: Site, act: Act) -> str:
    """Links to the prediction of an act, its image and its report, as far as this role may."""
    if act.verb not in READING or act.outcome is not Outcome.DONE:
        return ""
    try:
        prediction = site.records.get(act.subject)
    except NoSuchPrediction:
        return ""
    here, rest = quote(prediction.id), f"/api/v1/predictions/{quote(prediction.id)}"
    read = inside(f"/history?prediction={here}", "Open the image, the findings and the report")
    links: list[str] = [read]
    if prediction.erased:
        links.append("the image was destroyed")
    else:
        links += [
            inside(f"{rest}/{name}", title)
            for name, title in (("image.png", "Image (PNG)"), ("report.pdf", "Report (PDF)"))
            if door.may_get(f"{rest}/{name}")
        ]
    return f"<p>{' · '.join(links)}</p>" if door.may_get("/history") else ""
