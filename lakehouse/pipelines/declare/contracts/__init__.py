"""A table's data contract: the columns and rules of an ODCS file as the table is held to them."""

from lakehouse.pipelines.declare.contracts.agreed import AgreedTable, agreed_on
from lakehouse.pipelines.declare.contracts.beginning import beginning_of
from lakehouse.pipelines.declare.contracts.contract_rule import ContractRule
from lakehouse.pipelines.declare.contracts.table_rules import NotEnforced

__all__ = ["AgreedTable", "ContractRule", "NotEnforced", "agreed_on", "beginning_of"]
