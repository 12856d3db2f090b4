"""What a table does with what nobody expects: new columns, values of other types, a table that is not there."""

from lakehouse.quality.contract.answers import fitted
from lakehouse.quality.contract.fit import RESCUED_DATA, ColumnFit, Fit
from lakehouse.quality.contract.terms import ANSWERS, Answer, Contract
from lakehouse.quality.contract.wider_types import common_type

__all__ = ["ANSWERS", "RESCUED_DATA", "Answer", "ColumnFit", "Contract", "Fit", "common_type", "fitted"]
