"""Simulated diseases change what they draw and nothing else, and nothing else tells the class."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import binary_dilation, gaussian_filter
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GroupKFold, cross_val_score

from radlens.domain.errors import BadDataset
from radlens.lab.anatomy import Template, locate, mutual_information
from radlens.lab.lesion_sets import five, real_bases, template_bases
from radlens.lab.lesions import Canvas, Contrast, as_ct, canvas
from radlens.lab.lesions_rare import RARE, fits, with_carotids
from radlens.lab.phantom_folder import phantoms, write
from tests.builders import TASKS
from tests.lab.heads import a_template, write_slices, write_template

LEVELS = [-12.0, -4.0, 2.0, 8.0, 12.0]


@pytest.fixture(scope="module")
def template() -> Template:
    return a_template()


@pytest.fixture(scope="module")
def on(template: Template) -> Canvas:
    return canvas(template.slice(2), template.pose(2), template)


@pytest.mark.parametrize("level", [-10, 0, 14])
def test_a_slice_is_found_again_whatever_its_brightness_size_and_place(template, level):
    pixels = np.zeros((260, 240))
    pixels[20:237, 30:211] = template.slice(level) ** 0.7 * 0.8
    pose = locate(pixels, template)
    assert pose is not None
    assert abs(pose.level_mm - level) <= 2
    x, y = pose.grid_mm(pixels.shape)
    home = template.pose(level).grid_mm((217, 181))
    assert abs(x[128, 120] - home[0][108, 90]) < 4
    assert abs(y[128, 120] - home[1][108, 90]) < 4


def test_what_is_no_axial_head_is_not_located(template):
    profile = np.zeros((224, 224))
    profile[30:224, 60:160] = 0.6
    assert locate(profile, template) is None
    assert locate(np.zeros((224, 224)), template) is None


def test_mutual_information_is_one_with_itself_and_about_nothing_with_noise():
    a, b = np.random.default_rng(1).random((2, 200, 200))
    assert mutual_information(a, a) == pytest.approx(1)
    assert mutual_information(a, np.exp(-a)) == pytest.approx(1), "any change of contrast"
    assert mutual_information(a, b) < 0.02


@pytest.mark.parametrize("ct", [False, True])
@pytest.mark.parametrize("name", RARE)
def test_a_disease_changes_nothing_but_its_lesions(on, name, ct):
    under = as_ct(on, np.random.default_rng(1)) if ct else on
    done = RARE[name](under, np.random.default_rng(2))
    changed = np.abs(done.pixels - under.pixels) > 0.02
    assert changed.any() == (name != "normal") == done.mask.any()
    assert not (changed & ~binary_dilation(done.mask, iterations=4)).any()
    assert done.mask.mean() < 0.15


def test_the_other_classes_have_carotids_of_normal_width_where_moyamoya_has_narrow_ones(template):
    low = as_ct(canvas(template.slice(-16), template.pose(-16), template), np.random.default_rng(1))
    wide = (with_carotids(low).pixels > low.pixels + 0.1).sum()
    no_blood = replace(low, fluid=np.zeros_like(low.fluid) | (np.indices(low.fluid.shape)[0] == 0))
    narrow = RARE["moyamoya_ivh"](no_blood, np.random.default_rng(3)).pixels > low.pixels + 0.1
    assert wide > 1.5 * narrow[1:].sum() > 0


def test_blood_is_dense_on_ct_and_tubers_are_dark_on_t1_and_bright_on_t2(on):
    def shift(name: str, under: Canvas) -> float:
        done = RARE[name](under, np.random.default_rng(5))
        return float(np.median((done.pixels - under.grey)[done.mask]))

    assert shift("moyamoya_ivh", as_ct(on, np.random.default_rng(1))) > 0.2
    assert shift("tuberous_sclerosis", replace(on, contrast=Contrast.T1)) < 0
    assert shift("tuberous_sclerosis", replace(on, contrast=Contrast.T2)) > 0


def test_every_slice_gives_one_image_of_each_class_in_one_contrast(template, on):
    base = template_bases(template)[38]
    for seed in range(4):
        made = [*five(on, base, seed=seed)]
        assert [image.labels for image in made] == [(name,) for name in TASKS["neuro-rare"].names]
        assert len({image.group for image in made}) == 1
        assert all(image.mask.any() == (image.labels != ("normal",)) for image in made)


def test_nothing_beside_the_lesion_tells_the_class(template, on):
    """A forest on border and noise statistics must do no better than chance, class by class."""
    base = template_bases(template)[38]
    made = [(image, seed) for seed in range(24) for image in five(on, base, seed=seed)]
    features = np.array([_surroundings(image.pixels / 255, image.mask) for image, _ in made])
    truth = np.array([TASKS["neuro-rare"].names.index(image.labels[0]) for image, _ in made])
    group = np.array([seed for _, seed in made])

    def score(x: np.ndarray) -> float:
        forest = RandomForestClassifier(60, random_state=1)
        return float(cross_val_score(forest, x, truth, groups=group, cv=GroupKFold(4)).mean())

    # Of 120 answers at 1 in 5, more than 34 right would happen by chance in one of 50 tries.
    assert score(features) < 34 / 120
    planted = features + np.where(truth == 4, 3.0, 0.0)[:, None] * features.std(0)
    assert score(planted) > 34 / 120, "the check could not see an artefact"


def _surroundings(image: np.ndarray, mask: np.ndarray) -> list[float]:
    """Statistics of the frame and of the noise, where no lesion is."""
    rough = (image - gaussian_filter(image, 1.0))[~binary_dilation(mask, iterations=6)]
    edge = np.concatenate([image[:8].ravel(), image[-8:].ravel(), image[:, :8].ravel()])
    quiet = np.quantile(np.abs(rough), [0.25, 0.5, 0.75])
    return [float(edge.mean()), float(edge.std()), float(np.median(edge)), *map(float, quiet)]


def test_a_slice_and_its_twins_stay_in_one_split_and_fit_for_all_five(template, tmp_path):
    write_slices(tmp_path / "base", template, [2.0, 2.0, 8.0, 12.0, -4.0, -4.0])
    bases = real_bases(tmp_path / "base", template, TASKS["brain-tumor"])
    assert len(bases) == 6
    splits = {
        group: {b.split for b in bases if b.group == group} for group in {b.group for b in bases}
    }
    assert all(len(names) == 1 for names in splits.values())
    twins = [b for b in bases if b.group == bases[0].group]
    assert len(twins) >= 2
    assert {b.split for b in twins} == {"test"}, "a train slice beside a test slice stays train"
    assert all(fits(canvas(b.pixels, b.pose, template)) for b in bases)


def test_a_set_is_written_whole_and_the_same_again(template, tmp_path):
    write_template(template, tmp_path / "brain-template" / "ch2.nii.gz")
    write_slices(tmp_path / "brain-tumor", template, LEVELS)
    base = (tmp_path / "brain-tumor", TASKS["brain-tumor"])
    for name in ("one", "two"):
        made = phantoms(TASKS["neuro-rare"], n=12, seed=3, base=base)
        assert write(made, tmp_path / name, TASKS["neuro-rare"]) == 12
    for path in (tmp_path / "one").rglob("*.*"):
        assert (
            path.read_bytes()
            == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()
        )


def test_rare_diseases_without_a_base_or_a_template_are_refused(template, tmp_path):
    with pytest.raises(BadDataset, match="normal slices"):
        phantoms(TASKS["neuro-rare"], n=1, seed=1)
    write_slices(tmp_path / "base", template, LEVELS[:2])
    with pytest.raises(BadDataset, match=r"no brain-template.ch2\.nii\.gz beside base"):
        phantoms(TASKS["neuro-rare"], n=1, seed=1, base=(tmp_path / "base", TASKS["brain-tumor"]))


def test_a_folder_without_a_normal_axial_slice_is_refused(template, tmp_path: Path):
    write_slices(tmp_path / "base", template, [40.0, 44.0])
    with pytest.raises(BadDataset, match="No normal axial slice"):
        real_bases(tmp_path / "base", template, TASKS["brain-tumor"])
