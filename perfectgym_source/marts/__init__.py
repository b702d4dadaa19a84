"""The marts: tables for analysts, which dbt builds from the loaded ones."""
