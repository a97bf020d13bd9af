"""Raw events beside the ledger, in InfluxDB: sent through the outbox, compared from both sides, never trusted to
lower a number. Writes go to `/api/v2/write` (`/write` where an old server has nothing else), reads are InfluxQL on
`/query`, which 1.8, 2.x, 3.x and Cloud all speak; before 2.4 that needs a DBRP mapping of the bucket's name.
"""
