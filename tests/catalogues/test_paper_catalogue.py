"""The shipped catalogue of the reference study's datasets."""

from __future__ import annotations

from pathlib import Path

import pytest

from algrid.catalogues import Catalogue, Entry, shipped
from algrid.datasets import DATASETS, Dataset, DatasetPlugin
from algrid.grid import GridSpec

SHARED = Path(__file__).parents[3] / "shared" / "datasets" / "tabular"
PAPER = Catalogue.open("paper")

#: As the study names them, with their OpenML ids.
WITH_ID = """
Bioresponse 4134, GesturePhaseSegmentationProcessed 4538, Internet-Advertisements 40978, MiceProtein 40966,
PenDigits 32, analcatdata_authorship 458, analcatdata_dmft 469, balance-scale 11, banknote-authentication
1462, blood 1464, car 40975, cardiotocography 1466, churn 40701, climate-model-simulation-crashes 40994, cmc
23, cnae-9 1468, credit-g 31, cylinder 6332, dresses-sales 23381, fertility 1473, first-order-theorem-proving
1475, har 1478, hepatitis 55, hill-valley 1479, ilpd 1480, isolet 300, kc1 1067, kc2 1063, kr-vs-kp 3, madelon
1485, mfeat-factors 12, mfeat-fourier 14, mfeat-karhunen 16, mfeat-morphological 18, mfeat-pixel 40979,
mfeat-zernike 22, molecular-biology 46, optdigits 28, ozone-level 1487, page-blocks 30, pc1 1068, pc3 1050,
pc4 1049, planning-relax 1490, satimage 182, scale 11, segment 40984, semeion 1501, soybean 42,
steel-plates-fault 40982, vowel 307, wall-robot-navigation 1497, waveform 60, wbc 15, wilt 40983
"""
WITHOUT_ID = """
annthyroid appendicitis banana breast_cancer_wisconsin_original d31 diabetes dwtc ex8a ex8b gaussian_balanced
gaussian_unbalanced glass haberman ionosphere iris mammographic musk1 musk2 parkinsons phishing phoneme r15
ringnorm seeds sonar spambase splice australian heart texture thyroid twonorm wdbc wine xor_2x2
xor_2x2_rotated xor_4x4
"""


def level(entry: Entry) -> DatasetPlugin:
    (found,) = GridSpec.from_dict({"datasets": [entry.level()], "strategies": ["random"]}).datasets
    return found


def test_has_the_studys_92_with_their_ids() -> None:
    assert "paper" in shipped()
    ids = {name: int(number) for name, number in (part.split() for part in WITH_ID.replace("\n", " ").split(","))}
    assert [entry.name for entry in PAPER.entries] == [*ids, *WITHOUT_ID.split()]
    assert len(PAPER) == 92
    assert {name: PAPER[name].origin for name in ids} == ids


def test_every_entry_says_what_is_known() -> None:
    for entry in PAPER.entries:
        assert entry.source, entry.name
        assert None not in (entry.rows, entry.features, entry.classes), entry.name
        assert entry.kind != "local" or entry.url, entry.name
    repeated = {entry.name: entry.same_as for entry in PAPER.entries if entry.same_as}
    assert repeated == {"scale": "balance-scale", "wbc": "breast_cancer_wisconsin_original"}
    for name, other in repeated.items():
        assert PAPER[name].origin == PAPER[other].origin


@pytest.mark.parametrize("entry", [e for e in PAPER.entries if e.kind == "plugin"], ids=lambda entry: entry.name)
def test_what_comes_with_algrid_is_as_expected(entry: Entry) -> None:
    data = level(entry).load()
    assert (data.name, data.n_rows, data.n_features, data.n_classes) == (
        entry.name,
        entry.rows,
        entry.features,
        entry.classes,
    )


def test_a_grid_takes_all_of_them_and_keeps_what_they_are() -> None:
    grid = GridSpec.from_yaml("datasets: {catalogue: paper}\nstrategies: random\n")
    assert grid.levels("dataset") == tuple(entry.name for entry in PAPER.entries)
    assert GridSpec.from_yaml(grid.to_yaml()) == grid
    wdbc = next(plugin for plugin in grid.datasets if plugin.dataset_name == "wdbc")
    assert wdbc.load().content_hash == DATASETS.build("breast_cancer").load().content_hash


@pytest.mark.skipif(not SHARED.is_dir(), reason="the folder shared/datasets is not beside the repository")
def test_numbers_are_those_of_copies_at_hand() -> None:
    """Copies of another study; clean1 is musk1 there."""
    known = {entry.name: entry for entry in PAPER.entries}
    compared = 0
    for path in sorted(SHARED.glob("*.svm")):
        entry = known.get({"clean1": "musk1"}.get(path.stem, path.stem))
        if entry is not None:
            data: Dataset = DATASETS.build("file", {"path": str(path)}).load()
            assert (data.n_rows, data.n_features, data.n_classes) == (entry.rows, entry.features, entry.classes), path
            compared += 1
    assert compared == 14
