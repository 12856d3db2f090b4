"""A package's face: what it exports, what it hides, and that the root of the library loads nothing."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import lakehouse

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "lakehouse"
PACKAGES = sorted(path.parent.name for path in LIBRARY.glob("*/__init__.py"))
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
HEAVY = ("pyspark", "pyarrow", "numpy", "numba", "rich", "boto3", "obstore")
ERROR_NAMES = ("Error", "Errors", "Exception", "Warning")

FIXED_NAMES = {
    "cache": "CacheEntry CacheMap EvictionPolicy LRUPolicy ReadWriteLock",
    "chess": "AuditLog Bishop Board CastlingStrategy CheckStrategy EnPassantStrategy Game King Knight Move"
    " MoveValidator Pawn Piece Queen Rook RuleEngine",
    "delta_log": "Action AddFile Commit CommitProtocol MetadataChange RemoveFile Transaction TransactionLog"
    " TransactionManager",
    "division": "ArithmeticUnit BinaryInstructionSet DecimalInstructionSet DivideByZeroException InstructionSet"
    " NumericalOverflowException Operand Result",
    "ingestion": "ParallelDataProcessor",
    "optimization": "JoinOptimizer QueryOptimizer",
    "pipelines": "BronzeIngestionPipeline DeclarativePipelineBuilder GoldAggregationPipeline PipelineFactory"
    " SilverCleansePipeline",
    "quality": "SchemaValidator",
    "spark_session": "SparkSessionFactory",
    "storage": "ADLSStorageService AbstractStorageService LocalStorageService S3StorageService",
    "tables": "IReadableDeltaTable",
}
"""The names that the users of this library were promised, by the package that has them."""

WITHOUT_THEIR_ERRORS = {"division"}
"""Packages whose face does not have all their errors yet. None may come; take out what is done."""


def _errors_of(package: str) -> Iterator[str]:
    for path in sorted((LIBRARY / package).rglob("*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and node.name.endswith(ERROR_NAMES):
                yield node.name


def _loaded_by(code: str) -> set[str]:
    """Which heavy libraries a fresh process has loaded after it ran the code."""
    asked = f"{code}\nimport sys; print(*(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    return set(done.stdout.rsplit("\n", 2)[-2].split())


@pytest.mark.parametrize("package", [name for name in PACKAGES if name not in WITHOUT_THEIR_ERRORS])
def test_a_package_exports_its_errors(package: str) -> None:
    exported = set(importlib.import_module(f"lakehouse.{package}").__all__)
    assert [name for name in _errors_of(package) if not name.startswith("_") and name not in exported] == []


@pytest.mark.parametrize("package", FIXED_NAMES)
def test_a_package_exports_its_fixed_names(package: str) -> None:
    face = importlib.import_module(f"lakehouse.{package}")
    assert [name for name in FIXED_NAMES[package].split() if name not in face.__all__] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_exported_name_exists(package: str) -> None:
    face = importlib.import_module(f"lakehouse.{package}")
    assert [name for name in face.__all__ if not hasattr(face, name)] == []


@pytest.mark.parametrize("package", [name for name in PACKAGES if name != "cli"])
def test_a_contract_keeps_the_insides_of_a_package_to_itself(package: str) -> None:
    """Of ``cli`` nothing imports anything: it is the top layer."""
    assert {
        "name": f"The face of {package}, not its insides",
        "type": "protected",
        "protected_modules": [f"lakehouse.{package}.*"],
        "allowed_importers": [f"lakehouse.{package}"],
    } in [{key: value for key, value in each.items() if key != "ignore_imports"} for each in CONTRACTS]


@pytest.mark.parametrize("word", [name for name in lakehouse.__all__ if name != "__version__"])
def test_the_root_has_the_words_of_a_first_pipeline(word: str) -> None:
    package = "spark_session" if word == "SparkSessionFactory" else "pipelines"
    assert getattr(lakehouse, word) is getattr(importlib.import_module(f"lakehouse.{package}"), word)
    assert word in dir(lakehouse)


def test_no_word_of_the_root_has_the_name_of_a_package() -> None:
    """Once a package is imported, it takes the place of the word of its name."""
    assert {path.stem for path in LIBRARY.iterdir()} & set(lakehouse.__all__) == set()


def test_the_root_has_no_other_words() -> None:
    with pytest.raises(AttributeError, match="'lakehouse' has no attribute 'reed'"):
        lakehouse.reed  # noqa: B018


@pytest.mark.parametrize(
    "code",
    [
        "import lakehouse",
        "import lakehouse.worker_process",
        "import lakehouse.cli",
        "from lakehouse.cli import main; main(['--help'])",
        "from lakehouse.cli import main; main(['table', '--help'])",
    ],
)
def test_nothing_heavy_is_loaded_before_it_is_needed(code: str) -> None:
    assert _loaded_by(code) == set()


def test_a_word_of_a_pipeline_loads_spark() -> None:
    assert "pyspark" in _loaded_by("from lakehouse import read")
