"""The configuration: tables of settings, and what reads and checks dlt's configuration by them."""
