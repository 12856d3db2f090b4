"""What can be wrong with a definition, each with the line that says so, and how a refresh can fail."""

from lakehouse.pipelines.errors.flows import (
    BrokenStepError,
    DuplicateColumnError,
    DuplicateRuleError,
    InvalidStepError,
    LostCastErrorsError,
    ReservedColumnError,
    UnknownColumnError,
)
from lakehouse.pipelines.errors.refresh import (
    ChangedFileError,
    ChangedSourceError,
    ForeignTableError,
    LostBatchError,
    RepeatedKeysError,
    ReplacedInputError,
)
from lakehouse.pipelines.errors.tables import (
    CycleError,
    DefinitionErrors,
    DuplicateNameError,
    InvalidNameError,
    PipelineNotFoundError,
    QuarantineNameError,
    UnknownLayerError,
    UnknownSelectionError,
    UnknownSourceError,
    UnknownVariableError,
)
from lakehouse.pipelines.errors.writing import (
    ChangingInputError,
    NewRowsReplaceError,
    NoWriteModeError,
    PartialGroupsError,
    WholeReadAppendedError,
)

__all__ = [
    "BrokenStepError",
    "ChangedFileError",
    "ChangedSourceError",
    "ChangingInputError",
    "CycleError",
    "DefinitionErrors",
    "DuplicateColumnError",
    "DuplicateNameError",
    "DuplicateRuleError",
    "ForeignTableError",
    "InvalidNameError",
    "InvalidStepError",
    "LostBatchError",
    "LostCastErrorsError",
    "NewRowsReplaceError",
    "NoWriteModeError",
    "PartialGroupsError",
    "PipelineNotFoundError",
    "QuarantineNameError",
    "RepeatedKeysError",
    "ReplacedInputError",
    "ReservedColumnError",
    "UnknownColumnError",
    "UnknownLayerError",
    "UnknownSelectionError",
    "UnknownSourceError",
    "UnknownVariableError",
    "WholeReadAppendedError",
]
