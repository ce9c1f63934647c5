"""Measures the session server and its command line, and writes section 5 of bench/RESULTS.md.

Usage: lifecycle.py BIN WORK RESULTS   (BIN: the folder of the built programs; WORK: an empty folder)

Numbers are wall time of whole commands, from outside: what a person waits for.
"""

import http.client
import json
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time

FLINK = {
    "`list`": "1.1 to 1.4 s",
    "`list` where no server is": "61 s",
    "server ready from cold": "7.0 s",
    "memory of the idle server": "217 + 632 MB",
    "submit to RUNNING, command included": "2.4 s",
}


def milliseconds(seconds):
    return f"{seconds * 1e3:.1f} ms"


class Bench:
    def __init__(self, binaries, work):
        self.millstream = str(binaries / "millstream")
        self.wordcount = str(binaries / "wordcount")
        self.work = work
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self.rows = []
        (work / "empty").mkdir()

    def row(self, what, value, goal):
        print(f"{what}: {value} (goal {goal})", flush=True)
        self.rows.append(f"| {what} | {value} | {goal} | {FLINK.get(what, '')} |")

    def command(self, *arguments, check=True):
        done = subprocess.run([self.millstream, *arguments], capture_output=True, text=True)
        if check and done.returncode != 0:
            raise SystemExit(f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def timed(self, *arguments, check=True):
        began = time.monotonic()
        done = self.command(*arguments, check=check)
        return time.monotonic() - began, done

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def start(self):
        log = open(self.work / "server.log", "ab")
        began = time.monotonic()
        data = self.work / "data"
        server = subprocess.Popen(
            [self.millstream, "server", "-D", f"rest.port={self.port}", "-D", f"millstream.data-dir={data}",
             "-D", f"execution.checkpointing.savepoint-dir={self.work / 'savepoints'}"],
            stdout=log, stderr=log)
        while True:
            try:
                self.get("/overview")
                return server, time.monotonic() - began
            except (ConnectionError, OSError):
                if server.poll() is not None:
                    raise SystemExit((self.work / "server.log").read_text())
                time.sleep(0.001)

    def stop(self, server):
        server.send_signal(signal.SIGTERM)
        server.wait()

    def ingest(self, name, watch):
        return ["run", "-d", "-m", self.address, "ingest", "--job.name", name, "--source.type", "csv", "--source.path",
                str(self.work / "empty"), "--source.watch.type", watch, "--sink.type", "file", "--sink.path",
                str(self.work / "out" / name)]

    def submit(self, arguments):
        """Answers the job's id and the seconds from the start of the command until the job is RUNNING."""
        began = time.monotonic()
        said = self.command(*arguments).stdout
        job = said.strip().rsplit(" ", 1)[-1]
        while self.get(f"/jobs/{job}/status")["status"] not in ("RUNNING", "FINISHED"):
            time.sleep(0.001)
        return job, time.monotonic() - began

    def state(self, pid, field, file):
        for line in pathlib.Path(f"/proc/{pid}/{file}").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
        raise SystemExit(f"{file} has no {field}")


def commands(bench):
    away = [bench.timed("list", "-m", bench.address, check=False) for _ in range(5)]
    assert all(done.returncode == 1 for _, done in away)
    bench.row("`list` where no server is", milliseconds(statistics.median(s for s, _ in away)), "1 s")
    cold = []
    for _ in range(5):
        server, seconds = bench.start()
        cold.append(seconds)
        bench.stop(server)
    bench.row("server ready from cold", milliseconds(statistics.median(cold)), "200 ms")
    server, _ = bench.start()
    time.sleep(1)
    bench.row("memory of the idle server", f"{bench.state(server.pid, 'VmRSS', 'status'):.0f} MB", "40 MB")
    times = sorted(bench.timed("list", "-m", bench.address)[0] for _ in range(50))
    bench.row("`list`", f"{milliseconds(statistics.median(times))} (fastest {milliseconds(times[0])})", "10 ms")
    return server


def life(bench):
    times = []
    for number in range(10):
        job, seconds = bench.submit(bench.ingest(f"submit-{number}", "PROCESS_CONTINUOUSLY"))
        times.append(seconds)
        bench.command("cancel", "-m", bench.address, job)
    bench.row("submit to RUNNING, command included", milliseconds(statistics.median(times)), "150 ms")
    words = "\n".join(f"a-word-of-some-length-{number}" for number in range(300_000)) + "\n"
    listener = socket.create_server(("127.0.0.1", 0))

    def feed():
        while True:
            peer, _ = listener.accept()
            feeding.append(peer)
            try:
                peer.sendall(words.encode())
            except ConnectionError:
                pass  # The job was cancelled.

    feeding = []
    threading.Thread(target=feed, daemon=True).start()
    package = ["-m", bench.address, "-d", "-D", "execution.checkpointing.interval=1 s"]
    program = [bench.wordcount, "--socket", f"127.0.0.1:{listener.getsockname()[1]}", "--output", "discard"]
    job, _ = bench.submit(["run", *package, *program])
    while sum(v["metrics"]["read-records"] for v in bench.get(f"/jobs/{job}")["vertices"]) < 300_000:
        time.sleep(0.05)
    began = time.monotonic()
    said = bench.command("stop", "-m", bench.address, job).stdout
    stopped = time.monotonic() - began
    path = said.split("Path: ")[1].split()[0]
    directory = pathlib.Path(path.removeprefix("file:"))
    size = sum(file.stat().st_size for file in directory.rglob("*") if file.is_file()) / 1e6
    job, resumed = bench.submit(["run", "-s", path, *package, *program])
    bench.command("cancel", "-m", bench.address, job)
    bench.row(f"suspend and resume, 300,000 keys of 30 bytes (about 12 MB of state, {size:.0f} MB of savepoint)",
              f"{milliseconds(stopped)} + {milliseconds(resumed)}", "1 s")


def many(bench, server):
    jobs = [bench.submit(bench.ingest(f"small-{number}", "PROCESS_CONTINUOUSLY"))[0] for number in range(100)]
    time.sleep(2)
    pids = [int(manager["id"].split(":")[1].split("-")[0]) for manager in bench.get("/taskmanagers")["taskmanagers"]]
    assert len(pids) == 100, pids
    memory = sum(bench.state(pid, "Pss", "smaps_rollup") for pid in [server.pid, *pids])
    bench.row("memory of 100 small jobs and the server", f"{memory:.0f} MB", "2,000 MB")
    while len(bench.get("/jobs/overview")["jobs"]) < 500:
        bench.command(*bench.ingest("ended", "PROCESS_ONCE"))
    times = []
    for _ in range(50):
        began = time.monotonic()
        bench.get("/jobs/overview")
        times.append(time.monotonic() - began)
    bench.row("`/jobs/overview` with 500 jobs, 100 of them running",
              f"{milliseconds(statistics.median(times))} (slowest {milliseconds(max(times))})", "20 ms")
    for job in jobs:
        bench.command("cancel", "-m", bench.address, job)


def main():
    binaries, work, results = (pathlib.Path(argument) for argument in sys.argv[1:])
    bench = Bench(binaries, work)
    server = commands(bench)
    try:
        life(bench)
        many(bench, server)
    finally:
        bench.stop(server)
    title = "## 5. Life cycle"
    text = results.read_text().split(title)[0].rstrip()
    table = "\n".join(["| | Millstream | goal | Flink 2.3 |", "|---|---|---|---|", *bench.rows])
    results.write_text(f"{text}\n\n{title}\n\nWritten by `bench/lifecycle`: wall time of whole commands, medians.\n\n{table}\n")


if __name__ == "__main__":
    main()
