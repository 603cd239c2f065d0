"""Who may import whom (DESIGN.md, "The way of the data"). Imports inside functions count; those for types don't."""

from __future__ import annotations

import ast
import graphlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "algrid"

#: layer: (its modules, the layers that it may import beside itself). A package's name stands for all in it.
LAYERS = {
    # what a thing is called, and how it is known
    "frame": (
        "space_filling errors schema identity cache stored seeds arrays threads ticks sandbox _allocation yaml_lines",
        "",
    ),
    "registry": ("registry", "frame"),
    # plugins: pure functions of data
    "datasets": ("datasets", "frame registry"),
    "catalogues": ("catalogues", "frame registry datasets"),
    "metrics": ("metrics", "frame registry"),
    "stopping": ("stopping", "frame registry"),
    "pretrained": ("pretrained", "frame registry datasets"),
    "learners": ("learners", "frame registry datasets pretrained"),
    "strategies": ("strategies", "frame registry datasets learners"),
    "protocol": ("splits start_sets oracles preprocessing _index_files", "frame registry datasets pretrained"),
    # what there is to know of data before anything is learned from them
    "inspection": ("checks meta_features", "frame registry datasets protocol"),
    # active learning: no files, no Dask, no global state
    "loop": (
        "cell pool models history loop sizes slices cost cost_ladder rows replay stops",
        "frame registry datasets metrics stopping learners strategies protocol",
    ),
    # what rows of a pool are like: arrays, and learners along runs
    "samples": ("sample_measures", "frame registry datasets learners loop"),
    # a file becomes runs
    "grid": ("grid grid_*", "frame registry datasets catalogues metrics learners strategies protocol inspection"),
    "plan": ("plan planner slicing pilot", "frame registry datasets learners strategies protocol inspection loop grid"),
    # runs become rows
    "workers": (
        "child supervisor supply ledger journal cluster cluster_file executor provenance",
        "frame registry datasets metrics learners strategies protocol loop plan",
    ),
    "store": ("store", "frame"),
    # rows become findings: needs nothing of how they were made
    "analysis": (
        "points curves score_table export switches mean_curves curves_by_dataset aggregates pairing missing "
        "leaderboard influence tables runtime stopping_outcomes routes store_comparison failures ogal findings advice "
        "figures style wording",
        "frame registry metrics store",
    ),
    # what a user holds
    "use": (
        "__init__ api session merging results results_analyses influence_of pool_measures query_shapes "
        "stopping_of paper simulation cost_learning progress cli cli_datasets cli_checks cli_models cli_stores "
        "console verification dataset_names audit audit_states",
        "frame registry datasets catalogues pretrained metrics stopping learners strategies protocol inspection "
        "loop samples grid plan workers store analysis",
    ),
}

#: Library: the only modules that may import it.
ONLY_IN = {
    "dask": "cluster",
    "distributed": "cluster executor",
    "dask_jobqueue": "cluster cluster_file",
    "duckdb": "store",
    # a user's or a study's own Parquet file is no store
    "pyarrow.parquet": "store datasets.formats ogal",
    "pyarrow.dataset": "store",
    "pyarrow": "schema store merging rows points curves score_table export curves_by_dataset influence "
    "datasets.formats ogal",
    "matplotlib": "figures style",
    "seaborn": "figures style",
    "typer": "cli cli_datasets cli_checks cli_models cli_stores",
    "rich": "cli cli_datasets console progress",
    "psutil": "supervisor",
    "modAL": "strategies",
    "yaml": "yaml_lines",
}

#: Modules that compute in memory: no files, no processes, no clusters, no tables of others.
PURE = (
    "arrays identity seeds cell pool models history loop sizes slices cost cost_ladder strategies metrics stopping "
    "sample_measures"
)
OUTSIDE = "pathlib os io shutil tempfile glob subprocess multiprocessing threading socket pyarrow pandas dask"

#: Never loaded by `import algrid` or by looking for plugins.
HEAVY = "sklearn dask distributed matplotlib seaborn duckdb pandas modAL torch pyarrow"
SCANS = """
import json, sys
def loaded():
    return sorted({name.partition(".")[0] for name in sys.modules})
import algrid
after_import = loaded()
from algrid.aggregates import AGGREGATES
from algrid.datasets import DATASETS
from algrid.learners import LEARNERS
from algrid.metrics import METRICS
from algrid.oracles import ORACLES
from algrid.preprocessing import PREPROCESSINGS
from algrid.splits import SPLITS
from algrid.start_sets import START_SETS
from algrid.stopping import STOPPING_RULES
from algrid.strategies import STRATEGIES
registries = (AGGREGATES, DATASETS, LEARNERS, METRICS, ORACLES, PREPROCESSINGS, SPLITS, START_SETS, STOPPING_RULES)
for registry in (*registries, STRATEGIES):
    for cls in registry.classes():
        cls.summary(), cls.defaults(), registry.hints(cls.name)
print(json.dumps([after_import, loaded()]))
"""


@dataclass(frozen=True)
class Import:
    """One name that a module imports, and whether already when it is imported itself."""

    module: str
    imported: str
    line: int
    at_once: bool

    def __str__(self) -> str:
        return f"algrid/{self.module.replace('.', '/')}.py:{self.line} imports {self.imported}"


def belongs(module: str, names: str) -> bool:
    """Whether a module is one of these, or inside one."""
    return any(fnmatch(module, name) or module.startswith(f"{name}.") for name in names.split())


def layer_of(module: str) -> str | None:
    return next((layer for layer, (modules, _) in LAYERS.items() if belongs(module, modules)), None)


def imports_in(node: ast.AST, *, at_once: bool = True) -> Iterator[tuple[str, int, bool]]:
    """Full names (of a module, or of something in it), lines, and whether they are imported at once."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            yield from imports_in(ast.Module(child.orelse, []), at_once=at_once)
        elif isinstance(child, ast.Import):
            yield from ((alias.name, child.lineno, at_once) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "imports are absolute"
            yield from ((f"{child.module}.{alias.name}", child.lineno, at_once) for alias in child.names)
        else:
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from imports_in(child, at_once=at_once and not inside)


def module_name(path: Path) -> str:
    """Name below the package: ``loop``, ``store.writer``; a subpackage's own is ``store``."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


@cache
def modules() -> dict[str, ast.Module]:
    return {module_name(p): ast.parse(p.read_text(encoding="utf-8")) for p in sorted(PACKAGE.rglob("*.py"))}


@cache
def imports() -> list[Import]:
    return [Import(m, *found) for m, tree in modules().items() for found in imports_in(tree)]


def own(name: str) -> str | None:
    """The module of algrid that a full name is in; None for a library."""
    first, _, rest = name.partition(".")
    if first != "algrid":
        return None
    while rest and rest not in modules():
        rest = rest.rpartition(".")[0]
    return rest or "__init__"


def test_every_module_has_its_layer() -> None:
    homeless = [module for module in modules() if layer_of(module) is None]
    assert not homeless, f"put {', '.join(homeless)} into LAYERS of this file"


def test_layers_have_an_order() -> None:
    order = list(LAYERS)
    for layer, (_, allowed) in LAYERS.items():
        assert set(allowed.split()) <= set(order[: order.index(layer)]), layer


def test_a_module_imports_its_own_layer_and_those_it_may() -> None:
    wrong = []
    for found in imports():
        other, layer = own(found.imported), layer_of(found.module)
        if other is not None and layer is not None and layer_of(other) not in {layer, *LAYERS[layer][1].split()}:
            wrong.append(f"{found} ({layer} may import {LAYERS[layer][1] or 'nothing else'})")
    assert not wrong, "\n".join(wrong)


def test_modules_import_each_other_in_no_circle() -> None:
    graph: dict[str, set[str | None]] = {module: set() for module in modules()}
    for found in imports():
        other = own(found.imported)
        if other not in {None, found.module} and found.at_once:
            graph[found.module].add(other)
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_stays_where_it_is_used(library: str) -> None:
    found = [i for i in imports() if f"{i.imported}.".startswith(f"{library}.")]
    wrong = [str(i) for i in found if not belongs(i.module, ONLY_IN[library])]
    assert not wrong, "\n".join(wrong)


def test_what_is_pure_stays_pure() -> None:
    wrong = [str(i) for i in imports() if belongs(i.module, PURE) and belongs(i.imported, OUTSIDE)]
    wrong += [
        f"algrid/{name.replace('.', '/')}.py:{node.lineno} opens a file"
        for name, tree in modules().items()
        if belongs(name, PURE)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open"
    ]
    assert not wrong, "\n".join(wrong)


def test_nobody_draws_from_a_global_generator() -> None:
    allowed = {"default_rng", "Generator", "SeedSequence"}
    wrong = [
        f"algrid/{name.replace('.', '/')}.py:{node.lineno} uses np.random.{node.attr}"
        for name, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in {"np.random", "numpy.random"}
        if node.attr not in allowed and name != "sandbox"
    ]
    wrong += [str(i) for i in imports() if belongs(i.imported, "random") and i.module != "sandbox"]
    assert not wrong, "\n".join(wrong)


def test_importing_algrid_and_looking_for_plugins_is_cheap() -> None:
    done = subprocess.run([sys.executable, "-c", SCANS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    after_import, after_scans = json.loads(done.stdout)
    assert not set(after_import) & {*HEAVY.split(), "numpy", "scipy", "pydantic"}
    assert not set(after_scans) & set(HEAVY.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import dask.array", [("dask.array", 1, True)]),
        ("from dask import array, bag as b", [("dask.array", 1, True), ("dask.bag", 1, True)]),
        ("try:\n    import dask\nexcept ImportError:\n    pass", [("dask", 2, True)]),
        ("class A:\n    def f(self):\n        if self:\n            import dask", [("dask", 4, False)]),
        ("async def f():\n    import dask", [("dask", 2, False)]),
        ("if TYPE_CHECKING:\n    import dask\nelse:\n    import other", [("other", 4, True)]),
        ("if typing.TYPE_CHECKING:\n    import dask", []),
    ],
)
def test_imports_are_seen_wherever_they_are(text: str, expected: list[tuple[str, int, bool]]) -> None:
    assert list(imports_in(ast.parse(text))) == expected
