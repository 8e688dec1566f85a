"""Which tests a run tries: `make test` the short form, CI nearly all, `make check` (LONG=1) every one.

A file that is named to pytest, or `make test K=expression`, is tried as CI does.
"""

import os
import re
from collections import Counter

import pytest

from tests.torture import long

LANE = re.compile(r"[\[-](redshift|duckdb-300)[-\]]")
"""In the name of a case that runs on a cluster, or on a larger file."""
EVERY = 20
"""Of a test with many cases, CI tries the first in each lane, and then every twentieth."""
INSTANT = ("test_emulator", "test_contract", "test_dialect", "test_values_oracle")
"""How modules begin whose cases cost next to nothing: CI tries them all."""
LONG_ON_A_CLUSTER = (
    "test_torn_tails", "test_matching", "test_real_data", "test_s3_faults", "test_laws", "test_feeds",
    "test_truth", "test_events", "test_answers", "test_sessions", "test_evolve", "test_misfits",
    "test_checks", "test_check_conditions", "test_seal", "test_undo", "test_warnings", "test_report",
    "test_own_questions", "test_own_models", "test_own_checks",
    "test_star", "test_forget", "test_erased", "test_replay", "test_evolve_twice",
    "test_traces", "test_new_column", "test_other_program", "test_rules", "test_seal_key",
    "test_moving_files", "test_field_paths", "test_export", "test_activity", "test_find", "test_filters",
    "test_attempts", "test_bad_files", "test_accounting", "test_calendar", "test_questions",
    "test_laws_of_retraction", "test_good_lines", "test_two_datasets", "test_names", "test_torn_lines",
    "test_forms_leave", "test_whole_rejects",
)  # fmt: skip
"""Modules that try one law many times: CI and the short form hold it on DuckDB, `make check` on both."""
ONLY_IN_CHECK = (
    "test_distribution_measure", "test_blanks_engines", "test_provision_serverless", "test_rehearse_real",
    "test_distribution_command", "test_values_engines", "test_undo_copies", "test_rehearse",
    "test_distribution", "test_statements", "test_laws", "test_notebook", "test_laws_of_retraction",
    "test_rehearse_serve", "test_crowd", "test_cloud_kinds",
)  # fmt: skip
"""Modules that CI leaves to `make check`: it has twenty minutes, and others hold their kinds."""
TESTS_ONLY_IN_CHECK = (
    "test_the_dashboard_and_mcp_know_no_names_unless_they_are_asked_for",
    "test_a_page_is_told_by_the_clock_that_is_chosen_and_says_what_is_not",
    "test_every_question_has_a_page_a_csv_and_its_sql",
    "test_a_question_weighs_as_much_as_it_is_asked",
    "test_a_launch_killed_after_any_call_is_finished_by_the_next_and_removed_by_delete",
    "test_every_combination_is_ranked_by_what_it_moves_and_reads",
    "test_what_is_asked_decides_which_dimension_gets_the_key_of_the_fact",
    "test_no_label_lies_on_another", "test_a_phone_folds_all_but_the_first_section_and_nothing_else_does",
    "test_pages_of_a_choice_in_a_browser", "test_in_a_browser_what_is_typed_is_found",
    "test_a_cluster_is_shown_as_a_file_is", "test_the_line_for_psql_works_as_it_stands",
    "test_a_private_cluster_is_told_how_to_reach_and_nothing_is_opened",
    "test_from_launch_over_a_load_to_delete_each_request_names_the_owner",
    "test_a_number_key_that_a_text_follows_is_seen_however_the_file_is_cut",
    "test_long_rejects_are_held_some_megabytes_at_a_time",
    "test_each_picture_is_saved_as_a_png_without_a_network",
    "test_the_page_loads_again_when_a_run_is_published",
    "test_a_cluster_of_others_is_loaded_asked_and_shown_in_two_schemas",
    "test_a_delete_killed_after_any_call_is_finished_by_the_next",
    "test_every_answer_of_months_with_faults_is_that_of_plain_python",
    "test_ages_are_told_as_of_the_moment_of_reading", "test_a_legend_has_the_colours_of_its_picture",
    "test_a_collation_of_any_column_of_text_is_named_and_refused",
    "test_a_last_line_without_an_end_is_whole_wherever_the_readers_buffers_end",
    "test_in_a_browser_every_click_leads_on", "test_days_are_compared_with_any_others",
    "test_a_cell_leads_to_what_is_in_it", "test_each_run_can_be_undone_and_done_again",
    "test_a_load_and_a_dashboard_do_not_hold_each_other_up",
    "test_the_switch_shows_other_numbers_and_each_is_its_questions_answer",
    "test_each_thing_found_leads_to_the_overview_of_its_plays",
    "test_headings_go_down_one_level_at_a_time_and_each_column_and_field_has_a_name",
)  # fmt: skip
"""Tests of ten seconds and more that CI leaves to `make check`, where a shorter one holds the kind."""
WALKS = (
    "test_page", "test_dashboard", "test_rehearse", "test_rehearse_real", "test_rehearse_serve",
    "test_distribution", "test_distribution_command", "test_distribution_measure", "test_statements",
    "test_cuts", "test_kills", "test_crowd", "test_processes", "test_provision", "test_provision_care",
    "test_provision_documented", "test_provision_serverless", "test_connecting", "test_copy_care",
    "test_undo_copies", "test_versions", "test_gaps", "test_s3_faults", "test_real_data",
    "test_blanks_engines", "test_readers", "test_other_clusters", "test_cloud", "test_cloud_kinds",
    "test_new_column", "test_other_program", "test_rebuild_first", "test_snapshot", "test_launch_again",
    "test_notifications", "test_attempts", "test_large_input", "test_model", "test_rehearse_settings",
    "test_scratch_bucket", "test_doctor", "test_security", "test_values_engines", "test_feed_gaps",
    "test_store", "test_drill_down", "test_own_questions", "test_own_models", "test_own_checks", "test_init",
    "test_find", "test_mcp", "test_naming", "test_places", "test_hidden", "test_left_behind", "test_terminal",
    "test_streams", "test_erased", "test_traces", "test_sql_cache", "test_marks", "test_examples",
    "test_engines", "test_torn_tails", "test_forget_list", "test_hints", "test_rules", "test_warnings",
    "test_mistakes", "test_configuration", "test_export", "test_packaging",
    "test_open_at_once", "test_backup",
)  # fmt: skip
"""Modules whose tests walk through whole programs, browsers or accounts: none is in the short form."""
CASES, ON_A_CLUSTER = 20, 8
"""In the short form: every so many cases of a test, and of a module's tests on a cluster."""
LONGEST = (
    "test_page", "test_cuts", "test_star", "test_checks", "test_undo", "test_warnings", "test_rehearse",
    "test_provision_serverless", "test_copy_care", "test_dashboard", "test_report", "test_answers",
    "test_distribution", "test_connecting", "test_rehearse_real", "test_rehearse_serve",
    "test_laws_of_retraction", "test_laws", "test_kills", "test_real_data", "test_distribution_command",
    "test_distribution_measure", "test_drill_down",
)  # fmt: skip
"""Modules that begin first: else one process works on the longest alone at the end, while the others wait."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what this run does not try."""
    if os.environ.get("FORM") == "short":
        kept = _short(items)
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = [item for item in items if item in kept]
    items.sort(key=lambda item: item.path.stem not in LONGEST)
    cases: Counter[str] = Counter()
    for item in items:
        lane = LANE.search(item.name)
        test = _test(item) + (lane[1] if lane else "")
        is_left_out = cases[test] % EVERY != 0
        cases[test] += 1
        is_left_out &= lane is not None or not item.path.stem.startswith(INSTANT)
        is_left_out |= bool(lane and lane[1] == "redshift" and item.path.stem in LONG_ON_A_CLUSTER)
        if is_left_out or _is_only_in_check(item):
            item.add_marker(long)


def _short(items: list[pytest.Item]) -> set[pytest.Item]:
    """One case of every test, and more where there are many; of those on a cluster every eighth test."""
    cases: Counter[str] = Counter()
    on_a_cluster: Counter[str] = Counter()
    kept = set()
    for item in items:
        lane = LANE.search(item.name)
        test = _test(item) + (lane[1] if lane else "")
        cases[test] += 1
        if item.path.stem in WALKS or cases[test] % CASES != 1:
            continue
        if lane and lane[1] == "redshift":
            if item.path.stem in LONG_ON_A_CLUSTER:
                continue
            on_a_cluster[item.path.stem] += 1
            if on_a_cluster[item.path.stem] % ON_A_CLUSTER != 1:
                continue
        kept.add(item)
    return kept


def _is_only_in_check(item: pytest.Item) -> bool:
    return item.path.stem in ONLY_IN_CHECK or getattr(item, "originalname", "") in TESTS_ONLY_IN_CHECK


def _test(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0]
