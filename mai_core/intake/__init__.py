"""The way of an event, file by file:

routers/intake_door.py   who sends, how large; answers only after the commit
sources/<name>.py        reads a format: observations, refusals, what is rightly no event
group_commit.py          requests that wait at the same moment share a transaction
desk.py                  routes (routing.py), books, or puts in quarantine (redaction.py)
booking.py               merges with what other ways in told, rates, writes event and day
"""
