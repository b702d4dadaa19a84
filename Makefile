# What a developer calls. `make check` is what a change has to pass.
PYTHON = .venv/bin/python
FAST = tests/api tests/catalog tests/cli tests/config tests/sandbox tests/test_each.py \
       tests/test_text.py tests/transform/test_time_zones.py

.PHONY: check quick lowest newest lint audit package demo docs

check:
	.ci/run

quick: lint
	$(PYTHON) -m pytest -n 3 $(FAST)

# These and tests that load, with the lowest and with the newest versions that pyproject.toml allows;
# with another Python: `make lowest PYTHON=python3.10`.
lowest newest:
	.ci/versions $@ $(PYTHON) -n 3 $(FAST) tests/extract \
	  tests/destination/test_publish.py tests/destination/test_written_files.py \
	  tests/pipeline/test_runs.py tests/test_resources.py

lint:
	.ci/lint

audit:
	.ci/audit

package:
	.ci/package

demo:
	.venv/bin/perfectgym demo

# Write the parts of the documentation that are made from the code into its pages.
docs:
	$(PYTHON) docs/generate.py
	$(PYTHON) docs/generate_models.py
