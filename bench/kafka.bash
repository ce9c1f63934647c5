# What the benchmarks with Kafka have in common, sourced by them. Expects `binary`, the built millstream; beside it lie datagen and
# examples/kafka_broker, or both are built.
#
#   cargo build --release --workspace --bins --example kafka_broker
#
# Needs a JDK and Maven (scripts/setup test).
set -euo pipefail
shopt -s inherit_errexit
[ -z "${binary:-}" ] || binary=$(realpath "$binary")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$HOME/.cache/millstream/target}
cache=${MILLSTREAM_BENCH_CACHE:-$HOME/.cache/millstream/bench}
binary=${binary:-$CARGO_TARGET_DIR/release/millstream}
built=$(dirname "$binary")
if [ ! -x "$binary" ] || [ ! -x "$built/datagen" ] || [ ! -x "$built/examples/kafka_broker" ]; then
    cargo build --release --workspace --bins --example kafka_broker
    built=$CARGO_TARGET_DIR/release
fi
mkdir -p "$cache"
work=$(mktemp -d -p "$cache")
mkfifo "$work/life"
"$built/examples/kafka_broker" <"$work/life" >"$work/broker" 2>"$work/broker.log" &
exec 9>"$work/life"
trap 'exec 9>&-; wait; rm -rf "$work"' EXIT
until [ "$(wc -l <"$work/broker")" -ge 2 ]; do sleep 0.2; done
{ read -r brokers && read -r classes; } <"$work/broker"

tool() {
    local class=$1
    shift
    java -Xmx512m -cp "$classes" "org.apache.kafka.tools.$class" --bootstrap-server "$brokers" "$@" 2>>"$work/tools.log"
}

# topic NAME: makes it anew, with 4 partitions.
topic() {
    tool TopicCommand --delete --if-exists --topic "$1" >/dev/null
    until tool TopicCommand --create --topic "$1" --partitions 4 --replication-factor 1 >/dev/null; do sleep 0.2; done
}

# produced TOPIC RECORDS PAYLOADS [PROPERTY]...: fills it by Kafka's own performance test, at full speed; prints its line of results.
produced() {
    java -Xmx512m -cp "$classes" org.apache.kafka.tools.ProducerPerformance --topic "$1" --num-records "$2" --throughput -1 \
        --payload-file "$3" --producer-props "bootstrap.servers=$brokers" compression.type=lz4 acks=all linger.ms=5 \
        "${@:4}" | tail -n 1
}

# rate_of: the records/s in a line of results of Kafka's performance test.
rate_of() { sed -n 's/.* sent, \([0-9]*\)\.[0-9]* records.*/\1/p'; }

# counted TOPIC RECORDS: how many committed records it holds, of which that many are expected.
counted() {
    printf 'isolation.level=read_committed\n' >"$work/consumer"
    java -Xmx512m -cp "$classes" org.apache.kafka.tools.ConsumerPerformance --bootstrap-server "$brokers" --topic "$1" \
        --messages "$(($2 + 1))" --timeout 10000 --hide-header --consumer.config "$work/consumer" 2>>"$work/tools.log" |
        awk -F', ' 'NF > 4 {print $5}'
}

# payloads: the file of records of 1 KB of JSON that topics are filled with.
payloads() {
    [ -e "$work/payload" ] || python3 - "$work/payload" <<'PYTHON'
import json, random, sys
random.seed(42)
words = ["".join(random.choices("abcdefghijklmnopqrstuvwxyz", k=random.randint(3, 9))) for _ in range(5000)]
with open(sys.argv[1], "w") as out:
    for number in range(20000):
        record = {"id": number, "name": random.choice(words), "city": random.choice(words),
                  "amount": round(random.random() * 1000, 2), "note": ""}
        while len(json.dumps(record)) < 1000:
            record["note"] += random.choice(words) + " "
        out.write(json.dumps(record, separators=(",", ":")) + "\n")
PYTHON
    echo "$work/payload"
}

measure() {
    rm -rf "$work/data"
    python3 bench/measure.py "$work/log" "$@"
}

# copying ARGUMENT...: sets `job` to the words of the job that copies the topic `in` to `out` as it is.
copying() {
    job=("$binary" run --target local -D "millstream.data-dir=$work/data" -p 2 "$@"
        ingest --job.name bench --source.type kafka --source.kafka.brokers "$brokers" --source.kafka.topic in
        --auto.offset.reset earliest --group.id "bench-$RANDOM$RANDOM" --stream.sink.parallelism 2
        --sink.type kafka --sink.kafka.brokers "$brokers" --sink.kafka.topic out)
}
