# The commands of the house. `make` lists them.

# One cache for builds, outside of the checkout; the environment may name another.
CARGO_TARGET_DIR ?= $(HOME)/.cache/millstream/target
export CARGO_TARGET_DIR
# rustup's programs, also where a shell has not been told of them.
export PATH := $(PATH):$(or $(CARGO_HOME),$(HOME)/.cargo)/bin

.DEFAULT_GOAL := help
.PHONY: help setup build dist demo test fmt lint bench deny chaos chaos-kafka chaos-elasticsearch chaos-hadoop fuzz-columns simulate

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | awk -F '\t' '{printf "make %-11s %s\n", $$1, $$2}'

setup: ## install what a build needs (Debian), check the compiler
	@scripts/setup

build: setup ## build the workspace: the command, the examples, the programs of chaos, demo and bench
	cargo build --release --workspace

dist: setup ## pack the command: a tar.gz with Flink's layout, a .deb, a wheel
	@scripts/setup dist
	cargo build --release --locked --workspace --bin millstream
	@scripts/dist

demo: setup ## 200 MB through the ingestion job: suspended, killed, resumed, every record counted
	@scripts/demo

test: setup ## formatting, all tests, lints; the last line counts the tests
	@scripts/test

RUNS ?= 1000000
FIRST ?= 0
simulate: setup ## RUNS=1000000 interleavings of the life cycle from the seed FIRST=0: the protocol's promises at every step
	MILLSTREAM_RUNS=$(RUNS) MILLSTREAM_FIRST=$(FIRST) cargo test --release -p millstream-protocol --test simulation \
		every_promise -- --nocapture

SEED ?= $(shell date +%s)
FAULTS ?= 1000
chaos: build ## FAULTS=1000 faults from a SEED against real processes: every record once, whatever dies
	$(CARGO_TARGET_DIR)/release/chaos --seed $(SEED) --faults $(FAULTS)

KILLS ?= 100
AWAY ?= 300
chaos-kafka: setup ## KILLS=100 kills at random moments in each of the tests from and to a broker, at each step, and AWAY=300 s without one, from a SEED
	@scripts/setup test
	MILLSTREAM_SEED=$(SEED) MILLSTREAM_KILLS=$(KILLS) MILLSTREAM_AWAY=$(AWAY) \
		cargo test --release --workspace --test kafka -- --test-threads=1 --nocapture \
		kafka_is_read_exactly_once_under_sigkill kafka_is_written_exactly_once_under_sigkill \
		kafka_is_written_exactly_once_with_less_proof_under_sigkill \
		kafka_duplicates_are_left_out_exactly_once_under_sigkill dead_letters_in_a_topic_are_there_once_under_sigkill \
		kafka_of_several_brokers_is_written_exactly_once_as_each_dies kafka_output_is_exactly_once_at_every \
		a_job_that_wakes_behind_its_successor_writes_nothing_to_kafka a_hijacked_transactional_id_loses_no_record \
		a_broker_that_is_away_for_minutes_costs_no_record

# A tenth of what starts for seconds, or waits for tickets to end.
chaos-hadoop: setup ## KILLS=100 kills at random moments in each of the tests from HDFS and Hive, and a tenth in those of NameNodes, HiveServer2 and KDCs, from a SEED
	@scripts/setup test
	export MILLSTREAM_SEED=$(SEED); \
		tests="cargo test --release --workspace --test hadoop -- --test-threads=1 --nocapture"; \
		MILLSTREAM_KILLS=$(KILLS) $$tests \
		files_of_hdfs_are_read_and_written_once the_job_is_killed every_row_comes_once_whoever_dies && \
		MILLSTREAM_KILLS=$$((($(KILLS) + 9) / 10)) $$tests \
		jobs_go_on_with_the_namenode the_server_is_killed jobs_on_hdfs_outlive jobs_on_hive_outlive a_job_runs_for_longer

# Only the first plays kills; storms of refusals need none.
chaos-elasticsearch: setup ## KILLS=100 kills at random moments of jobs that write to Elasticsearch and OpenSearch, and storms of refusals, from a SEED
	@scripts/setup test
	MILLSTREAM_SEED=$(SEED) MILLSTREAM_KILLS=$(KILLS) \
		cargo test --release --workspace --test elasticsearch -- --test-threads=1 --nocapture \
		documents_are_there_once_under_sigkill storms_of_refusals_lose_no_document

MUTANTS ?= 1000
fuzz-columns: setup ## MUTANTS=1000 damaged Parquet and ORC files from a SEED among sound ones, in bounded memory and time
	MILLSTREAM_SEED=$(SEED) MILLSTREAM_MUTANTS=$(MUTANTS) cargo test --release --workspace \
		--test files -- --nocapture damaged_columns_harm_nobody

fmt: ## format the sources
	cargo fmt --all

lint: setup ## formatting and lints alone
	@scripts/setup lint
	cargo fmt --all --check
	cargo clippy --release --workspace --all-targets -- -D warnings

bench: setup ## measure, and write those sections of bench/RESULTS.md anew; fails where a bar is missed
	@bench/run

deny: setup ## licences, advisories and duplicates of the dependencies (installs cargo-deny)
	@scripts/deny
