"""Settings of a session that PostgreSQL does not know: it keeps them under names that begin with `rs.`."""

from collections.abc import Mapping, Sequence

from sparkify.emulator.lexer import Token

DEFAULTS = {
    "query_group": "unset",
    "wlm_query_slot_count": "1",
    "enable_result_cache_for_session": "on",
    "json_parse_dedup_attributes": "off",
}
"""What they are when a session begins: pages "query_group" and "SHOW" (`unset`), "wlm_query_slot_count",
"enable_result_cache_for_session", "SUPER configurations". That SHOW says `on` and `off` is unverified."""


def own_settings(part: Sequence[Token]) -> Mapping[int, str]:
    """What SET, RESET, SHOW or a call of CURRENT_SETTING says to PostgreSQL, by the place of a token."""
    first = part[0]
    if first.upper in ("SET", "RESET", "SHOW"):  # SET [SESSION | LOCAL] name
        named = next((token for token in part[1:3] if token.value.lower() in DEFAULTS), None)
        if named is None:
            return {}
        name = named.value.lower()
        if first.upper == "SHOW":
            return {first.start: "SELECT", named.start: f"current_setting('rs.{name}') AS {name}"}
        return {named.start: f"rs.{name}"}
    calls = zip(part, part[2:], strict=False)
    return {
        argument.start: f"'rs.{argument.value.lower()}'"
        for function, argument in calls
        if function.upper == "CURRENT_SETTING" and argument.value.lower() in DEFAULTS
    }
