"""The way of an event: parse, route, rate, book. `booking.book` is where it enters the ledger."""
