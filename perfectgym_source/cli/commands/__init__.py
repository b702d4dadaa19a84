"""The commands: a module for each, with the click command as `command`.

What takes long to import, such as dlt, is imported when a command has something to do.
"""
