"""What is wrong with data before anything is learned from them: each finding with its cure."""

from algrid.checks.between import same_data
from algrid.checks.datasets import check_dataset, check_datasets, notes
from algrid.checks.findings import SEVERITIES, Finding, table
from algrid.checks.rows import shared_rows

__all__ = [
    "SEVERITIES",
    "Finding",
    "check_dataset",
    "check_datasets",
    "notes",
    "same_data",
    "shared_rows",
    "table",
]
