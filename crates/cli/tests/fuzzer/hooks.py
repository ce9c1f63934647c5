"""What schemathesis is told about the server of rest_survives_a_fuzzer.rs: the ids of things that are there, and what must not
be asked for, since the server does what it is told: it runs uploads, and writes to and deletes directories.
"""

import json
import os

import schemathesis

with open(os.environ["MILLSTREAM_FUZZED"], encoding="utf-8") as file:
    FACTS = json.load(file)

DIRECTORIES = {"target-directory", "targetDirectory", "savepoint-path", "savepointPath"}


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Lets parameters of paths take the ids of things that are there, for example
    `{"get": {"jobid": ["…"]}, "other": {"jobid": ["…"]}, "paths": {}, "bodies": {"/jars/{jarid}/run": {…}}, "hidden": "404"}`.

    Methods other than `get` have things of their own, so that what is asked about is not gone; some `paths` have more special ones.
    `hidden` is a status that the document is made to be silent about.
    """
    for path, item in raw_schema["paths"].items():
        for method, operation in item.items():
            known = FACTS["paths"].get(path) or FACTS["get" if method == "get" else "other"]
            for parameter in operation.get("parameters", []):
                values = known.get(parameter["name"])
                if parameter["in"] == "path" and values:
                    kind = "integer" if all(isinstance(value, int) for value in values) else "string"
                    parameter["schema"] = {"type": kind, "enum": values}
            operation["responses"].pop(FACTS["hidden"], None)
            if method == "post" and path in FACTS["bodies"]:
                content = operation["requestBody"]["content"]["application/json"]
                content["example"] = FACTS["bodies"][path]


@schemathesis.hook
def before_call(context, case, kwargs):
    """Keeps the server within the directory of the test, and from running what is uploaded."""
    for container in (case.body, case.query):
        if not isinstance(container, dict):
            continue
        for name in DIRECTORIES & container.keys():
            if isinstance(container[name], str) and container[name] not in FACTS["directories"]:
                harmless = container[name].replace("/", "_").replace("..", "_")
                container[name] = os.path.join(FACTS["directory"], harmless)
        if "jarfile" in container:
            content = container["jarfile"]
            content = content if isinstance(content, bytes) else str(content).encode()
            container["jarfile"] = b"#!/bin/false\n" + content
