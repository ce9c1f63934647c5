"""Data, index and the bare loader of bench/elasticsearch."""

import http.client
import json
import os
import pathlib
import random
import sys
import threading

BULK = 1000
CONNECTIONS = 2


def prepare(work, count):
    """Writes rows as CSV, and the bodies of bulks with the same documents."""
    chance = random.Random(42)
    os.makedirs(f"{work}/csv")
    os.makedirs(f"{work}/bodies")
    words = ["".join(chance.choices("abcdefghij", k=9)) for _ in range(1000)]
    with open(f"{work}/csv/a.csv", "w") as lines:
        lines.write("id,number,text\n")
        body = []
        for number in range(count):
            text = " ".join(chance.choices(words, k=24))
            value = chance.random()
            lines.write(f"{number},{value!r},{text}\n")
            action = {"index": {"_index": "bench", "_id": str(number)}}
            document = {"id": number, "number": value, "text": text}
            body += [json.dumps(action), json.dumps(document)]
            if len(body) == 2 * BULK or number + 1 == count:
                with open(f"{work}/bodies/{number:09}", "w") as file:
                    file.write("\n".join(body) + "\n")
                body = []


def ask(server, method, path, body, content="application/json"):
    connection = http.client.HTTPConnection(server, timeout=120)
    connection.request(method, path, body, {"content-type": content})
    return json.loads(connection.getresponse().read())


def index(server):
    ask(server, "DELETE", "/bench", None)
    mapping = {"id": {"type": "long"}, "number": {"type": "double"}, "text": {"type": "keyword", "index": False, "doc_values": False}}
    settings = {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1"}
    ask(server, "PUT", "/bench", json.dumps({"settings": settings, "mappings": {"properties": mapping}}))


def load(work, server):
    names = sorted(os.listdir(f"{work}/bodies"))

    def send(mine):
        connection = http.client.HTTPConnection(server, timeout=120)
        for name in mine:
            with open(f"{work}/bodies/{name}", "rb") as file:
                connection.request("POST", "/_bulk?filter_path=errors", file.read(), {"content-type": "application/x-ndjson"})
            if json.loads(connection.getresponse().read())["errors"]:
                os._exit(1)

    threads = [threading.Thread(target=send, args=(names[n::CONNECTIONS],)) for n in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def count(server, expected):
    ask(server, "POST", "/bench/_refresh", "{}")
    found = ask(server, "GET", "/bench/_count", None)["count"]
    if found != expected:
        sys.exit(f"{found} documents, not {expected}")


def judge(documents, theirs, ours):
    """Prints the table of seconds, megabytes and CPU seconds of runs in turn, and ends with 1 where a bar is missed."""
    # Not for the loader, which is measured with all that it brings along.
    import rows

    read = lambda path: [tuple(map(float, line.split())) for line in pathlib.Path(path).read_text().splitlines()]
    sides = {"prepared bodies": read(theirs), "Millstream": read(ours)}
    print("| | runs | wall s | A/A | documents/s | peak MB | CPU s for 10,000 documents |\n|---|---|---|---|---|---|---|")
    speeds, used = {}, {}
    for name, runs in sides.items():
        walls, peaks, cpus = zip(*runs)
        speeds[name] = documents / rows.statistics.median(walls)
        # A core for so many documents a second is a second of it for so many documents.
        costs = [cpu * 10_000 / documents for cpu in cpus]
        used[name] = rows.statistics.median(costs)
        again = rows.spread(rows.again(walls), 3) if len(walls) > 1 else "one run"
        print(f"| {name} | {len(runs)} | {rows.spread(walls)} | {again} | {speeds[name]:,.0f} | {rows.spread(peaks, 0)} | {rows.spread(costs, 3)} |")
    ratio = speeds["Millstream"] / speeds["prepared bodies"]
    print(f"\nMillstream writes {ratio:.3f} of the documents a second that the loader does, with {used['Millstream']:.3f} core for each 10,000 a second.")
    missed = [f"{ratio:.3f} of the loader's documents a second, the bar is 0.95"] * (ratio < 0.95)
    missed += [f"{used['Millstream']:.3f} core for 10,000 documents a second, the bar is 0.1"] * (used["Millstream"] >= 0.1)
    if missed:
        sys.exit("\n".join(f"missed: {what}" for what in missed))


match sys.argv[1:]:
    case ["prepare", work, number]:
        prepare(work, int(number))
    case ["index", server]:
        index(server)
    case ["load", work, server]:
        load(work, server)
    case ["count", server, expected]:
        count(server, int(expected))
    case ["judge", documents, theirs, ours]:
        judge(int(documents), theirs, ours)
    case _:
        sys.exit(__doc__)
