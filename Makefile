# Two commands do all the set-up on a fresh machine: make run, make test.

PYTHON ?= python3
PORT ?= 4040
DATA ?= ecochat.sqlite
OPTIONS ?=
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test crash bench man schema picture clean

run: $(VENV)/run
	@echo "EcoChat is starting. It will listen on 127.0.0.1, port $(PORT), and keep"
	@echo "everything in $(DATA). Ctrl-C stops it. To talk to it, in another shell:"
	@echo
	@echo "    $(BIN)/ecochat localhost:$(PORT)"
	@echo
	@echo "or, with what is there already:"
	@echo
	@printf '%s\n' "    stdbuf -o0 tr '\\n' '\\0' | nc 127.0.0.1 $(PORT) | stdbuf -o0 tr '\\0' '\\n'"
	@echo
	@$(BIN)/twistd --nodaemon --pidfile= ecochat --listen $(PORT) --data $(DATA) $(OPTIONS)

test: $(VENV)/test
	@sh tests/needs.sh
	@$(BIN)/python -m tests.check

crash: $(VENV)/test
	@$(BIN)/python -m tests.crash $(OPTIONS)

bench: $(VENV)/test
	@$(BIN)/python -m benchmarks

bench-%: $(VENV)/test
	@$(BIN)/python -m benchmarks $*

man: $(VENV)/run
	$(BIN)/python -m ecochat.manual > docs/ecochat.1

schema: $(VENV)/run
	$(BIN)/python -m ecochat.schema > docs/protocol.schema.json

picture: $(VENV)/test
	$(BIN)/python docs/picture.py

$(VENV)/run: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable .
	touch $@

$(VENV)/test: pyproject.toml $(VENV)/run
	$(BIN)/pip install --quiet --editable '.[test]'
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .coverage* .hypothesis \
		.mypy_cache .ruff_cache twisted/plugins/dropin.cache
