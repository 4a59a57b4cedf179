# Everything a person or a machine does with this repository. `make` lists it.

GO        ?= go
TESTFLAGS ?=

# Developer tools are pinned in modules of their own, so that what they need
# does not decide what the product links.
tools         := bin/tools
gofumpt       := $(tools)/gofumpt
golangci      := $(tools)/golangci-lint
oapi_codegen  := $(tools)/oapi-codegen
workflowcheck := $(tools)/workflowcheck

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-15s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\nSettings, from the environment:\n'
	@awk '/^#:/ { sub(/^#:/, ""); print }' $(MAKEFILE_LIST)

#:  EPHEMERAL=1               run: keep everything in memory (else under ./.tocsin)
#:  TOCSIN_API_PORT           run: the API, 8080
#:  TOCSIN_SANDBOX_PORT       run: the sandbox, 8090
#:  TOCSIN_SMTP_PORT          run: the sandbox's mail, 8025
#:  TOCSIN_TEMPORAL_PORT      run: Temporal, 7233
#:  TOCSIN_TEMPORAL_UI_PORT   run: Temporal's pages, 8233
#:  TESTFLAGS                 test: more flags for go test, such as -run or -race
#:  TOCSIN_TEST_POSTGRES      test: a PostgreSQL server to use, as a connection string
#:  TOCSIN_TEST_POSTGRES_BIN  test: the directory of initdb and postgres
#:  TOCSIN_TEST_REQUIRE=all   test: fail, rather than go on, when something is missing

.PHONY: build
build: ## build the programs into bin/
	$(GO) build -o bin/ ./cmd/tocsin ./cmd/tocsin-dev

.PHONY: run
run: bin/tocsin-dev ## start everything on this machine, in one process
	@exec bin/tocsin-dev

.PHONY: demo
demo: bin/tocsin-dev ## play one incident from alert to closure, narrated
	@exec bin/tocsin-dev demo

.PHONY: bench
bench: bin/tocsin-dev ## measure the way from an alert to its page, storms, and the steps of runbooks, 500 runs at once
	@exec bin/tocsin-dev bench

# The stories mostly wait, so they go beside all the rest; what both need is
# compiled once before.
.PHONY: test
test: bin/with-postgres ## run every test, on SQLite and on PostgreSQL
	@$(GO) list -export -deps -test ./... > /dev/null
	bin/with-postgres -- $(MAKE) --no-print-directory -j2 test-stories test-packages

stories := ./test/kill ./test/story

.PHONY: test-stories
test-stories:
	$(GO) test -p 1 -timeout 30m $(TESTFLAGS) $(stories)
	@$(MAKE) --no-print-directory test-kubernetes test-examples

.PHONY: test-packages
test-packages:
	$(GO) test -p 1 -timeout 30m $(TESTFLAGS) $$($(GO) list ./... | grep -vxE "$$($(GO) list $(stories) | paste -sd '|')")

# A module of its own: what the real controllers need is not the product's.
.PHONY: test-kubernetes
test-kubernetes: ## run the tests against the real controllers of Kubernetes, as make test does
	$(GO) -C test/kubernetes test -timeout 10m $(TESTFLAGS) ./...

# A module of its own, as every other repository with runbooks is.
.PHONY: test-examples
test-examples: ## build and test the runbooks of docs/examples, as make test does
	$(GO) -C docs/examples/own-runbooks build -o /dev/null .
	$(GO) -C docs/examples/own-runbooks test -timeout 10m $(TESTFLAGS) ./...

# The tests run the real Unleash, which is no part of Tocsin, where this has
# installed it. Nothing that it brings is run at that, and Node comes with it.
.PHONY: unleash
unleash: ## install the Unleash that tests speak to into bin/unleash (needs npm)
	@mkdir -p bin/unleash
	@cp integrations/unleash/unleashtest/server/package.json integrations/unleash/unleashtest/server/package-lock.json bin/unleash/
	cd bin/unleash && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error

# Building a whole kube-apiserver costs minutes, once: CI does it, make test does not.
.PHONY: test-apiserver
test-apiserver: ## run the tests against a real API server of Kubernetes, which is no part of make test
	$(GO) -C test/kubernetes test -timeout 20m -tags apiserver $(TESTFLAGS) ./apiserver

.PHONY: check
check: check-format check-tidy check-generated check-imports check-workflows check-vet check-lint ## hold the code to its rules

.PHONY: check-format
check-format: $(gofumpt)
	@echo gofumpt
	@unformatted=$$($(gofumpt) -l .) && test -z "$$unformatted" || \
		{ echo "run $(gofumpt) -w on:"; echo "$$unformatted"; exit 1; }

.PHONY: check-tidy
check-tidy:
	$(GO) mod tidy -diff
	$(GO) -C test/kubernetes mod tidy -diff
	$(GO) -C docs/examples/own-runbooks mod tidy -diff

# What is generated is compared with what was there, and left new.
.PHONY: check-generated
check-generated: $(oapi_codegen)
	@echo go generate ./...
	@sums() { grep -rl --include='*.go' '^// Code generated .* DO NOT EDIT\.$$' . | sort | xargs cksum; }; \
	before=$$(sums); $(GO) generate ./... && test "$$before" = "$$(sums)" || \
		{ echo "generated files were not up to date: commit what has changed"; exit 1; }

.PHONY: check-imports
check-imports:
	$(GO) test ./test/imports

.PHONY: check-workflows
check-workflows: $(workflowcheck)
	$(workflowcheck) -test=false -config tools/workflowcheck/config.yaml ./workflows/... ./runbook/... ./runbooks/...
	cd docs/examples/own-runbooks && ../../../$(workflowcheck) -test=false -config ../../../tools/workflowcheck/config.yaml ./...

.PHONY: check-vet
check-vet:
	$(GO) vet ./...
	$(GO) -C test/kubernetes vet ./...
	$(GO) -C docs/examples/own-runbooks vet ./...

.PHONY: check-lint
check-lint: $(golangci)
	$(golangci) run ./...

.PHONY: generate
generate: $(oapi_codegen) ## write the generated files anew
	$(GO) generate ./...

.PHONY: histories
histories: bin/tocsin-dev ## record the histories and states that the replay tests read
	@bin/tocsin-dev histories
	@TOCSIN_RECORD_HISTORIES=demo $(GO) -C test/kubernetes test -count=1 -run TestABadRolloutIsSuspected .
	@TOCSIN_RECORD_STATES=demo $(GO) test -count=1 -run TestStatesOfEarlierReleasesGoOn ./workflows

# Go knows better than make what has changed.
.PHONY: bin/tocsin-dev
bin/tocsin-dev:
	@$(GO) build -o $@ ./cmd/tocsin-dev

.PHONY: bin/with-postgres
bin/with-postgres:
	@$(GO) build -o $@ ./store/storetest/postgres/run

$(gofumpt): tools/gofumpt/go.mod
	$(GO) -C tools/gofumpt build -o ../../$@ mvdan.cc/gofumpt

$(golangci): tools/golangci-lint/go.mod
	$(GO) -C tools/golangci-lint build -o ../../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

$(oapi_codegen): tools/oapi-codegen/go.mod
	$(GO) -C tools/oapi-codegen build -o ../../$@ github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen

$(workflowcheck): tools/workflowcheck/go.mod
	$(GO) -C tools/workflowcheck build -o ../../$@ go.temporal.io/sdk/contrib/tools/workflowcheck
