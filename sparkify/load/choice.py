"""The files that a load is asked for, and what to warn of before it begins."""

import datetime as dt

from sparkify.config import S3
from sparkify.formatting import count
from sparkify.load.notices import Warned
from sparkify.source.listing import Listing, between, survey_source, warn_passed_over


def choose_files(s3: S3, first: dt.date | None, last: dt.date | None) -> tuple[Listing, list[Warned]]:
    """The source as it is listed, of its logs those of the days that were asked for; and what to warn of.

    Raises ConfigError where there is no source.
    """
    listing = survey_source(s3)
    files = between(listing.files, first, last)
    undated = sum(file.dataset == "events" and file.day is None for file in listing.files)
    warned = [Warned("passed_over", text)] if (text := warn_passed_over(listing)) else []
    if undated and (first or last):
        text = f"{count(undated, 'log')} left out, since no day stands in the file's name, or several do."
        warned.append(Warned("undated_log", text))
    if len(files) < len(listing.files) and not any(file.dataset == "events" for file in files):
        text = f"no log file has a day from {first or 'the first'} to {last or 'the last'}."
        warned.append(Warned("no_log", text))
    return listing._replace(files=files), warned
