"""Read data contracts of the Open Data Contract Standard, version 3. What is not understood is kept as it stands."""

from lakehouse.quality.odcs.bounds import Bounds
from lakehouse.quality.odcs.changes import ContractChange, contract_changes
from lakehouse.quality.odcs.document import (
    OdcsDocument,
    OdcsProperty,
    OdcsTable,
    QualityItem,
    UnreadableContractError,
    action_in,
    parse_odcs,
    read_odcs,
)
from lakehouse.quality.odcs.types import default_type, exact_type, fits_logical_type, logical_type, named_type

__all__ = [
    "Bounds",
    "ContractChange",
    "OdcsDocument",
    "OdcsProperty",
    "OdcsTable",
    "QualityItem",
    "UnreadableContractError",
    "action_in",
    "contract_changes",
    "default_type",
    "exact_type",
    "fits_logical_type",
    "logical_type",
    "named_type",
    "parse_odcs",
    "read_odcs",
]
