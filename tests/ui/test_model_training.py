"""Model Training: recipes in words, runs and jobs of the records, and nothing made up."""

from dataclasses import replace
from functools import partial

import pytest

from radlens.domain.account import Caller, Role
from radlens.domain.job import JobState
from radlens.domain.ledger import State
from radlens.lab.recipe import recipe_of
from radlens.settings import Settings
from radlens.ui import door, recipe_words, recipes, run_words
from radlens.usecases.datasets import register
from radlens.usecases.jobs import cancel, enqueue
from tests.builders import TASKS, png
from tests.lab.planted import alike, stored
from tests.ui.conftest import READER, entrance
from tests.ui.runs import put_run

BRAIN = TASKS["brain-tumor"]
SECOND = {"start": "run:tiny", "frozen": []}


@pytest.fixture
def dataset(site):
    made = stored(site, [png(alike(seed)) for seed in range(4)], BRAIN, splits=["train"] * 4)
    register(site, made)
    return made


@pytest.fixture
def put(site, tmp_path):
    """Put a run on record, as ``put_run`` does."""
    return partial(put_run, site, tmp_path)


def labels(page):
    return [button.label for button in page.at.button]


def press(page, label):
    next(button for button in page.at.button if button.label == label).click().run()
    assert not page.at.exception
    return page


def as_role(tmp_path, site, role):
    door.enter(site, Settings(home=tmp_path), entrance(Caller("", "r", role, "page"), demo=False))


def test_without_a_run_the_recipes_are_told_and_how_a_run_is_made(screen):
    page = screen("model_training")
    assert "brain-tumor-resnet18 (shipped)" in page.text
    assert "at most 18 epochs of all training images" in page.text
    assert "Nothing was trained yet" in page.text
    assert "No dataset of its task is on record yet" in page.text
    assert "Start a run" not in labels(page)


@pytest.mark.parametrize("recipe", recipes.shipped(), ids=lambda recipe: recipe.name)
def test_every_shipped_recipe_is_told_in_words(recipe):
    told = recipe_words.told(recipe.entries)
    assert recipe.about
    assert str(recipe.entries["size"]) in told["Network"]
    assert recipe.queueable


def test_a_recipe_of_another_edition_is_shown_as_it_is_written():
    assert recipe_words.told({"task": "brain-tumor", "start": "scratch"}) == {}


def test_a_run_is_queued_with_recipe_and_dataset_and_its_job_is_watched(screen, site, dataset):
    page = press(screen("model_training"), "Start a run")
    [job] = site.jobs.jobs()
    assert job.arguments == {"recipe": "brain-tumor-resnet18", "data": dataset.id}
    assert job.by.name == READER.actor.name
    assert f"<b>train</b> {job.id[:12]}: queued" in page.text
    press(page, "Cancel")
    assert site.jobs.get(job.id).state is JobState.CANCELLED


def test_synthetic_images_that_nobody_released_are_warned_of(screen, site, dataset):
    about = {"source": "drawn", "synthetic": "diffusion"}
    images = (replace(dataset.images[0], about=about), *dataset.images[1:])
    register(site, replace(dataset, images=images, name="mixed"))
    assert "synthetic images:" in screen("model_training").text


def test_a_recipe_that_only_a_run_had_can_be_run_again(screen, site, dataset, put):
    run = put(_name="my recipe (2)")
    page = screen("model_training")
    box = page.at.selectbox[0]
    assert f"my recipe (2) (run {run.id[:8]})" in box.options
    box.select_index(len(box.options) - 1).run()
    press(page, "Start a run")
    [job] = site.jobs.jobs()
    assert job.arguments == {"recipe": run.recipe, "name": "my-recipe--2-", "data": dataset.id}


def test_a_recipe_that_starts_from_a_file_is_for_the_command_line(screen, dataset, put):
    put(start="own.safetensors")
    page = screen("model_training")
    page.at.selectbox[0].select_index(len(page.at.selectbox[0].options) - 1).run()
    assert "only the command can run it" in page.text
    assert "Start a run" not in labels(page)


def test_curves_of_the_run_of_a_job_are_drawn_while_it_goes_on(screen, site, put):
    job = enqueue(site, "train", {"recipe": "brain-tumor", "data": "d"}, by=READER.actor)
    put(_job=job.id, _state=State.RUNNING, _version="")
    page = screen("model_training")
    assert len(page.at.get("vega_lite_chart")) == 2
    assert any("5 epochs done, 10 of 18 steps" in each.value for each in page.at.caption)


def test_a_training_that_was_cancelled_stays_to_be_seen(screen, site):
    job = enqueue(site, "train", {"recipe": "brain-tumor", "data": "d"}, by=READER.actor)
    cancel(site, job.id, by=READER.actor)
    text = screen("model_training").text
    assert f"<b>train</b> {job.id[:12]}: cancelled" in text
    assert "Asked for on" in text


def test_who_is_no_engineer_sees_runs_and_starts_none(screen, site, dataset, put, tmp_path):
    run = put(frozen=["stem"])
    as_role(tmp_path, site, Role.VIEWER)
    assert "Start a run" not in labels(screen("model_training"))
    assert "Under way" not in screen("model_training").text
    page = screen("model_training", run=run.id)
    assert "Which epoch, and why" in page.text
    assert "Queue the second stage" not in labels(page)


def test_a_run_says_what_it_cost_and_why_its_epoch_was_kept(screen, put):
    text = screen("model_training", run=put().id).text
    assert "<b>100 s</b>" not in text
    assert "<b>2 min</b>" in text
    assert "<b>3.0</b><span>images a second" in text
    assert "<b>2.0 GiB</b><span>memory at most" in text
    assert "was 0.750, in epoch 3 of 5" in text
    assert "It stopped early, after 2 epochs without a better score" in text


def test_a_run_that_keeps_the_last_epoch_says_so(screen, put):
    assert "keeps the last epoch" in screen("model_training", run=put(keep="last").id).text


def test_a_run_of_before_says_what_was_not_kept(screen, put):
    text = screen("model_training", run=put(_progress={}).id).text
    assert "not kept when this ran" in text


def test_a_run_that_failed_says_why_and_shows_no_figure(screen, put):
    error = "The loss is not a number in epoch 1. Lower lr."
    run = put((), _state=State.FAILED, _error=error, _progress={}, _version="")
    text = screen("model_training", run=run.id).text
    assert f"Failed. {error}" in text
    assert "There is no epoch on record" in text
    assert "Nothing was measured" in text


def test_a_run_that_is_not_there_is_said_and_the_way_back_stays(screen):
    page = screen("model_training", run="f" * 32)
    assert "is not on record, or not any more" in page.text
    press(page, "Back to the runs")
    assert "Nothing was trained yet" in page.text


def test_a_second_stage_goes_on_from_the_run_with_every_layer(screen, site, put, tmp_path):
    run = put(frozen=["stem", "body"], lr=0.01, head_lr=0.05)
    press(screen("model_training", run=run.id), "Queue the second stage")
    [job] = site.jobs.jobs()
    assert (job.arguments["name"], job.arguments["data"]) == ("tiny-stage-2", run.dataset)
    (tmp_path / "second.toml").write_text(job.arguments["recipe"])
    before, after = recipes.Recipe("", run.recipe), recipes.Recipe("", job.arguments["recipe"])
    plan = recipe_of(after.entries, after.text)
    assert (plan.start, plan.frozen, plan.lr, plan.head_lr) == (f"run:{run.id}", (), 0.001, 0.001)
    apart = {name for name in before.entries if before.entries[name] != after.entries[name]}
    assert apart == {"start", "frozen", "lr", "head_lr"}


def test_stages_are_told_in_their_order_with_the_place_where_they_change(screen, site, put):
    first = put(frozen=["stem"], _name="first")
    second = put((0.5, 0.8), _parents=("e" * 32, first.id), _name="second", **SECOND)
    assert [stage.run.name for stage in run_words.stages(site, second)] == ["first", "second"]
    page = screen("model_training")
    [chart] = page.at.get("vega_lite_chart")
    assert "the stage changes after epoch 5" in chart.proto.spec
    assert page.text.index(">1. Kept: those") < page.text.index(">2. Every layer learned<")


def test_a_run_that_repeats_a_second_stage_is_no_third_one(site, put):
    first = put(_name="first")
    second = put(_parents=(first.id,), _name="second", **SECOND)
    again = put(_parents=(second.id,), _name="again", _reproduces=second.id, **SECOND)
    assert [stage.run.name for stage in run_words.stages(site, again)] == ["first", "again"]


def test_a_first_stage_that_is_not_on_record_is_left_out(site, put):
    run = put(_parents=("e" * 32,), **SECOND)
    assert [stage.run.id for stage in run_words.stages(site, run)] == [run.id]


def test_runs_are_compared_in_what_differs_alone(screen, put):
    figure = {"value": 0.5, "low": 0.25, "high": 0.75, "n": 8}
    one = put(_metrics={"accuracy": figure})
    other = put((0.5, 0.6), lr=0.02, _name="other " * 15)
    page = screen("model_training")
    page.at.multiselect[0].set_value([one.id, other.id]).run()
    assert not page.at.exception
    table = page.text[page.text.index("Where they differ") :]
    assert ">lr</th>" in table
    assert ">head_lr</th>" not in table
    assert "0.500 (0.250 to 0.750)" in table
    assert "not measured" in table
    assert "at its best 0.750 in epoch 3" in page.at.get("vega_lite_chart")[-1].proto.spec


def test_ten_thousand_runs_are_not_listed_at_once(screen, site, put):
    run = put()
    for n in range(250):
        site.ledger.put(replace(run, id=f"{n:032x}", name=f"run {n}").item())
    page = screen("model_training")
    assert "radlens runs list" in page.words
    press(page, "Older")
    assert page.at.session_state["page of runs"] == 1
