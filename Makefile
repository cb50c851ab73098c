# The two that matter: make run, make test. Each installs what it needs and does not find.
.DEFAULT_GOAL := help
.PHONY: help run test smoke chaos setup generate check-generated format lint k8s bench-rpc bench-codec image clean

swift_sources := Package.swift Sources Tests

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Chat: a route, two servers and a bot in one process, and you in it (ARGS="--name ann")
	@.ci/setup run </dev/null
	@.ci/build --product cim
	@exec .build/debug/cim demo $(ARGS)

test: setup ## Run every test (ARGS="--filter RedisTests" runs some)
	@.ci/test $(ARGS)

smoke: setup ## A short chaos run of the release build: what the optimizer makes of it must keep the promises too
	@.ci/build --configuration release --product cim
	@.ci/build --configuration release --product cim-chaos
	@exec .build/release/cim-chaos run --short --faults 6 --span 18 --messages 2000 --rate 100 --hosts 5 --clients 2 --servers 2

chaos: setup ## Break a whole system under load, and prove that nothing was lost (SEED=n repeats a run, ARGS="--help" says more)
	@.ci/build --product cim-chaos
	@exec .build/debug/cim-chaos run $(if $(SEED),--seed $(SEED)) $(ARGS)

setup: ## Install what is missing for all of these
	@.ci/setup </dev/null

generate: setup ## Write Generated/ from Protos/
	@swift package --allow-writing-to-package-directory generate-rpc

check-generated: setup ## Fail when Generated/ is stale
	@.ci/check-generated

format: ## Format the Swift sources
	@swift format --in-place --parallel --recursive $(swift_sources)

lint: setup ## Check the format of the Swift sources, and the contract
	@swift format lint --strict --parallel --recursive $(swift_sources)
	@.venv/bin/buf lint

k8s: setup ## Render the Kubernetes manifests and hold them to the schemas
	@.venv/bin/python Tests/Python/manifests.py validate k8s/base k8s/overlays/*

bench-rpc: setup ## Measure what calls and connections cost, and peers beside (ARGS="--help" says what there is)
	@Tests/Benchmarks/rpc $(ARGS)

bench-codec: setup ## Measure encoding and decoding of messages
	@.ci/build --configuration release --product ngrpc-bench-codec
	@$$(swift build --configuration release --show-bin-path)/ngrpc-bench-codec

image: ## Build the container image, cim:latest (takes docker)
	@docker build --tag cim .

clean: ## Remove what was built, and the Python environment
	@rm -rf .build .venv
