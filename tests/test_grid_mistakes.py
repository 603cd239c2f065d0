"""Every mistake in a grid is one clear error that names its place, what is allowed and the nearest match."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from algrid.errors import GridError
from algrid.grid import GridSpec
from algrid.grid_reader import DEFAULTS
from algrid.metrics import METRICS, ConfusionMetric

#: Mistakes are written below these two lines: the first line of a mistake is line 3.
HEAD = "datasets: [iris, wine]\nstrategies: [margin]\n"

UNKNOWN = [
    (
        "strategys: [random]",
        "line 3, strategys: unknown key 'strategys'. Did you mean 'strategies'? Known: batch_sizes",
    ),
    ("budget: 5", "line 3, budget: unknown key 'budget'. Did you mean 'budgets'?"),
    ("learners: [knn, knnn]", "line 3, learners[1]: unknown learner 'knnn'. Did you mean 'knn'? Known: "),
    ("learners: sklearn.svm:SVCC", "learners: learner 'sklearn.svm:SVCC' can't be imported"),
    ("learners: [{knn: {n_neighbor: 3}}]", "learners[0].knn.n_neighbor: learner 'knn' has no parameter 'n_neighbor'"),
    ("query_learners: sme", "line 3, query_learners: unknown learner 'sme'"),
    (
        "oracles:\n  - perfect\n  - nosy: {flip: 0.1}",
        "line 5, oracles[1]: unknown oracle 'nosy'. Did you mean 'noisy'?",
    ),
    ("oracles: noisy", "line 3, oracles: oracle 'noisy' needs the parameter 'flip'"),
    (
        "preprocessing: standart",
        "line 3, preprocessing: unknown preprocessing 'standart'. Did you mean 'standard'? Known",
    ),
    ("splits: stratifid", "line 3, splits.kind: unknown split kind 'stratifid'. Did you mean 'stratified'? Known: "),
    (
        "splits:\n  kind: stratified\n  tst_size: 0.5",
        "line 5, splits.tst_size: split kind 'stratified' has no parameter",
    ),
    ("start_sets: {kind: radom, size: 3}", "start_sets.kind: unknown start-set kind 'radom'. Did you mean 'random'?"),
    ("start_sets: random", "line 3, start_sets.kind: start-set kind 'random' needs the parameter 'size'"),
    (
        "limits: {second_per_cycle: 3}",
        "limits.second_per_cycle: unknown key 'second_per_cycle'. Did you mean 'seconds_per_",
    ),
    ("record: {metrics: [brier]}", "line 3, record.metrics: unknown key 'metrics'"),
    (
        "record: {probability_metrics: [brir]}",
        "unknown probability metric 'brir'. Did you mean 'brier'? Known: brier, ",
    ),
    (
        "exclude: [{stratgy: margin}]",
        "exclude[0].stratgy: unknown axis 'stratgy'. Did you mean 'strategy'? Known: batch",
    ),
    ("exclude: [{budget: 50}]", "exclude[0].budget: unknown axis 'budget'"),
    (
        "exclude:\n- {dataset: iris, strategy: margim}",
        "line 4, exclude[0].strategy: the text 'margim' is no strategy of this grid. Did you mean 'margin'? There",
    ),
    ("exclude: [{dataset: banana}]", "the text 'banana' is no dataset of this grid. There are: iris, wine."),
    (
        "exclude: [{dataset: iris, batch_size: 7}]",
        "batch_size: the whole number 7 is no batch_size of this grid. There are: 5",
    ),
    (
        "exclude: [{dataset: iris, split: 1}]",
        "exclude[0].split: the whole number 1 is no split of this grid. There are: 0.",
    ),
    ("exclude: [{dataset: iris, query_learner: knn}]", "no query_learner of this grid. There are: same."),
]

WRONG_TYPE = [
    (
        "seed: '5'",
        "line 3, seed: found the text '5' where a whole number of at least 0 is needed. Write it without quotes.",
    ),
    ("seed: 5.0", "line 3, seed: found the number 5.0 where a whole number"),
    ("seed: true", "line 3, seed: found the truth value true where a whole number"),
    ("seed: [1]", "line 3, seed: found the list [1] where a whole number"),
    ("seeds: [0, true]", "line 3, seeds[1]: found the truth value true where a whole number"),
    ("batch_sizes: [1, '5']", "batch_sizes[1]: found the text '5' where a whole number of at least 1 is needed"),
    ("batch_sizes: {5: 1}", "line 3, batch_sizes: a key must be text, found 5"),
    (
        "budgets: al",
        "line 3, budgets: found the text 'al' where a budget is needed: a number of labels, such as 50, {cyc",
    ),
    ("budgets: [true]", "line 3, budgets[0]: found the truth value true where a budget is needed"),
    ("budgets: [{cycle: 3}]", "line 3, budgets[0]: found the mapping {'cycle': 3} where a budget is needed"),
    ("budgets: [{cycles: 3.0}]", "line 3, budgets[0].cycles: found the number 3.0 where a whole number of at least 1"),
    ("name: 42", "line 3, name: found the whole number 42 where a name is needed: text"),
    ("name: a/b", "line 3, name: found the text 'a/b' where a name is needed"),
    ("name: ../up", "line 3, name: found the text '../up' where a name is needed"),
    ("name: ''", "line 3, name: found the text '' where a name is needed"),
    ("learners: [5]", "line 3, learners[0]: found the whole number 5 where a learner is needed: its name, or its name"),
    ("learners: [[knn]]", "line 3, learners[0]: found the list ['knn'] where a learner is needed"),
    ("learners: [{}]", "line 3, learners[0]: found the mapping {} where a learner is needed"),
    (
        "learners: [{knn: 5}]",
        "learners[0].knn: found the whole number 5 where the parameters of 'knn' are needed: a map",
    ),
    (
        "learners:\n  - knn:\n    n_neighbors: 3",
        "line 5, learners[0].n_neighbors: an entry has one name, found 'knn' and",
    ),
    (
        "learners: [{knn: {n_neighbors: '3'}}]",
        "learners[0].knn.n_neighbors: parameter 'n_neighbors' of learner 'knn' is",
    ),
    (
        "learners: [{knn: {n_neighbors: [3, true]}}]",
        "learners[0].knn.n_neighbors[1]: parameter 'n_neighbors' of learner",
    ),
    ("learners: [{sklearn.svm:SVC: {c: 1}}]", "learners[0].sklearn.svm:SVC.c: learner 'sklearn.svm:SVC' has no"),
    ("preprocessing: [standard, 5]", "line 3, preprocessing[1]: found the whole number 5 where a preprocessing is"),
    (
        "preprocessing: {standard: {scale: 2}}",
        "preprocessing.standard.scale: preprocessing 'standard' has no parameter",
    ),
    ("splits: [stratified]", "line 3, splits: found the list ['stratified'] where a mapping is needed, as in {kind: "),
    ("splits: {kind: [stratified]}", "line 3, splits.kind: found the list ['stratified'] where a split kind is needed"),
    (
        "splits: {test_size: '0.4'}",
        "line 3, splits.test_size: parameter 'test_size' of split kind 'stratified' is '0.4'",
    ),
    ("splits: {count: '2'}", "line 3, splits.count: found the text '2' where a whole number of at least 1 is needed"),
    ("start_sets: 3", "line 3, start_sets: found the whole number 3 where a mapping is needed"),
    (
        "limits: 300",
        "line 3, limits: found the whole number 300 where a mapping is needed. Its keys: seconds_per_cycle, seco",
    ),
    ("limits: {seconds_per_cycle: '60'}", "limits.seconds_per_cycle: found the text '60' where a number above 0"),
    ("limits: {memory: 2.5}", "line 3, limits.memory: found the number 2.5 where a size is needed, such as 2GiB"),
    (
        "limits: {memory: 2 gigs}",
        "line 3, limits.memory: '2 gigs' is no size in memory; write 2GiB or 512MB (units: B, ",
    ),
    ("limits: {memory: true}", "line 3, limits.memory: found the truth value true where a size"),
    (
        "record: [brier]",
        "line 3, record: found the list ['brier'] where a mapping is needed. Its keys: probability_metrics",
    ),
    ("record: {probability_metrics: [5]}", "record.probability_metrics[0]: unknown probability metric 5"),
    (
        "exclude: margin",
        "line 3, exclude: found the text 'margin' where axes and their levels are needed, as in {strategy:",
    ),
    ("exclude: [{}]", "line 3, exclude[0]: found the mapping {} where axes"),
    (
        "exclude: [{dataset: iris, batch_size: '5'}]",
        "exclude[0].batch_size: the text '5' is no batch_size of this grid",
    ),
    ("exclude: [{dataset: 5}]", "exclude[0].dataset: the whole number 5 is no dataset of this grid"),
    ("learners: [{knn: {n_neighbors: !!binary aGk=}}]", "line 3, learners[0].knn.n_neighbors: the YAML tag"),
]

EMPTY = [
    *((f"{key}: []", f"line 3, {key}: an empty list. Give at least one ") for key in ("learners", "query_learners")),
    *(
        (f"{key}: []", f"line 3, {key}: an empty list. Give at least one ")
        for key in ("batch_sizes", "budgets", "seeds")
    ),
    *((f"{key}: []", f"line 3, {key}: an empty list. Give at least one ") for key in ("preprocessing", "oracles")),
    *((f"{key}:", f"line 3, {key}: has no value. Give at least one ") for key in ("learners", "budgets", "exclude")),
    ("name:", "line 3, name: found nothing where a name is needed"),
    ("seed:", "line 3, seed: found nothing where a whole number"),
    ("splits:", "line 3, splits: found nothing where a mapping is needed"),
    ("limits:", "line 3, limits: found nothing where a mapping is needed"),
    ("record:", "line 3, record: found nothing where a mapping is needed"),
    ("record: {probability_metrics: }", "line 3, record.probability_metrics: has no value"),
    ("learners: [{knn: {n_neighbors: []}}]", "learners[0].knn.n_neighbors: an empty list. Give at least one value"),
    ("exclude: [{dataset: []}]", "line 3, exclude[0].dataset: an empty list"),
]

DUPLICATE = [
    ("seed: 1\nseed: 1", "line 4, seed: written twice, first in line 3"),
    ("datasets: wine", "line 3, datasets: written twice, first in line 1"),
    (
        "learners:\n  - knn\n  - knn: {}",
        "line 5, learners[1]: knn is a level already, at learners[0]. Keep one of them.",
    ),
    ("learners: [knn, {knn: {n_neighbors: [5, 7]}}]", "learners[1]: knn is a level already, at learners[0]"),
    ("learners: [{knn: {n_neighbors: [7, 7]}}]", "knn.n_neighbors[1]: the whole number 7 is in this list already"),
    ("query_learners: [same, knn, same]", "query_learners[2]: same is a level already, at query_learners[0]"),
    ("oracles: [{noisy: {flip: 0.1}}, {noisy: {flip: 0.10}}]", "oracles[1]: noisy(flip=0.1) is a level already"),
    ("oracles: [{noisy: {flip: [0.12345678, 0.12345679]}}]", "two different levels are called 'noisy(flip=0.123457)'"),
    ("batch_sizes: [5, 1, 5]", "line 3, batch_sizes[2]: 5 is a level already, at batch_sizes[0]"),
    ("budgets: [all, {cycles: 3}, all]", "line 3, budgets[2]: all is a level already, at budgets[0]"),
    ("budgets: [{cycles: 3}, {cycles: 3}]", "line 3, budgets[1]: 3 cycles is a level already"),
    ("preprocessing: [none, none]", "line 3, preprocessing[1]: none is a level already"),
    ("seeds: [0, 0]", "line 3, seeds[1]: 0 is a level already"),
    ("record: {probability_metrics: [brier, brier]}", "record.probability_metrics[1]: brier is a level already"),
    ("exclude: [{dataset: iris}, {dataset: [iris]}]", "line 3, exclude[1]: this combination is left out already"),
]

IMPOSSIBLE = [
    ("seed: -1", "line 3, seed: -1 is not possible here: it must be at least 0"),
    (
        "seed: 9223372036854775808",
        "seed: 9223372036854775808 is not possible here: it must be at most 9223372036854775807",
    ),
    ("seeds: [0, -3]", "line 3, seeds[1]: -3 is not possible here"),
    ("batch_sizes: [0]", "line 3, batch_sizes[0]: 0 is not possible here: it must be at least 1"),
    ("batch_sizes: 3000000000", "it must be at most 2147483647"),
    ("budgets: 0", "line 3, budgets: 0 is not possible here: it must be at least 1"),
    ("budgets: [{cycles: -1}]", "line 3, budgets[0].cycles: -1 is not possible here"),
    ("splits: {count: 0}", "line 3, splits.count: 0 is not possible here: it must be at least 1"),
    ("splits: {test_size: 1.2}", "line 3, splits.test_size: parameter 'test_size' of split kind 'stratified' is 1.2: "),
    ("splits: {test_size: .nan}", "line 3, splits.test_size: nan is no finite number"),
    ("start_sets: {count: -2}", "line 3, start_sets.count: -2 is not possible here"),
    ("start_sets: {kind: random, size: 0}", "start_sets.size: parameter 'size' of start-set kind 'random' is 0: "),
    ("oracles: [{noisy: {flip: 1.5}}]", "oracles[0].noisy.flip: parameter 'flip' of oracle 'noisy' is 1.5: "),
    ("limits: {seconds_per_cycle: 0}", "limits.seconds_per_cycle: found the whole number 0 where a number above 0"),
    ("limits: {seconds_per_run: -1}", "limits.seconds_per_run: found the whole number -1 where a number above 0"),
    (
        "limits: {seconds_per_cycle: .inf}",
        "limits.seconds_per_cycle: inf is no finite number. Where no limit is meant, write",
    ),
    (
        "limits: {memory: 2}",
        "line 3, limits.memory: 2 is less than 1 MiB, which no run fits into; write a unit, as in 2GiB",
    ),
    ("exclude: [{dataset: [iris, wine]}]", "line 3, exclude[0]: this leaves out every run of the grid"),
    (
        "record: {probability_metrics: [accuracy]}",
        "accuracy needs no recording: it comes from the confusion matrices, ",
    ),
    ("splits: {kind: explicit, path: none.json}", "line 3, splits.path: no file 'none.json'. Looked for it in "),
]

#: Mistakes in the two keys that have no default, as whole files.
WHOLE = [
    ("", "mine.yaml: found nothing where a grid is needed: keys such as `datasets:`"),
    ("# nothing\n", "mine.yaml: found nothing where a grid is needed"),
    ("{}", "mine.yaml, line 1: found nothing where a grid is needed"),
    ("- iris\n- wine\n", "mine.yaml, line 1: found the list ['iris', 'wine'] where a grid is needed"),
    ("iris", "mine.yaml, line 1: found the text 'iris' where a grid is needed"),
    ("strategies: margin", "mine.yaml, line 1: the key 'datasets' is missing. A grid needs datasets and strategies."),
    ("datasets: iris", "the key 'strategies' is missing"),
    ("datasets: []\nstrategies: margin", "line 1, datasets: an empty list. Give at least one dataset."),
    ("datasets: iris\nstrategies:", "line 2, strategies: has no value. Give at least one strategy."),
    ("strategies: random\ndatasets:\n  - iriss", "line 3, datasets[0]: unknown dataset 'iriss'. Did you mean 'iris'?"),
    (
        "datasets: iris\nstrategies: [random, margn]",
        "line 2, strategies[1]: unknown strategy 'margn'. Did you mean 'marg",
    ),
    ("datasets: iris\nstrategies:\n- margin\n- margin: {}", "line 4, strategies[1]: margin is a level already"),
    (
        "strategies: random\ndatasets: [{banana: {n_rows: 2}}]",
        "datasets[0].banana.n_rows: parameter 'n_rows' of dataset",
    ),
    (
        "strategies: random\ndatasets: {file: dta.csv}",
        "line 2, datasets.file.path: no file 'dta.csv'. Did you mean 'data.csv'",
    ),
    ("strategies: random\ndatasets: {file: sub}", "datasets.file.path: 'sub' is a folder, not a file. Take all of its"),
    ("strategies: random\ndatasets: {file: no/x.csv}", "no file 'no/x.csv'. There is no folder "),
    ("strategies: random\ndatasets: {file: {target: y}}", "datasets: dataset 'file' needs the parameter 'path'"),
    ("strategies: random\ndatasets: {file: {path: 5}}", "datasets.file.path: parameter 'path' of dataset 'file' is 5"),
    ("strategies: random\ndatasets: {files: '*.none'}", "line 2, datasets.files: no file matches '*.none'. Looked in "),
    ("strategies: random\ndatasets: {files: [a]}", "datasets.files: found the list ['a'] where a pattern is needed"),
    (
        "strategies: random\ndatasets:\n- file: data.csv\n- file: sub/data.csv",
        "line 4, datasets[1]: two different levels are called 'data', here and at datasets[0]",
    ),
    ("datasets: iris\nstrategies:\n\t- random", "mine.yaml, line 3: a tab. YAML indents with spaces"),
    ("datasets: [iris\nstrategies: random", "mine.yaml, line 2: no valid YAML at column 11: 'strategies: random'"),
    ("datasets: iris\nstrategies: random\n5: x", "mine.yaml, line 3: a key must be text, found 5"),
]


@pytest.mark.parametrize(("text", "message"), [*UNKNOWN, *WRONG_TYPE, *EMPTY, *DUPLICATE, *IMPOSSIBLE])
def test_a_mistake_is_one_error_with_its_line_and_key(text, message):
    with pytest.raises(GridError) as caught:
        GridSpec.from_yaml(HEAD + text + "\n", "mine.yaml")
    assert message in str(caught.value)
    assert str(caught.value).count("\n") == 0, "more was found wrong than was written"
    assert str(caught.value).startswith("mine.yaml, line ")


@pytest.mark.parametrize(("text", "message"), WHOLE)
def test_a_mistake_in_a_whole_file(text, message, tmp_path, monkeypatch):
    for name in ("data.csv", "sub/data.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x,y\n1,a\n2,b\n")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(GridError) as caught:
        GridSpec.from_file("mine.yaml")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value), "more was found wrong than was written"


def test_all_mistakes_are_listed_in_the_order_of_their_lines():
    text = (
        "sed: 1\ndatasets: iris\nbatch_sizes: [5, 0]\nstrategies: [margn, random]\nsplits: {count: 0, test_size: 2}\n"
    )
    with pytest.raises(GridError) as caught:
        GridSpec.from_yaml(text, "mine.yaml")
    first, *others = str(caught.value).splitlines()
    assert first == "5 mistakes in mine.yaml:"
    places = [line.strip().split(":")[0] for line in others]
    assert places[:3] == [
        "mine.yaml, line 1, sed",
        "mine.yaml, line 3, batch_sizes[1]",
        "mine.yaml, line 4, strategies[0]",
    ]
    assert sorted(places[3:]) == ["mine.yaml, line 5, splits.count", "mine.yaml, line 5, splits.test_size"]


def test_an_axis_with_a_mistake_is_not_blamed_on_the_exclusion_of_its_level():
    text = "datasets: [iris, wine]\nstrategies: [margn, random]\nexclude: [{strategy: margin}]\n"
    with pytest.raises(GridError, match=r"^mine.yaml, line 2, strategies\[0\]: unknown strategy 'margn'[^\n]*$"):
        GridSpec.from_yaml(text, "mine.yaml")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"seeds": ["0"]}, "grid, seeds[0]: found the text '0' where a whole number"),
        ({"strategies": [{"qbc": {"committee_size": [3, 1]}}]}, "grid, strategies[0].qbc.committee_size[1]: parameter"),
        ({"learners": [object()]}, "grid, learners[0]: found the value <object object"),
        ({5: 1}, "grid: a key must be text, found the whole number 5"),
        ({"splits": {"test_size": float("nan")}}, "grid, splits.test_size: nan is no finite number"),
        (
            {"learners": [{"sklearn.svm:SVC": {"C": {1, 2}}}]},
            "grid, learners[0].sklearn.svm:SVC.C: found the value {1, 2}",
        ),
        ({"learners": [{"knn": {"weights": b"uniform"}}]}, "grid, learners[0].knn.weights: found the value b'uniform'"),
    ],
)
def test_a_mistake_in_a_dict_has_its_key_and_no_line(keys, message):
    with pytest.raises(GridError) as caught:
        GridSpec.from_dict({"datasets": "iris", "strategies": "margin", **keys})
    assert message in str(caught.value)
    assert "line" not in str(caught.value)


def test_no_mapping_is_no_grid():
    with pytest.raises(GridError, match=r"^grid: found the list \['iris'\] where a grid is needed"):
        GridSpec.from_dict(["iris"])  # type: ignore[arg-type]


@pytest.mark.parametrize("metric", [cls.name for cls in METRICS.classes() if issubclass(cls, ConfusionMetric)])
def test_no_confusion_metric_is_to_be_recorded(metric):
    with pytest.raises(GridError, match=f"{metric} needs no recording"):
        GridSpec.from_yaml(f"{HEAD}record: {{probability_metrics: [brier, {metric}]}}")


KEYS = st.sampled_from(
    [
        *("name", "datasets", "strategies", *DEFAULTS, "kind", "count", "qbc", "committee_size", "file", "files"),
        *("path", "cycles", "strategy", "memory", "probability_metrics"),
    ]
)
SCALARS = st.none() | st.booleans() | st.integers(-2, 3) | st.floats() | st.sampled_from(["", "iris", "margin", "a:b"])
ANY = st.recursive(
    SCALARS | KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(KEYS, ANY, max_size=4))
def test_whatever_is_written_is_a_grid_or_a_grid_error(data):
    try:
        spec = GridSpec.from_dict({"datasets": "iris", "strategies": "margin", **data})
    except GridError:
        return  # any other exception is a failure
    assert GridSpec.from_yaml(spec.to_yaml()) == spec
