"""A DAG for Apache Airflow 2.4 or newer: the commands that a person would type, one task each.

Airflow schedules, retries and alerts; `sparkify` decides what is loaded, and whether it is right. A task that
failed left the last published state, and may be run again at any time.

Which task fails the run, and why:

- `etl` fails by itself on a damaged feed: too many rejects, a file that is rejected whole, a rewritten file.
  `--strict` makes it fail on every warning too (an unknown key, a missing day, conflicts), since Airflow
  knows nothing but the exit code. Nothing is published then, so each retry fails alike, and the alarm comes.
  If all is well, run `sparkify etl` once without `--strict`; leave it out if your feed always warns of
  something. `--fail-on-reject` would be of no use here: the good records are published, and the retry, which
  finds nothing to do, succeeds.
- `check` fails on wrong rows, on a latest event older than 36 hours, and on a missing day anywhere.
- `report` does not wait for `check`: it shows what the checks found, and a missing day must not hide the
  others. Both are last tasks, so that either of them fails the run.
"""

import pendulum
from airflow.decorators import dag
from airflow.operators.bash import BashOperator

SPARKIFY = "cd /srv/music && /opt/sparkify/.venv/bin/sparkify"


@dag(
    schedule="15 3 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,  # one load takes in whatever has come, however many nights were missed
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": pendulum.duration(minutes=10)},
)
def sparkify_nightly() -> None:
    """Load what is new, check it, write the report."""
    doctor = BashOperator(
        task_id="doctor", bash_command=f"{SPARKIFY} doctor --source /srv/music --format csv"
    )
    etl = BashOperator(
        task_id="etl",
        bash_command=f"{SPARKIFY} etl --source /srv/music --strict --wait 600 --log-format json",
    )
    check = BashOperator(
        task_id="check", bash_command=f"{SPARKIFY} check --max-age 36h --max-gap 24h --format csv"
    )
    report = BashOperator(task_id="report", bash_command=f"{SPARKIFY} report --out report.html")
    doctor >> etl >> [check, report]


sparkify_nightly()
