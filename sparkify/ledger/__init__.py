"""The ledger: which files came in which runs, and what became of their records. Whoever needs them asks it.

runs      what each run did, and the lock that lets one write at a time
attempts  runs that were not published, and why
files     files and their parts, and which of them stand: neither undone nor replaced
keys      keys of the feed that are not as expected
rejects   records that could not be loaded
counts    what files and runs count, as records repeat one another, are retracted or restored
conflicts records with the key of another record, and other content
state     what the whole warehouse was made with: layout, rules, play pages, listeners to forget
digests, seal    what proves that nothing else has changed any table
"""
