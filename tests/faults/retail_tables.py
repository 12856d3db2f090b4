"""The retail job as the tests of killed runs see it: two of its days, and the tables that each step's table writes."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]
PIPELINE = runpy.run_path(str(ROOT / "jobs" / "retail.py"))["pipeline"]
DAYS = ("2010-12-05", "2010-12-12")
TABLES = {
    "sales_raw": ["bronze/sales_raw"],
    "sales": ["silver/sales", "silver/sales_quarantine"],
    "cancellations": ["silver/cancellations"],
    "daily_revenue": ["gold/daily_revenue"],
    "customer_value": ["gold/customer_value"],
    "country_month": ["gold/country_month"],
}
STEPS = ("batch", "validate", "quarantine", "publish")
