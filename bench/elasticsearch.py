"""Data, index and the bare loader of bench/elasticsearch."""

import http.client
import json
import os
import random
import sys
import threading

BULK = 1000
CONNECTIONS = 2


def prepare(work, count):
    """Writes rows as CSV, and the bodies of bulks with the same documents."""
    chance = random.Random(42)
    os.makedirs(f"{work}/in")
    os.makedirs(f"{work}/bodies")
    words = ["".join(chance.choices("abcdefghij", k=9)) for _ in range(1000)]
    with open(f"{work}/in/a.csv", "w") as rows:
        rows.write("id,number,text\n")
        body = []
        for number in range(count):
            text = " ".join(chance.choices(words, k=24))
            value = chance.random()
            rows.write(f"{number},{value!r},{text}\n")
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


match sys.argv[1:]:
    case ["prepare", work, number]:
        prepare(work, int(number))
    case ["index", server]:
        index(server)
    case ["load", work, server]:
        load(work, server)
    case ["count", server, expected]:
        count(server, int(expected))
    case _:
        sys.exit(__doc__)
