"""Results of commands as text for people and as data for JSON.

A module for each command has `as_text`, and `as_data` with the keys of its JSON object. Tables are
printed by `table`, JSON by `json_output`.
"""
