"""dbt-duckdb every night: its incremental models, with the filter that its documentation shows."""

import os
import sys

import dbt_job
from common import say

LACKS = "no rejects, no ledger, no lineage; what comes late, or again, is older than the newest row and passed over"
os.environ["MATERIALIZED"] = "incremental"

if __name__ == "__main__":
    say(sys.argv, dbt_job.load, None)
