"""The contracts that a table was written under, so that a changed file is known as one."""

from __future__ import annotations

from lakehouse.pipelines.warehouse import SYSTEM_LAYER, Warehouse
from lakehouse.quality import OdcsDocument, parse_odcs

__all__ = ["KeptContracts"]


class KeptContracts:
    """Each version of the file as its text, numbered in the order in which runs met them; the newest counts."""

    def __init__(self, warehouse: Warehouse, *, layer: str, table: str) -> None:
        self._storage = warehouse.storage
        self._prefix = f"{SYSTEM_LAYER}/contracts/{layer}/{table}/"

    def newest(self) -> OdcsDocument | None:
        """Return the contract of the last run that wrote the table; None where it was written under none."""
        keys = [each.key for each in self._storage.list(self._prefix)]
        if not keys:
            return None
        return parse_odcs(self._storage.read(keys[-1]).decode(), file=keys[-1])

    def keep(self, document: OdcsDocument) -> None:
        """Keep a contract, unless it is the newest already."""
        keys = [each.key for each in self._storage.list(self._prefix)]
        body = document.text.encode()
        if not keys or self._storage.read(keys[-1]) != body:
            self._storage.put_if_absent(f"{self._prefix}{len(keys):020}.odcs.yaml", body)
