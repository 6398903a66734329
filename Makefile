# Every target sets up what it needs first. `make` alone prints them.
.DEFAULT_GOAL := targets
.PHONY: targets setup demo serve test check bench corpus fidelity fix gen docs
BIN := .venv/bin

targets:
	@sed -n 's/^\([a-z]*\):  # /make \1\t/p' Makefile | expand -t 14

setup:  # make .venv with the command .venv/bin/manciple
	@scripts/setup
	@echo "$(BIN)/manciple is ready."

# a product published, planned, executed, updated, in a server of its own; TARGET=terraform, cloudformation or
# postgresql deploys it onto something real, which AT names (an address, a program) or which is found here
demo:  # publish a product, plan it, execute it, update it; TARGET=terraform|cloudformation|postgresql
	@scripts/setup $(if $(filter cloudformation postgresql,$(TARGET)),test)
	@$(if $(filter postgresql,$(TARGET)),$(if $(AT)$(POSTGRESQL_ADMIN_URL),,$(BIN)/python -m tests.postgres)) $(BIN)/manciple demo $(TARGET) $(if $(AT),--at $(AT))

serve:  # start the server on http://127.0.0.1:4566
	@scripts/setup
	@$(BIN)/manciple serve

test:  # run the test suite; ARGS="-k plan" chooses
	@scripts/setup test
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile $(ARGS)

check:  # format, lint, types, layers, quick tests
	@scripts/setup test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy src tests scripts
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest tests/house tests/unit

bench:  # print benchmarks as JSON lines
	@scripts/setup test
	@$(BIN)/python -m bench

# score change sets, outputs and errors against recordings of AWS, where they are at hand
fidelity:
	@scripts/setup test
	@$(BIN)/python -m scripts.fidelity

fix:  # format and mend what can be mended
	@scripts/setup test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# launch, update and terminate published templates, where they are at hand
corpus:
	@scripts/setup test
	@$(BIN)/python -m scripts.corpus

gen:  # write the generated files anew: shapes, resource schemas
	@scripts/setup test gen
	$(BIN)/python scripts/gen_shapes.py
	$(BIN)/python scripts/gen_resource_schemas.py

docs:  # write docs/reference anew
	@scripts/setup test
	$(BIN)/python scripts/gen_docs.py
	$(BIN)/python -m scripts.gen_coverage
