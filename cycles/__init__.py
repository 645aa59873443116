"""The record: what is true, what is due and what follows, with time only ever given as an argument."""
