"""The options of COPY and UNLOAD that exclude or need each other: each line of the data, tried."""

import pytest

from sparkify.emulator.grammar.options import columnar, rules
from tests.test_grammar import refusal

SECRETS = (
    "CREDENTIALS", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "MASTER_SYMMETRIC_KEY",
    "KMS_KEY_ID",
)  # fmt: skip
VALUES = {
    **dict.fromkeys(SECRETS, "'x'"), **dict.fromkeys(("JSON", "AVRO"), "'auto'"), "DELIMITER": "','",
    "FIXEDWIDTH": "'a:1,b:2'", "QUOTE": "'%'", "NULL": "AS 'x'", "READRATIO": "50", "MAXERROR": "5",
    "ROWGROUPSIZE": "32 MB", "IAM_ROLE": "default",
}  # fmt: skip
SAID = {"AUTO": "ENCRYPTED AUTO", "SERIALIZETOJSON": "PARQUET SERIALIZETOJSON", "VERBOSE": "MANIFEST VERBOSE"}
BEGINNINGS = {"copy": "COPY t FROM 's3://b/k'", "unload": "UNLOAD ('SELECT 1') TO 's3://b/k'"}


def statement(command: str, *words: str) -> str:
    values = VALUES if command == "copy" else {**VALUES, "JSON": ""}
    if command == "copy" and not {"IAM_ROLE", *SECRETS[:4]} & set(words):
        words = ("IAM_ROLE", *words)
    return " ".join(
        [BEGINNINGS[command], *(f"{SAID.get(word, word)} {values.get(word, '')}" for word in words)]
    )


def lines(how: str) -> list[tuple[str, str, str]]:
    return [
        (command, word, other)
        for command in BEGINNINGS
        for word, relation, others, _ in rules(command)
        for other in others
        if relation == how
    ]


@pytest.mark.parametrize(("command", "word", "other"), lines("x"))
def test_options_that_exclude_each_other_are_refused(command: str, word: str, other: str) -> None:
    assert "conflicting or redundant options" in refusal(statement(command, word, other))
    assert "conflicting or redundant options" in refusal(statement(command, other, word))


@pytest.mark.parametrize(("command", "word", "other"), lines("needs"))
def test_an_option_that_needs_another_is_refused_alone(command: str, word: str, other: str) -> None:
    assert f"{word} requires" in refusal(statement(command, word))
    assert refusal(statement(command, word, other)) == ""


@pytest.mark.parametrize(
    ("command", "word"), sorted({(command, word) for command, *words in lines("x") for word in words})
)
def test_each_of_them_is_taken_alone(command: str, word: str) -> None:
    others = [
        other
        for first, how, others, _ in rules(command)
        if (first, how) == (word, "needs")
        for other in others
    ]

    assert refusal(statement(command, word, *others[:1])) == ""


@pytest.mark.parametrize("word", ["MAXERROR", "TIMEFORMAT", "GZIP", "NOLOAD", "COMPUPDATE"])
def test_a_copy_of_columns_takes_no_option_that_its_page_does_not_name(word: str) -> None:
    values = {"TIMEFORMAT": "'auto'", "MAXERROR": "5"}
    sql = f"COPY t FROM 's3://b/k' IAM_ROLE default FORMAT AS PARQUET {word} {values.get(word, '')}"

    assert word not in columnar()
    assert "not supported for PARQUET" in refusal(sql)


def test_an_option_stands_once() -> None:
    assert "GZIP stands twice" in refusal("COPY t FROM 's3://b/k' IAM_ROLE default CSV GZIP GZIP")
    assert "HEADER stands twice" in refusal(
        "UNLOAD ('SELECT 1') TO 's3://b/k' IAM_ROLE default HEADER HEADER"
    )
