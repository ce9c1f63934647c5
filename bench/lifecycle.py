"""Measures the session server and its command line, and writes section 5 of bench/RESULTS.md.

Usage: lifecycle.py BIN WORK RESULTS   (BIN: the folder of the built programs; WORK: an empty folder)

Numbers are wall time of whole commands, from outside: what a person waits for. Ends with 1 where a goal is missed.
"""

import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time

import rows

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
        self.missed = []
        # What runs the server: words before its command.
        self.before = []
        (work / "empty").mkdir()

    def row(self, what, value, goal, is_met):
        print(f"{what}: {value} (goal {goal}{'' if is_met else ', MISSED'})", file=sys.stderr, flush=True)
        if not is_met:
            self.missed.append(what)
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
            [*self.before, self.millstream, "server", "-D", f"rest.port={self.port}", "-D", f"millstream.data-dir={data}",
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
        """Answers the job's id and the seconds from the start of the command until every task of the job is RUNNING."""
        began = time.monotonic()
        said = self.command(*arguments).stdout
        job = said.strip().rsplit(" ", 1)[-1]
        while not self.runs(job):
            time.sleep(0.001)
        return job, time.monotonic() - began

    def runs(self, job):
        shown = self.get(f"/jobs/{job}")
        tasks = [(v["tasks"]["RUNNING"] + v["tasks"]["FINISHED"], v["parallelism"]) for v in shown["vertices"]]
        return shown["state"] == "FINISHED" or bool(tasks) and all(running == all_ for running, all_ in tasks)

    def state(self, pid, field, file):
        for line in pathlib.Path(f"/proc/{pid}/{file}").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
        raise SystemExit(f"{file} has no {field}")


def commands(bench):
    away = [bench.timed("list", "-m", bench.address, check=False) for _ in range(5)]
    assert all(done.returncode == 1 for _, done in away)
    seconds = statistics.median(s for s, _ in away)
    bench.row("`list` where no server is", milliseconds(seconds), "1 s", seconds <= 1)
    cold = []
    for _ in range(5):
        server, seconds = bench.start()
        cold.append(seconds)
        bench.stop(server)
    seconds = statistics.median(cold)
    bench.row("server ready from cold", milliseconds(seconds), "200 ms", seconds <= 0.2)
    server, _ = bench.start()
    time.sleep(1)
    memory = bench.state(server.pid, "VmRSS", "status")
    bench.row("memory of the idle server", f"{memory:.0f} MB", "40 MB", memory <= 40)
    times = sorted(bench.timed("list", "-m", bench.address)[0] for _ in range(50))
    seconds = statistics.median(times)
    bench.row("`list`", f"{milliseconds(seconds)} (fastest {milliseconds(times[0])})", "10 ms", seconds <= 0.01)
    return server


def life(bench):
    times = []
    for number in range(10):
        job, seconds = bench.submit(bench.ingest(f"submit-{number}", "PROCESS_CONTINUOUSLY"))
        times.append(seconds)
        bench.command("cancel", "-m", bench.address, job)
    seconds = statistics.median(times)
    bench.row("submit to RUNNING, command included", milliseconds(seconds), "150 ms", seconds <= 0.15)
    small(bench)
    # Random, so that the savepoint is about as large as the state: 26 letters and a count for each key.
    letters = random.Random(7)
    words = "\n".join("".join(letters.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=26)) for _ in range(300_000)) + "\n"
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
    bench.row(f"suspend and resume, 300,000 random keys of 26 bytes (10 MB of state, {size:.0f} MB of savepoint)",
              f"{milliseconds(stopped)} + {milliseconds(resumed)}", "1 s", stopped + resumed <= 1)


def small(bench):
    """A job with a source of files and a sink of files, of which nothing waits: what is left is the life cycle."""
    stops, resumes = rounds(bench, 20)
    stop, resume = statistics.median(stops), statistics.median(resumes)
    bench.row("suspend and resume a small job, of 20 rounds", f"{milliseconds(stop)} (slowest {milliseconds(max(stops))}) + "
              f"{milliseconds(resume)} (slowest {milliseconds(max(resumes))})", "60 ms + 30 ms", stop <= 0.06 and resume <= 0.03)
    syncs(bench)


def rounds(bench, count, *options):
    """Answers the seconds of each stop of the small job, and of each resumption."""
    (bench.work / "empty" / "a.csv").write_text("id,name\n1,Ann\n")
    run, *ingest = bench.ingest("small", "PROCESS_CONTINUOUSLY")
    arguments = [run, *options, *ingest, "--source.firstLine.schema", "true", "--source.file.settle", "0"]
    stops, resumes = [], []
    job, _ = bench.submit(arguments)
    for _ in range(count):
        began = time.monotonic()
        said = bench.command("stop", "-m", bench.address, job).stdout
        stops.append(time.monotonic() - began)
        path = said.split("Path: ")[1].split()[0]
        job, resumed = bench.submit([arguments[0], "-s", path, *arguments[1:]])
        resumes.append(resumed)
    bench.command("cancel", "-m", bench.address, job)
    (bench.work / "empty" / "a.csv").unlink()
    return stops, resumes


def syncs(bench):
    """Prints how often files are synced for a suspension and a resumption of the small job, of server and jobs together."""
    what = "syncs of a suspension and a resumption of a small job"
    if shutil.which("strace") is None:
        print(f"{what}: not counted, strace is not there", file=sys.stderr, flush=True)
        return
    # What a server and a job need beside them is the same in both.
    without, once = (traced(bench, count) for count in (0, 1))
    print(f"{what}: {once - without}", file=sys.stderr, flush=True)


def traced(bench, count):
    """Answers the syncs of a server of its own and its job, from the start to the end, which is suspended so many times."""
    work = bench.work / f"traced-{count}"
    work.mkdir()
    own = Bench(pathlib.Path(bench.millstream).parent, work)
    counts = work / "strace"
    own.before = ["strace", "-f", "-c", "-e", "trace=fsync,fdatasync", "-o", str(counts)]
    server, _ = own.start()
    try:
        # None by itself, as one takes longer here.
        rounds(own, count, "-D", "execution.checkpointing.interval=1 h")
    finally:
        own.command("server", "stop", "-D", f"millstream.data-dir={work / 'data'}")
        # It ends behind all that it traces.
        server.wait()
    # Share, seconds, microseconds a call, calls, errors if there are, and the name.
    lines = (line.split() for line in counts.read_text().splitlines())
    return sum(int(words[3]) for words in lines if words and words[-1] in ("fsync", "fdatasync"))


def many(bench, server):
    jobs = [bench.submit(bench.ingest(f"small-{number}", "PROCESS_CONTINUOUSLY"))[0] for number in range(100)]
    time.sleep(2)
    pids = [int(manager["id"].split(":")[1].split("-")[0]) for manager in bench.get("/taskmanagers")["taskmanagers"]]
    assert len(pids) == 100, pids
    memory = sum(bench.state(pid, "Pss", "smaps_rollup") for pid in [server.pid, *pids])
    bench.row("memory of 100 small jobs and the server", f"{memory:.0f} MB", "2,000 MB", memory <= 2_000)
    while len(bench.get("/jobs/overview")["jobs"]) < 500:
        bench.command(*bench.ingest("ended", "PROCESS_ONCE"))
    times = []
    for _ in range(50):
        began = time.monotonic()
        bench.get("/jobs/overview")
        times.append(time.monotonic() - began)
    seconds = statistics.median(times)
    bench.row("`/jobs/overview` with 500 jobs, 100 of them running",
              f"{milliseconds(seconds)} (slowest {milliseconds(max(times))})", "20 ms", seconds <= 0.02)
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
    table = "\n".join(["| | Millstream | goal | Flink 2.3 |", "|---|---|---|---|", *bench.rows])
    rows.write_section("## 5. Life cycle", f"Written by `bench/lifecycle`: wall time of whole commands, medians.\n\n{table}", results)
    if bench.missed:
        raise SystemExit(f"over the goal: {', '.join(bench.missed)}")


if __name__ == "__main__":
    main()
