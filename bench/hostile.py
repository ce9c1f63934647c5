"""Holds the session server against clients that mean no good, and writes section 6 of bench/RESULTS.md.

Usage: hostile.py BIN WORK RESULTS [SECONDS]   (BIN: the folder of the built programs; WORK: an empty folder; SECONDS: of a row, 60)

Beside each attack a well-behaved client asks for `/overview` over a new connection every 20 ms, from a process of its own, and
notes how long it waits. Rows: nobody beside it (twice, for the spread); 5,000 connections that send a request byte by byte; 1,000
that ask for much and never read; 100,000 malformed requests; all three together. Memory is the server's peak up to the end of a row.
Attackers and the client share the machine with the server: attackers give way (`nice`), as those elsewhere would, and what the
machine itself keeps the client waiting for is in the rows without an attack. Ends with 1 where the bar is missed.
"""

import errno
import multiprocessing
import os
import pathlib
import random
import resource
import selectors
import socket
import subprocess
import sys
import time

import rows

SLOW, DEAF, MALFORMED = 5_000, 1_000, 100_000
BAR_SECONDS, BAR_MEGABYTES = 0.1, 100
TITLE = "## 6. Hostile clients"
SEED = 20261128


def connect(port):
    """A connection that does not block; None: there is no place for it just now."""
    stream = socket.socket()
    stream.setblocking(False)
    if stream.connect_ex(("127.0.0.1", port)) in (0, errno.EINPROGRESS):
        return stream
    stream.close()
    return None


def behave(port, stop, answers):
    """The well-behaved client: answers the seconds of every request, and how many were not answered."""
    request = b"GET /overview HTTP/1.1\r\nhost: localhost\r\nuser-agent: bench\r\nconnection: close\r\n\r\n"
    times, failed = [], 0
    while not stop.is_set():
        began = time.monotonic()
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=10) as stream:
                stream.sendall(request)
                answer = b""
                while piece := stream.recv(65536):
                    answer += piece
            if answer.startswith(b"HTTP/1.1 200 "):
                times.append(time.monotonic() - began)
            else:
                failed += 1
        except OSError:
            failed += 1
        time.sleep(0.02)
    answers.put((times, failed))


def attacker(attack, *arguments):
    os.nice(10)
    attack(*arguments)


def slow(port, stop):
    """Keeps connections open that never get to the end of a request: a byte each, all of them once in ten seconds."""
    head = b"GET /jobs/overview HTTP/1.1\r\nhost: localhost\r\nx-header: " + b"a" * 1_000
    open_ = [(None, 0)] * SLOW
    while not stop.is_set():
        for place in range(SLOW):
            stream, sent = open_[place]
            stream = stream or connect(port)
            try:
                if stream:
                    sent += stream.send(head[sent:sent + 1])
            except BlockingIOError:
                pass
            except OSError:
                stream.close()
                stream, sent = None, 0
            open_[place] = (stream, sent)
            if place % 50 == 49:
                time.sleep(10 / SLOW * 50)
            if stop.is_set():
                return


def deaf(port, stop):
    """Asks for the largest answer there is, again and again, over connections that it does not read."""
    requests = b"GET /openapi.json HTTP/1.1\r\nhost: localhost\r\nuser-agent: bench\r\n\r\n" * 100
    streams = [None] * DEAF
    while not stop.is_set():
        for place, stream in enumerate(streams):
            if stream is None:
                streams[place] = connect(port)
                continue
            try:
                stream.send(requests)
            except BlockingIOError:
                pass
            except OSError:
                stream.close()
                streams[place] = None
        time.sleep(0.5)


def malformed(port, stop, sent):
    """Sends requests that are none, as fast as they are answered or hung up on: a new connection each, 50 at a time."""
    draws = random.Random(SEED)
    kinds = [
        lambda: bytes(draws.randrange(256) for _ in range(draws.randrange(1, 400))) + b"\r\n\r\n",
        lambda: b"GET /%s HTTP/1.1\r\nhost: x\r\n\r\n" % (b"%" * draws.randrange(1, 200)),
        lambda: b"POST /jars/ingest/run HTTP/1.1\r\nhost: localhost\r\ncontent-length: 20\r\n\r\n{\"programArgs\": [[[[",
        lambda: b"POST /jobs HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nZZZ\r\n",
        lambda: b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 150 + b"\r\n",
        lambda: b"GET / HTTP/1.1\r\nx: " + b"y" * 70_000 + b"\r\n\r\n",
        lambda: b"GET /jobs/" + b"../" * 50 + b" HTTP/1.1\r\nhost: localhost\r\n\r\n",
        lambda: b"PATCH /jobs/0 HTTP/9.9\r\n\r\n",
        lambda: b"POST /jars/upload HTTP/1.1\r\nhost: localhost\r\ncontent-type: multipart/form-data\r\ncontent-length: 4\r\n\r\nnope",
        lambda: b"GET /jobs HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n",
    ]
    selector = selectors.DefaultSelector()
    begun = 0
    while (begun < MALFORMED or selector.get_map()) and not stop.is_set():
        while begun < MALFORMED and len(selector.get_map()) < 50:
            stream = connect(port)
            if stream is None:
                break
            selector.register(stream, selectors.EVENT_WRITE, [kinds[begun % len(kinds)](), time.monotonic()])
            begun += 1
        for key, _ in selector.select(0.1):
            stream, (rest, since) = key.fileobj, key.data
            try:
                if rest:
                    rest = rest[stream.send(rest):]
                    if not rest:
                        stream.shutdown(socket.SHUT_WR)
                    selector.modify(stream, selectors.EVENT_READ if not rest else selectors.EVENT_WRITE, [rest, since])
                    continue
                if stream.recv(65536):
                    continue
            except BlockingIOError:
                continue
            except OSError:
                pass
            selector.unregister(stream)
            stream.close()
            sent.value += 1


def peak(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("status has no VmHWM")


class Bench:
    def __init__(self, binaries, work, seconds):
        self.seconds = seconds
        self.work = work
        self.millstream = str(binaries / "millstream")
        self.rows = []
        self.missed = []

    def start(self):
        log = open(self.work / "server.log", "ab")
        server = subprocess.Popen([self.millstream, "server", "-D", "rest.port=0", "-D", f"millstream.data-dir={self.work / 'data'}"],
                                  stdout=subprocess.PIPE, stderr=log, text=True)
        line = server.stdout.readline()
        return server, int(line.split(" listens at ")[1].split()[0].rsplit(":", 1)[1])

    def row(self, what, *attacks):
        """Runs the attacks beside the well-behaved client, with a server of their own."""
        server, port = self.start()
        stop, answers, sent = multiprocessing.Event(), multiprocessing.Queue(), multiprocessing.Value("i")
        begun = [multiprocessing.Process(target=attacker, args=(attack, port, stop, *([sent] if attack is malformed else [])))
                 for attack in attacks]
        for process in begun:
            process.start()
        # The attack stands before it is measured.
        time.sleep(12 if slow in attacks else 1 if attacks else 0)
        client = multiprocessing.Process(target=behave, args=(port, stop, answers))
        client.start()
        began = time.monotonic()
        while time.monotonic() - began < self.seconds or malformed in attacks and sent.value < MALFORMED:
            time.sleep(0.1)
            if server.poll() is not None or time.monotonic() - began > 20 * self.seconds:
                self.missed.append(f"{what}: the server ended, or the attack does not")
                break
        open_ = len(list(pathlib.Path(f"/proc/{server.pid}/fd").iterdir()))
        memory = peak(server.pid)
        stop.set()
        times, failed = answers.get()
        for process in [client, *begun]:
            process.join()
        server.terminate()
        server.wait()
        times.sort()
        at = lambda share: times[min(len(times) - 1, int(len(times) * share))] * 1e3
        print(f"{what}: {len(times)} answers, {failed} none; {at(0.5):.1f}, {at(0.99):.1f}, {at(1):.1f} ms; {memory:.0f} MB; "
              f"{open_} files open; {sent.value} malformed", flush=True)
        if attacks and (failed or times[-1] > BAR_SECONDS or memory > BAR_MEGABYTES):
            self.missed.append(what)
        self.rows.append(f"| {what} | {len(times):,} of {len(times) + failed:,} | {at(0.5):.1f} ms | {at(0.99):.1f} ms | {at(1):.1f} ms | {memory:.0f} MB |")


def main():
    binaries, work, results = (pathlib.Path(argument) for argument in sys.argv[1:4])
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    load = os.getloadavg()[0]
    bench = Bench(binaries, work, float(sys.argv[4]) if len(sys.argv) > 4 else 60)
    bench.row("nobody")
    bench.row("nobody, again")
    bench.row(f"{SLOW:,} connections that send a byte every 10 s", slow)
    bench.row(f"{DEAF:,} connections that ask for the largest answer 100 times and more, and never read", deaf)
    bench.row(f"{MALFORMED:,} malformed requests", malformed)
    bench.row("all of them together", slow, deaf, malformed)
    table = "\n".join(["| beside it | answered | median | 99th percentile | slowest | peak memory |", "|---|---|---|---|---|---|", *bench.rows])
    rows.write_section(
        TITLE, f"Written by `bench/hostile`: what a well-behaved client waits for `/overview` over a new connection, and the server's peak memory, at "
        f"least {bench.seconds:.0f} s a row. Goal: answered within 100 ms throughout, memory under 100 MB. Other programs kept {load:.1f} tasks of the "
        f"machine's {os.cpu_count()} cores running when this began.\n\n{table}", results)
    if bench.missed:
        raise SystemExit(f"over the goal: {', '.join(bench.missed)}")


if __name__ == "__main__":
    main()
