"""A DAG for Apache Airflow 2.4 or newer: the commands that a person would type, one task each.

Airflow schedules, retries and alerts; what is loaded, and whether it is right, stays the business of
`sparkify`: a task that failed left the last good state, and may be run again at any time.
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
    """Load what is new, prove it right, write the page."""
    doctor = BashOperator(
        task_id="doctor", bash_command=f"{SPARKIFY} doctor --source /srv/music --format csv"
    )
    etl = BashOperator(
        task_id="etl", bash_command=f"{SPARKIFY} etl --source /srv/music --wait 600 --log-format json"
    )
    check = BashOperator(
        task_id="check", bash_command=f"{SPARKIFY} check --max-age 36h --max-gap 24h --format csv"
    )
    report = BashOperator(task_id="report", bash_command=f"{SPARKIFY} report --out report.html")
    doctor >> etl >> check >> report


sparkify_nightly()
