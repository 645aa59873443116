"""A Slack on loopback: Slack's documented Web API and Socket Mode for one machine, with a page to act as anyone.

It stands alone: nothing here imports the rest of the repository. Start it with ``python -m localslack``
or, inside a program, with ``localslack.server.LocalSlack``.
"""
