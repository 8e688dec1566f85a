"""The words that titles, bands and people are made of; all invented here, or plain geography."""

ADJECTIVES = (
    "amber", "bitter", "blue", "borrowed", "bright", "broken", "careless", "cold", "crooked", "distant",
    "electric", "empty", "faithful", "fearless", "final", "foreign", "forgotten", "fragile", "frozen",
    "gentle", "golden", "gray", "hidden", "hollow", "holy", "honest", "hungry", "infinite", "last", "lazy",
    "little", "lonely", "lost", "loud", "lucky", "midnight", "naked", "northern", "old", "pale", "paper",
    "patient", "perfect", "plastic", "quiet", "reckless", "restless", "rusty", "sacred", "scarlet", "secret",
    "silent", "silver", "simple", "slow", "southern", "stolen", "strange", "sudden", "tender", "tiny",
    "velvet", "violet", "wild", "winter", "wooden", "young", "über",
)  # fmt: skip
NOUNS = (
    "airport", "anchor", "answer", "avenue", "balcony", "battery", "bicycle", "border", "bridge", "café",
    "candle", "canyon", "carousel", "cathedral", "circus", "city", "comet", "compass", "corner", "crown",
    "curtain", "dancer", "desert", "diamond", "dream", "engine", "evening", "feather", "fever", "fire",
    "forest", "fountain", "garden", "ghost", "glacier", "harbor", "heart", "highway", "horizon", "hotel",
    "island", "jardín", "kingdom", "ladder", "lantern", "letter", "lighthouse", "machine", "mañana",
    "map", "market", "memory", "mirror", "mountain", "museum", "night", "ocean", "orchard", "parade",
    "planet", "postcard", "promise", "radio", "railway", "rain", "river", "rooftop", "satellite", "season",
    "shadow", "signal", "skyline", "smoke", "snow", "sparrow", "staircase", "station", "stone", "storm",
    "stranger", "summer", "telephone", "theater", "thunder", "tide", "tower", "train", "valley", "voyage",
    "wave", "weather", "window", "wolf", "wonder",
)  # fmt: skip
VERBS = (
    "believe in", "break", "call", "carry", "chase", "count", "dance with", "draw", "drive past", "fall for",
    "find", "follow", "forget", "hold", "leave", "lose", "meet me at", "open", "paint", "remember",
    "run from", "sing to", "sleep near", "steal", "swim to", "turn", "wait for", "wake", "walk to", "write",
)  # fmt: skip
ENDINGS = (
    "(Live)", "(Album Version)", "(Acoustic)", "(Remix)", "(2004 Digital Remaster)", "(Radio Edit)", "Pt. II",
)  # fmt: skip
PEOPLE = (
    "Boys", "Brothers", "Club", "Collective", "Ensemble", "Girls", "Machine", "Orchestra", "Parade",
    "Project", "Quartet", "Sisters", "Society", "Sound System", "Trio", "Union",
)  # fmt: skip
WOMEN = (
    "Adela", "Beatriz", "Carmen", "Daria", "Edith", "Farah", "Greta", "Hana", "Ines", "Joana", "Kaia", "Lena",
    "Mireille", "Nadia", "Odette", "Priya", "Renée", "Sanna", "Tamsin", "Uma", "Vera", "Wanda", "Yara", "Zoë",
)  # fmt: skip
MEN = (
    "Anders", "Boris", "Cyrus", "Dmitri", "Emeka", "Felix", "Gustav", "Hugo", "Idris", "José", "Karim",
    "Lorenz", "Mateo", "Nils", "Omar", "Pavel", "Quentin", "Rafael", "Søren", "Tobias", "Ulrich", "Viktor",
)  # fmt: skip
SURNAMES = (
    "Abbot", "Aldana", "Bergström", "Birch", "Calloway", "Castaño", "Delacroix", "Dunmore", "Eriksen",
    "Fairley", "Falk", "Gallego", "Grunwald", "Hale", "Haddad", "Ibarra", "Ivanov", "Jansen", "Kowal",
    "Lindqvist", "Lockhart", "Maddox", "Moreau", "Nakagawa", "Novak", "O'Hara", "Okafor", "Pereira", "Pruitt",
    "Quigley", "Rao", "Rasmussen", "Sandoval", "Sørensen", "Tanaka", "Thorne", "Underhill", "Varga",
    "Whitlock", "Yilmaz", "Zamora", "Zeller",
)  # fmt: skip
PLACES = (
    "New York-Newark-Jersey City, NY-NJ-PA", "San Francisco-Oakland-Hayward, CA",
    "Los Angeles-Long Beach-Anaheim, CA", "Chicago-Naperville-Elgin, IL-IN-WI",
    "Atlanta-Sandy Springs-Roswell, GA", "Houston-The Woodlands-Sugar Land, TX",
    "Portland-South Portland, ME", "Lansing-East Lansing, MI", "Tampa-St. Petersburg-Clearwater, FL",
    "Waterloo-Cedar Falls, IA", "Boston-Cambridge-Newton, MA-NH", "Dallas-Fort Worth-Arlington, TX",
    "Washington-Arlington-Alexandria, DC-VA-MD-WV", "Seattle-Tacoma-Bellevue, WA",
    "Minneapolis-St. Paul-Bloomington, MN-WI", "Philadelphia-Camden-Wilmington, PA-NJ-DE-MD",
    "Phoenix-Mesa-Scottsdale, AZ", "Denver-Aurora-Lakewood, CO", "Nashville-Davidson--Murfreesboro, TN",
    "St. Louis, MO-IL", "Salt Lake City, UT", "New Orleans-Metairie, LA", "Detroit-Warren-Dearborn, MI",
    "Raleigh, NC", "Eugene, OR", "Santa Fe, NM", "Honolulu, HI", "Anchorage, AK", "Burlington, VT",
    "Fargo, ND-MN", "Omaha-Council Bluffs, NE-IA", "Boise City, ID", "Tulsa, OK", "Missoula, MT",
    "Charleston-North Charleston, SC", "Red Bluff, CA", "Key West, FL", "Yuma, AZ",
)  # fmt: skip
HOMES = (
    "", "London, England", "Berlin, Germany", "Reykjavík, Iceland", "São Paulo, Brazil", "Lagos", "Tōkyō",
    "Brooklyn, NY", "Austin, TX", "Detroit, MI", "Québec", "Glasgow, Scotland", "Los Angeles, CA",
)  # fmt: skip

_KIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
AGENTS = (
    f'"Mozilla/5.0 (Windows NT 6.1; WOW64) {_KIT} Chrome/36.0.1985.143 Safari/537.36"',
    f'"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_4) {_KIT} Chrome/36.0.1985.125 Safari/537.36"',
    "Mozilla/5.0 (Windows NT 6.1; WOW64; rv:31.0) Gecko/20100101 Firefox/31.0",
    f'"Mozilla/5.0 (Windows NT 6.3; WOW64) {_KIT} Chrome/36.0.1985.143 Safari/537.36"',
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.9; rv:31.0) Gecko/20100101 Firefox/31.0",
    f'"Mozilla/5.0 (X11; Linux x86_64) {_KIT} Chrome/36.0.1985.143 Safari/537.36"',
    '"Mozilla/5.0 (iPhone; CPU iPhone OS 7_1_2 like Mac OS X) AppleWebKit/537.51.2 (KHTML, like Gecko) '
    'Version/7.0 Mobile/11D257 Safari/9537.53"',
    '"Mozilla/5.0 (iPad; CPU OS 7_1_2 like Mac OS X) AppleWebKit/537.51.2 (KHTML, like Gecko) '
    'Version/7.0 Mobile/11D257 Safari/9537.53"',
    '"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_4) AppleWebKit/537.77.4 (KHTML, like Gecko) '
    'Version/7.0.5 Safari/537.77.4"',
    "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; WOW64; Trident/5.0)",
    "Mozilla/5.0 (X11; Ubuntu; Linux i686; rv:31.0) Gecko/20100101 Firefox/31.0",
)


def plural(noun: str) -> str:
    """More than one of it.

    >>> [plural(noun) for noun in ("island", "city", "valley", "compass", "wolf")]
    ['islands', 'cities', 'valleys', 'compasses', 'wolves']
    """
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    if noun.endswith("lf"):
        return f"{noun[:-1]}ves"
    return f"{noun}{'es' if noun.endswith('s') else 's'}"
