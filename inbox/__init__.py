"""Slack's answers become transactions in the record: one `dispatch` behind HTTP and Socket Mode."""
