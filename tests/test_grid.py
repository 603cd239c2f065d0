from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from algrid.datasets import DATASETS
from algrid.errors import GridError
from algrid.grid import Budget, GridSpec, Limits, shipped
from algrid.grid_exclusions import EXCLUDABLE
from algrid.grid_reader import DEFAULTS
from algrid.grid_values import parse_memory
from algrid.learners import LEARNERS
from algrid.oracles import ORACLES
from algrid.preprocessing import PREPROCESSINGS
from algrid.schema import AXES
from algrid.splits import SPLITS
from algrid.start_sets import START_SETS
from algrid.strategies import STRATEGIES, Strategy

MINIMAL = {"datasets": ["iris"], "strategies": ["margin"]}


@dataclass(frozen=True)
class Windowed(Strategy):
    """A user's own strategy with parameters that are lists."""

    name: ClassVar[str] = "windowed"
    windows: tuple[int, ...] = (1, 2)
    layers: tuple[tuple[int, ...], ...] | None = None
    rate: float = 0.5


OWN = f"{__name__}:Windowed"


#: Preprocessing that needs no parameter.
SCALINGS = [cls.name for cls in PREPROCESSINGS.classes() if "..." not in cls.defaults().values()]


def grid(**keys) -> GridSpec:
    return GridSpec.from_dict({**MINIMAL, **keys})


def labels(levels) -> list[str]:
    return [level.label for level in levels]


# -- reading ---------------------------------------------------------------------------------------


def test_the_grid_of_the_readme_is_read_whole():
    spec = GridSpec.from_yaml(
        """
        name: example
        seed: 42
        datasets: [iris, breast_cancer]
        splits: {kind: stratified, test_size: 0.25, count: 2}
        start_sets: {kind: random, size: 4, count: 3}
        strategies:
          - random
          - margin@modal
          - qbc: {committee_size: [3, 5], disagreement: [vote_entropy, kl]}
        learners: [logistic_regression, {random_forest: {n_estimators: [50, 100]}}, svm_rbf]
        query_learners: [same, gaussian_nb]
        batch_sizes: [1, 5, 10]
        budgets: [25, all, {cycles: 99}]
        preprocessing: [minmax, none]
        oracles: [perfect, {noisy: {flip: 0.1}}]
        seeds: [0, 7]
        exclude: [{strategy: qbc, dataset: iris}]
        limits: {seconds_per_cycle: 60, seconds_per_run: 3600, memory: 2GiB}
        record: {probability_metrics: [log_loss, brier]}
        """
    )
    assert spec.name == "example"
    assert spec.seed == 42
    assert labels(spec.datasets) == ["iris", "breast_cancer"]
    assert spec.split == SPLITS.build("stratified", {"test_size": 0.25})
    assert spec.n_splits == 2
    assert spec.start_set == START_SETS.build("random", {"size": 4})
    assert spec.n_start_sets == 3
    assert spec.strategies == (
        STRATEGIES.build("random"),
        STRATEGIES.build("margin@modal"),
        STRATEGIES.build("qbc", {"committee_size": 3, "disagreement": "vote_entropy"}),
        STRATEGIES.build("qbc", {"committee_size": 3, "disagreement": "kl"}),
        STRATEGIES.build("qbc", {"committee_size": 5, "disagreement": "vote_entropy"}),
        STRATEGIES.build("qbc", {"committee_size": 5, "disagreement": "kl"}),
    )
    assert [(level.name, level.parameters().get("n_estimators")) for level in spec.learners] == [
        ("logistic_regression", None),
        ("random_forest", 50),
        ("random_forest", 100),
        ("svm_rbf", None),
    ]
    assert spec.query_learners == (None, LEARNERS.build("gaussian_nb"))
    assert spec.batch_sizes == (1, 5, 10)
    assert spec.budgets == (Budget(labels=25), Budget(), Budget(cycles=99))
    assert spec.preprocessing == (PREPROCESSINGS.build("minmax"), PREPROCESSINGS.build("none"))
    assert spec.oracles == (ORACLES.build("perfect"), ORACLES.build("noisy", {"flip": 0.1}))
    assert spec.seeds == (0, 7)
    assert spec.exclude == (
        {
            "strategy": (
                "qbc(committee_size=3)",
                "qbc(committee_size=3, disagreement=kl)",
                "qbc",
                "qbc(disagreement=kl)",
            ),
            "dataset": ("iris",),
        },
    )
    assert spec.limits == Limits(60.0, 3600.0, 2 * 1024**3)
    assert spec.record == ("log_loss", "brier")
    assert spec.n_combinations == 2 * 2 * 3 * 6 * 4 * 2 * 3 * 2 * 2 * 2


def test_datasets_and_strategies_are_enough():
    spec = GridSpec.from_yaml("datasets: iris\nstrategies: margin\n", "my grid.yaml")
    assert spec == GridSpec(
        name="my-grid",
        seed=0,
        datasets=(DATASETS.build("iris"),),
        split=SPLITS.build("stratified"),
        n_splits=1,
        start_set=START_SETS.build("one_per_class"),
        n_start_sets=1,
        strategies=(STRATEGIES.build("margin"),),
        learners=(LEARNERS.build("logistic_regression"),),
        query_learners=(None,),
        batch_sizes=(5,),
        budgets=(Budget(labels=50),),
        preprocessing=(PREPROCESSINGS.build("standard"),),
        oracles=(ORACLES.build("perfect"),),
        seeds=(0,),
        exclude=(),
        limits=Limits(300.0, None, None),
        record=(),
    )


def test_a_single_level_needs_no_list():
    one = grid(
        strategies={"qbc": {"committee_size": 3}},
        seeds=3,
        batch_sizes=1,
        budgets="all",
        preprocessing="none",
        splits="stratified",
        start_sets="one_per_class",
        learners="knn",
        query_learners="knn",
        oracles={"noisy": {"flip": 0.2}},
    )
    assert labels(one.strategies) == ["qbc(committee_size=3)"]
    assert (one.seeds, one.batch_sizes, one.budgets) == ((3,), (1,), (Budget(),))
    assert labels(one.preprocessing) == ["none"]
    assert one.query_learners == one.learners == (LEARNERS.build("knn"),)
    assert labels(one.oracles) == ["noisy(flip=0.2)"]


def test_tuples_ranges_and_arrays_stand_for_lists():
    spec = grid(seeds=range(3), batch_sizes=np.array([1, 5]), budgets=(np.int64(10), {"cycles": 2}))
    assert spec.seeds == (0, 1, 2)
    assert spec.batch_sizes == (1, 5)
    assert spec.budgets == (Budget(labels=10), Budget(cycles=2))


def test_empty_parameters_are_the_defaults():
    assert grid(strategies=[{"margin": {}}]) == grid(strategies=[{"margin": None}]) == grid()


# -- lists as parameters ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"rate": [0.1, 0.2]}, [((1, 2), None, 0.1), ((1, 2), None, 0.2)]),
        ({"windows": [3, 4]}, [((3, 4), None, 0.5)]),
        ({"windows": []}, [((), None, 0.5)]),
        ({"windows": [[3], [3, 4]]}, [((3,), None, 0.5), ((3, 4), None, 0.5)]),
        ({"layers": [[3], [4, 5]]}, [((1, 2), ((3,), (4, 5)), 0.5)]),
        ({"layers": [[[3]], [[4, 5]]]}, [((1, 2), ((3,),), 0.5), ((1, 2), ((4, 5),), 0.5)]),
        (
            {"windows": [[3], [4]], "rate": [0.1, 1]},
            [((3,), None, 0.1), ((3,), None, 1.0), ((4,), None, 0.1), ((4,), None, 1.0)],
        ),
    ],
)
def test_a_list_is_expanded_where_it_is_deeper_than_the_parameters_own_type(parameters, expected):
    spec = grid(strategies=[{OWN: parameters}])
    assert [(s.windows, s.layers, s.rate) for s in spec.strategies] == expected
    assert GridSpec.from_yaml(spec.to_yaml()) == spec


def test_parameters_of_a_users_own_classifier():
    path = "sklearn.neural_network:MLPClassifier"
    spec = grid(learners=[{path: {"hidden_layer_sizes": [[100, 50], 10], "alpha": 1e-3}}])
    assert [level.parameters() for level in spec.learners] == [
        {"hidden_layer_sizes": [100, 50], "alpha": 0.001},
        {"hidden_layer_sizes": 10, "alpha": 0.001},
    ]
    assert GridSpec.from_yaml(spec.to_yaml()) == spec


# -- exclusions ------------------------------------------------------------------------------------


def test_an_exclusion_names_levels_by_name_or_label():
    spec = grid(
        datasets=["iris", {"banana": {"n_rows": [100, 200]}}],
        strategies=["margin", {"qbc": {"committee_size": [3, 4]}}],
        query_learners=["same", "knn"],
        batch_sizes=[1, 5],
        splits={"count": 3},
        exclude=[
            {"dataset": "banana", "strategy": ["qbc(committee_size=4)", "margin"]},
            {"batch_size": 5, "query_learner": "same", "split": [2, 1]},
        ],
    )
    assert spec.exclude == (
        {"dataset": ("banana(n_rows=100)", "banana(n_rows=200)"), "strategy": ("margin", "qbc(committee_size=4)")},
        {"batch_size": ("5",), "query_learner": ("same",), "split": ("1", "2")},
    )
    assert spec.to_dict()["exclude"][1] == {"batch_size": [5], "query_learner": ["same"], "split": [1, 2]}
    assert GridSpec.from_yaml(spec.to_yaml()) == spec


def test_axes_of_exclusions_are_the_stored_axes_that_have_levels():
    assert set(EXCLUDABLE) == set(AXES) - {"split_kind", "start_kind"}
    assert all(grid().levels(axis) for axis in EXCLUDABLE)


# -- files -----------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """A folder with a grid's folder and a working directory, each with data."""
    for name in ("grids/data/a.svm", "grids/data/b.svm", "work/data/b.svm", "work/data/c.svm"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("0 1:1\n1 1:2\n")
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


def test_files_are_found_beside_the_grid_file_then_in_the_working_directory(project):
    path = project / "grids" / "mine.yaml"
    path.write_text(
        "datasets:\n  - file: data/a.svm\n  - {file: {path: data/b.svm}}\n"
        "  - {file: {path: data/c.svm, title: third}}\n"
        "strategies: [random, margin]\n"
    )
    spec = GridSpec.from_file(path)
    assert spec.name == "mine"
    assert [level.parameters()["path"] for level in spec.datasets] == [
        str(project / "grids/data/a.svm"),
        str(project / "grids/data/b.svm"),
        str(project / "work/data/c.svm"),
    ]
    assert spec.levels("dataset") == ("a", "b", "third")
    assert GridSpec.from_yaml(spec.to_yaml(), "mine.yaml") == spec


def test_files_of_a_pattern_in_sorted_order(project):
    spec = GridSpec.from_dict({**MINIMAL, "datasets": [{"files": "data/*.svm"}]}, folder=project / "grids")
    assert spec.levels("dataset") == ("a", "b")
    spec = grid(datasets=[{"files": {"path": "data/*.svm", "target": "label"}}])
    assert [(Path(level.path).stem, level.target) for level in spec.datasets] == [("b", "label"), ("c", "label")]


def test_explicit_splits_come_from_a_file(project):
    (project / "work" / "splits.json").write_text("[]")
    spec = grid(splits={"kind": "explicit", "path": "splits.json", "count": 2})
    assert spec.split == SPLITS.build("explicit", {"path": str(project / "work" / "splits.json")})


def test_an_existing_file_wins_over_a_shipped_grid(project):
    (project / "work" / "quickstart").write_text("name: own\ndatasets: iris\nstrategies: margin\n")
    assert GridSpec.from_file("quickstart").name == "own"


def test_a_folder_does_not_hide_a_shipped_grid(project):
    (project / "work" / "quickstart").mkdir()
    assert GridSpec.from_file("quickstart").name == "quickstart"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("quikstart", "unknown grid 'quikstart'. Did you mean 'quickstart'? Known: "),
        ("min.yaml", "no grid file 'min.yaml'. Did you mean 'mine.yaml'? Shipped grids are known by name: "),
        ("none/my.yaml", "There is no folder 'none'."),
        ("data", "'data' is a folder"),
        ("latin.yaml", "can't be read as UTF-8"),
    ],
)
def test_a_grid_that_is_not_there(project, name, message):
    (project / "work" / "mine.yaml").touch()
    (project / "work" / "latin.yaml").write_bytes("name: é".encode("latin-1"))
    with pytest.raises(GridError) as caught:
        GridSpec.from_file(name)
    assert message in str(caught.value)


# -- shipped grids ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", shipped())
def test_shipped_grids_read_and_round_trip(name):
    spec = GridSpec.from_file(name)
    assert spec.name == name
    assert GridSpec.from_yaml(spec.to_yaml()) == spec
    assert not any(level.name == "file" for level in spec.datasets)


def test_the_tour_shows_every_key_and_the_quickstart_allows_intervals():
    text = (Path(__file__).parents[1] / "algrid" / "grids" / "tour.yaml").read_text()
    assert set(yaml.safe_load(text)) == {"name", "datasets", "strategies", *DEFAULTS}
    assert {"quickstart", "tour"} <= set(shipped())
    assert len(GridSpec.from_file("quickstart").datasets) >= 6


# -- writing ---------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=40)
@given(
    st.fixed_dictionaries(
        {
            "datasets": st.lists(st.sampled_from(["iris", "wine", "digits"]), min_size=1, unique=True),
            "strategies": st.lists(
                st.sampled_from(sorted(STRATEGIES.names())), min_size=1, max_size=4, unique=True
            ).map(lambda names: [n if n != "qbc" else {"qbc": {"committee_size": [3, 7, 5]}} for n in names]),
        },
        optional={
            "name": st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True),
            "seed": st.integers(0, 2**63 - 1),
            "splits": st.fixed_dictionaries({"count": st.integers(1, 9), "test_size": st.floats(0.01, 0.99)}),
            "start_sets": st.fixed_dictionaries({"kind": st.just("random"), "size": st.integers(1, 99)}),
            "oracles": st.lists(st.floats(0, 0.99), min_size=1, max_size=3, unique_by=lambda x: f"{x:g}").map(
                lambda flips: ["perfect", {"noisy": {"flip": flips}}]
            ),
            "query_learners": st.just(["knn", "same"]),
            "batch_sizes": st.lists(st.integers(1, 2**31 - 1), min_size=1, unique=True),
            "budgets": st.lists(
                st.integers(1, 999) | st.just("all") | st.integers(1, 99).map(lambda n: {"cycles": n}),
                min_size=1,
                unique_by=str,
            ),
            "preprocessing": st.lists(st.sampled_from(SCALINGS), min_size=1, unique=True),
            "seeds": st.lists(st.integers(0, 2**31 - 1), min_size=1, unique=True),
            "limits": st.fixed_dictionaries(
                {},
                optional={
                    "seconds_per_cycle": st.none() | st.integers(1, 9999) | st.floats(1e-3, 1e6),
                    "seconds_per_run": st.none() | st.integers(1, 9999),
                    "memory": st.none() | st.integers(2**20, 2**50) | st.sampled_from(["2GiB", "1.5 GB", "512mib"]),
                },
            ),
            "record": st.just({"probability_metrics": ["roc_auc", "brier"]}),
        },
    )
)
def test_a_written_grid_reads_back_equal_and_is_a_fixed_point(data):
    spec = GridSpec.from_dict(data)
    written = spec.to_dict()
    assert set(written) == {"name", "datasets", "strategies", *DEFAULTS}
    assert GridSpec.from_dict(written) == spec
    assert GridSpec.from_yaml(spec.to_yaml()) == spec
    assert GridSpec.from_dict(written).to_dict() == written


def test_a_written_grid_has_every_default():
    written = grid().to_dict()
    assert written["splits"] == {"kind": "stratified", "test_size": 0.4, "count": 1}
    assert written["limits"] == {"seconds_per_cycle": 300.0, "seconds_per_run": None, "memory": None}
    assert written["exclude"] == []
    assert written["record"] == {"probability_metrics": []}
    assert grid(strategies="qbc").to_dict()["strategies"] == [
        {"qbc": {"committee_size": 5, "disagreement": "vote_entropy"}}
    ]


def test_a_grid_travels_to_workers():
    spec = GridSpec.from_file("tour")
    assert pickle.loads(pickle.dumps(spec)) == spec


def test_no_kind_of_split_or_start_set_has_a_parameter_that_the_grid_file_needs_itself():
    for registry in (SPLITS, START_SETS):
        for name in registry.names():
            assert not {"kind", "count"} & set(registry.hints(name))


def test_a_grid_shows_its_axes_and_levels():
    spec = grid(
        datasets=["iris", "wine"], budgets=[10, {"cycles": 3}, "all"], strategies=[{"qbc": {"committee_size": 3}}]
    )
    text = str(spec).splitlines()
    assert text[0] == "grid 'grid', seed 0: at most 2 runs"
    assert [line.split() for line in text[1:3]] == [["dataset", "2", "iris,", "wine"], ["split", "1", "stratified"]]
    assert text[-1].split() == ["budget", "3", "10,", "3", "cycles,", "all"]
    html = spec._repr_html_()
    assert "<td>strategy</td><td>1</td>" in html
    assert "qbc(committee_size=3)" in html
    assert html.count("<tr>") == 1 + len(text) - 1


# -- budgets and limits ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("budget", "batch_size", "available", "bought"),
    [
        (Budget(labels=25), 10, 100, 25),
        (Budget(labels=25), 10, 20, 20),
        (Budget(cycles=3), 10, 100, 30),
        (Budget(cycles=3), 10, 25, 25),
        (Budget(), 10, 25, 25),
        (Budget(labels=25), 10, 0, 0),
    ],
)
def test_labels_that_a_budget_buys(budget, batch_size, available, bought):
    assert budget.bought(batch_size, available) == bought


@pytest.mark.parametrize("wrong", [{"labels": 1, "cycles": 1}, {"labels": 0}, {"cycles": 0}, {"labels": -1}])
def test_impossible_budgets(wrong):
    with pytest.raises(ValueError, match="budget"):
        Budget(**wrong)


@pytest.mark.parametrize(
    ("text", "n_bytes"),
    [
        ("2GiB", 2 * 1024**3),
        ("512MB", 512_000_000),
        ("1.5 GiB", 3 * 512 * 1024**2),
        ("2048 kb", 2_048_000),
        ("1TiB", 1024**4),
        (1_048_576, 1_048_576),
        ("1048576B", 1_048_576),
    ],
)
def test_sizes_of_memory(text, n_bytes):
    assert parse_memory(text) == n_bytes


@pytest.mark.parametrize("text", ["2", "two GiB", "2GB free", "GiB", "-2GiB", "", "2XB", 1_048_575, "1000kB"])
def test_what_is_no_size_of_memory(text):
    with pytest.raises(ValueError, match=r"write 2GiB|write a unit"):
        parse_memory(text)
