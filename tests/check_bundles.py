"""Bundles that are wrong in thousands of ways, with right checksums: none may end in more than one line.

    python tests/check_bundles.py saved_models/dna/splice saved_models/sentiment/sentences --number 2000

Each file of each bundle is altered so many times, by a seed: values of its JSON, bytes, its length, what
is inside of a network's archive. Each time the bundle is loaded, asked, and shown in a table of results.
Reported are tracebacks, crashes, answers that take more than 20 seconds of a processor and processes of
more than 4 GiB. It is no test of pytest's, because it takes hours; `tests/test_bundle_boundary.py` tries
a few of them.
"""

import argparse
import hashlib
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import zipfile
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any

SECONDS, GIBIBYTES = 20, 4  # of a processor and of memory, that an answer may take
WAITING = 10 * SECONDS  # by the clock: other processes have their share, and one that waits uses none
TOGETHER = 250  # alterations that a process tries

VALUES = [
    *(None, True, False, -1, 0, 1, 7, 10**4, 10**6, 10**9, 2**31, 2**63, 10**30, -(10**9)),
    *(0.5, 1e-30, 1e30, float("nan"), float("inf"), "", "x", "../x", "/dev/zero", "\x1b[2J", "é\u2028"),
    *("x" * 10_000, [], {}, [[]], [None], [1] * 1000, {"": {}}, {"class_name": "Lambda"}),
]


def altered(name: str, content: bytes, draw: random.Random) -> bytes:
    """The content of a file of a bundle with something wrong in it."""
    if name.endswith(".keras") and draw.random() < 0.85:
        return _altered_archive(content, draw)
    if name.endswith(".json") and draw.random() < 0.8:
        return _altered_json(content, draw)
    return _altered_bytes(content, draw)


def _altered_archive(content: bytes, draw: random.Random) -> bytes:
    """Another archive with right checks, of which one entry is altered."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    chosen = draw.choices(list(entries), [1 if name == "metadata.json" else 10 for name in entries])[0]
    entries[chosen] = altered(chosen, entries[chosen], draw)
    packed = io.BytesIO()
    with zipfile.ZipFile(
        packed, "w", draw.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    ) as archive:
        for name, entry in entries.items():
            archive.writestr(name, entry)
    return packed.getvalue()


def _altered_json(content: bytes, draw: random.Random) -> bytes:
    value = json.loads(content)
    try:
        for _ in range(draw.choice([1, 1, 1, 2, 5])):
            _alter_value(value, draw)
        return json.dumps(value).encode()
    except RecursionError:  # nested deeper than Python writes
        return b"[" * 5000 + b"]" * 5000


def _alter_value(value: Any, draw: random.Random) -> None:
    places = list(_places(value))
    if not places:
        return
    holder, key = draw.choice(places)
    how = draw.randrange(6)
    if how == 0:
        del holder[key]
    elif how == 1 and isinstance(holder, dict):
        holder[f"{key}{draw.choice(['_x', '.y', ' '])}"] = holder.pop(key)
    elif how == 2 and isinstance(holder[key], (int, float)) and not isinstance(holder[key], bool):
        holder[key] = draw.choice([-holder[key], 2 * holder[key], holder[key] + 1, holder[key] * 1000])
    elif how == 3:
        other, place = draw.choice(places)
        holder[key] = json.loads(json.dumps(other[place]))
    elif how == 4:
        for _ in range(draw.choice([3, 900, 5000])):
            holder[key] = [holder[key]]
    else:
        holder[key] = draw.choice(VALUES)


def _places(value: Any):
    """Where a value of a JSON document can be replaced."""
    waiting = [value]
    while waiting:
        holder = waiting.pop()
        for key in holder if isinstance(holder, dict) else range(len(holder)):
            yield holder, key
            if isinstance(holder[key], (dict, list)):
                waiting.append(holder[key])


def _altered_bytes(content: bytes, draw: random.Random) -> bytes:
    if not content:
        return b"x"
    changed = bytearray(content)
    start = draw.randrange(min(len(changed), draw.choice([64, 4096, len(changed)])))
    end = min(len(changed), start + draw.choice([1, 1, 4, 64, 10_000]))
    how = draw.randrange(5)
    if how == 0:
        del changed[start:]
    elif how == 1:
        del changed[start:end]
    elif how == 2:
        changed[start:start] = changed[start:end]
    elif how == 3:
        changed[start] ^= 1 << draw.randrange(8)
    else:
        changed[start:end] = draw.randbytes(end - start)
    return bytes(changed)


def alter(bundle: Path, name: str, folder: Path, number: int) -> None:
    """Make `folder` the bundle with one file altered, and its checksums right again."""
    if not folder.exists():
        shutil.copytree(bundle, folder)
    draw = random.Random(f"{name} {number}")
    for file in bundle.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / name).write_bytes(altered(name, (bundle / name).read_bytes(), draw))
    if name != "SHA256SUMS":
        files = sorted(file for file in folder.iterdir() if file.name != "SHA256SUMS")
        lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
        (folder / "SHA256SUMS").write_text("".join(lines))


def problem(folder: Path, application: str, name: str) -> str | None:
    """What is wrong with the answer to a bundle whose file `name` is altered, or None."""
    from rnnapps import bundle
    from rnnapps.errors import UserError
    from rnnapps.evaluation.results import results_table

    for use in (
        lambda: _ask(folder, application, name),
        lambda: results_table(
            application, [folder], import_module(f"rnnapps.{application}.evaluate").COLUMNS
        ),
        lambda: bundle.find(folder.name),
    ):
        try:
            use()
        except UserError as error:
            if len(str(error)) > 1000 or "\n" in str(error):
                return f"{len(str(error))} characters: {str(error)[:100]!r}"
        except BaseException as error:
            place = traceback.extract_tb(error.__traceback__)
            ours = [frame for frame in place if "rnnapps" in frame.filename]
            where = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else ""
            return f"{type(error).__name__} in {where}: {str(error)[:200]!r}"
    return None


def _ask(folder: Path, application: str, name: str) -> None:
    """As `rnnapps predict` does; a file that no predictor reads changes no answer."""
    import numpy as np
    import pandas

    import rnnapps
    from rnnapps import bundle, datasets

    weather = pandas.read_csv(datasets.path("series/weather.csv.xz"))
    asked = {
        "sentiment": "A fine film.",
        "translation": "I am here.",
        "captioning": np.full((64, 64, 3), 200, "uint8"),
        "keywords": np.sin(np.arange(4000)).astype("float32"),
        "dna": "ACGTACGTACGTACGTACGT",
        "language_model": "We the people",
        "chat": "Hi, how are you?",
        "forecasting": weather[weather["station"] == "JFK"][:400],
    }
    predictor = rnnapps.load(folder)
    if not name.endswith((".keras", "config.json", "tokenizer.json")):
        return
    with bundle.applying(folder):
        answer = predictor(asked[application])
    json.dumps(answer.to_dict())
    answer.describe(0)


def work(bundle: Path, name: str, start: int, stop: int) -> None:
    """Try alterations, and print a line of JSON before and after each."""
    from rnnapps import bundle as bundles

    load, loaded = bundles.load_model, {}

    def load_once(path, file=bundles.MODEL):
        """One that is not altered is the same each time."""
        if file == name:
            return load(path, file)
        if file not in loaded:
            loaded[file] = load(path, file)
        return loaded[file]

    bundles.load_model = load_once
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    application = json.loads((bundle / "config.json").read_text())["application"]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "bundle"
        problem(bundle, application, name)  # imports and compiles
        for number in range(start, stop):
            alter(bundle, name, place, number)
            print(json.dumps({"start": number}), file=out, flush=True)
            print(
                json.dumps({"end": number, "problem": problem(place, application, name)}),
                file=out,
                flush=True,
            )


def watch(bundle: Path, name: str, number: int) -> Counter:
    """Try so many alterations of a file in processes of their own, and count the problems."""
    found: Counter = Counter()
    done = 0
    while done < number:
        stop = min(number, done + TOGETHER)
        command = [sys.executable, __file__, "--work", str(bundle), name, str(done), str(stop)]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
        )
        began: list[float] = []
        guard = threading.Thread(target=_guard, args=(process, began), daemon=True)
        guard.start()
        for line in process.stdout:
            told = json.loads(line)
            if "start" in told:
                done, began[:] = told["start"] + 1, [time.monotonic()]
            else:
                began.clear()
                if told["problem"]:
                    found[told["problem"]] += 1
                    print(f"  {name} {told['end']}: {told['problem']}", flush=True)
        if process.wait() and began:
            print(f"  {name} {done - 1}: ended with {process.returncode}", flush=True)
            found[f"ended with {process.returncode}"] += 1
        elif process.returncode:
            raise SystemExit(f"{name}: the process ended with {process.returncode} between alterations")
    return found


def _guard(process: subprocess.Popen, began: list[float]) -> None:
    """Kill a process that takes too long or too much."""
    started, used = None, 0.0
    while process.poll() is None:
        time.sleep(0.2)
        try:
            status = Path(f"/proc/{process.pid}/status").read_text()
            times = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
            memory = next(
                int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")
            )
        except (OSError, StopIteration):
            continue
        seconds = sum(map(int, times)) / os.sysconf("SC_CLK_TCK")
        if began[:1] != [started]:
            started, used = (*began[:1], None)[0], seconds
        late = started is not None and (seconds - used > SECONDS or time.monotonic() - started > WAITING)
        if late or memory > GIBIBYTES * 2**20:
            print(f"  {'late' if late else 'memory'}:", end="", flush=True)
            os.killpg(process.pid, signal.SIGKILL)


def main() -> None:
    """Exit with 1 where something is wrong."""
    if sys.argv[1:2] == ["--work"]:
        _, _, bundle, name, start, stop = sys.argv
        work(Path(bundle), name, int(start), int(stop))
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundles", nargs="+", type=Path)
    parser.add_argument("--number", type=int, default=2000, help="alterations of each file")
    parser.add_argument("--files", nargs="*", help="their names (default: all)")
    options = parser.parse_args()
    total = 0
    for bundle in options.bundles:
        for name in sorted(options.files or (file.name for file in bundle.iterdir())):
            began = time.monotonic()
            found = watch(bundle.resolve(), name, options.number)
            total += found.total()
            seconds = time.monotonic() - began
            print(f"{bundle}/{name}: {options.number}, {found.total()} problems, {seconds:.0f} s")
    raise SystemExit(bool(total))


if __name__ == "__main__":
    main()
